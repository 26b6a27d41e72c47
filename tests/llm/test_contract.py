"""What every model promises, wherever it runs: the same tests for the local and the remote one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui import settings
from docstra_tui.engine.client import lifecycle
from docstra_tui.errors import ContextOverflow, DocstraError, TemplateError
from docstra_tui.llm.answer import AnswerStream
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.prompt import Turn
from docstra_tui.llm.remote import RemoteLLM
from tests.conftest import stop_engines
from tests.tiny_models import make_tiny, make_tiny_gguf

WAYS = ("llama", "qwen2", "gemma3", "gguf", "remote")
CODE = "def add(a, b):\n    return a + b\n"


@pytest.fixture(scope="module", params=WAYS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseLLM]:
    """A small model behind each of the ways."""
    base = tmp_path_factory.mktemp(f"contract-{request.param}")
    with pytest.MonkeyPatch.context() as patch:
        for place in ("RUNTIME", "STATE", "CONFIG", "CACHE"):
            patch.setenv(f"DOCSTRA_{place}_DIR", str(base / place.lower()[:3]))
        if request.param == "remote":
            folder = make_tiny(base / "model")
            chosen = settings.load({"model.name": str(folder), "model.device": "cpu"})
            engine = lifecycle.connect(chosen)
            engine.attach()
            llm: BaseLLM = RemoteLLM(socket=engine.socket, max_tokens=24, temperature=0.0)
            try:
                str(llm.stream("are you there?"))  # before the model is there, counts are guesses
                yield llm
            finally:
                llm.close()
                engine.detach()
                engine.stop()
                stop_engines(base)
            return
        if request.param == "gguf":
            path = make_tiny_gguf(base / "tiny.gguf")
        else:
            path = make_tiny(base / "model", request.param)
        local = LocalLLM(str(path), max_tokens=24, temperature=0.0, device="cpu")
        yield local
        local.close()


def test_every_task_answers_whole_and_streamed_alike(model: BaseLLM) -> None:
    calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
        (model.generate, ("say something",), {}),
        (model.document_code, (CODE, "python"), {}),
        (model.explain_code, (CODE, "python", {"used by": "the tests"}), {}),
        (model.answer_question, ("what does it add?", [{"path": "add.py", "content": CODE}]), {}),
        (model.generate_examples, ("adding numbers", "python"), {}),
        (model.custom_request, ("explain_code",), {"code": CODE, "language": "c", "additional_context": ""}),
    ]
    for verb, arguments, named in calls:
        whole = verb(*arguments, **named)
        stream = verb(*arguments, stream=True, **named)

        assert isinstance(whole, str)
        assert isinstance(stream, AnswerStream)
        assert "".join(stream) == whole
        assert stream.finish_reason in ("stop", "length")
        assert f"{verb(*arguments, stream=True, **named)}" == whole


def test_figures_are_filled_in_at_the_end(model: BaseLLM) -> None:
    stream = model.stream("count", max_tokens=10)
    assert stream.finish_reason is None

    text = str(stream)

    assert text
    assert stream.usage.prompt_tokens == model.count_tokens("count")
    assert stream.usage.completion_tokens is not None and 0 < stream.usage.completion_tokens <= 10
    assert stream.ttft_s is not None and stream.ttft_s > 0


def test_counting_is_exact_and_a_file_costs_what_it_adds(model: BaseLLM) -> None:
    builder = model.prompt_builder
    without = model.count_tokens(builder.messages("answer_question", (), question="why?"))
    with_file = model.count_tokens(
        builder.messages("answer_question", [{"path": "a.py", "content": CODE}], question="why?")
    )

    assert model.counts_exactly
    assert with_file > without > 0
    assert model.window == 2048


def test_the_history_is_part_of_the_question(model: BaseLLM) -> None:
    turn = Turn.of("what is it?", "a function", [{"path": "a.py", "content": CODE}])

    alone = model.answer_question("and now?", (), stream=True)
    later = model.answer_question("and now?", (), stream=True, history=[turn])
    str(alone), str(later)

    assert isinstance(later, AnswerStream) and isinstance(alone, AnswerStream)
    assert (later.usage.prompt_tokens or 0) > (alone.usage.prompt_tokens or 0)


def test_a_prompt_that_does_not_fit_is_refused_with_the_numbers(model: BaseLLM) -> None:
    with pytest.raises(ContextOverflow) as refused:
        str(model.stream("word " * 3000))

    assert refused.value.prompt_tokens > refused.value.limit - refused.value.reserve
    assert refused.value.limit == 2048
    assert str(model.stream("short", max_tokens=4))


def test_an_unknown_template_and_a_missing_value_are_named(model: BaseLLM) -> None:
    with pytest.raises(TemplateError, match="no template 'nope'"):
        model.custom_request("nope")
    model.add_template("review", "Review this for {focus}:\n{code}")
    with pytest.raises(TemplateError, match="focus"):
        model.custom_request("review", code=CODE)

    assert isinstance(model.custom_request("review", code=CODE, focus="errors"), str)


def test_a_stream_can_be_stopped_and_the_next_one_works(model: BaseLLM) -> None:
    with model.stream("for ever and ever", max_tokens=1000) as stream:
        next(stream)
    assert stream.finish_reason == "cancelled"

    stream = model.stream("for ever and ever", max_tokens=1000)
    part = next(stream)
    stream.cancel()
    for piece in stream:
        part += piece
    assert stream.finish_reason == "cancelled"
    assert stream.text == part

    assert str(model.stream("again", max_tokens=4))


def test_text_from_a_file_that_is_no_text_reaches_the_model(model: BaseLLM) -> None:
    """A lone surrogate, from a file name that is not UTF-8, cannot be sent as it is."""
    stream = model.answer_question("?", [{"path": "bad\udcff.py", "content": "x\udc80"}], stream=True)

    assert isinstance(str(stream), str)


@pytest.mark.parametrize("bad", [-0.1, -5])
def test_a_temperature_below_zero_is_refused(model: BaseLLM, bad: float) -> None:
    with pytest.raises((ValueError, DocstraError), match="temperature"):
        str(model.stream("x", temperature=bad))


def test_a_folder_and_the_gguf_made_from_it_say_the_same(tmp_path: Path) -> None:
    folder = LocalLLM(str(make_tiny(tmp_path / "m")), temperature=0.0, device="cpu", max_tokens=16)
    gguf = LocalLLM(str(make_tiny_gguf(tmp_path / "m.gguf")), temperature=0.0, device="cpu", max_tokens=16)

    assert folder.generate("hello there") == gguf.generate("hello there")
    folder.close()
    gguf.close()
