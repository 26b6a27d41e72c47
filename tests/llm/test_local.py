"""A model in this process: what it answers, how it stops, and what it does when it breaks."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from docstra_tui.errors import ContextOverflow, EngineDied, GenerationFailed, ModelClosed, NotEnoughMemory
from docstra_tui.llm.answer import Finished, Reading
from docstra_tui.llm.inference.prefill import decoder_layers
from docstra_tui.llm.local import LocalLLM
from tests.tiny_models import make_tiny


def plain_generate(llm: LocalLLM, question: str, tokens: int) -> str:
    """What transformers' own generate says, the plainest way."""
    ids = llm.tokenizer.apply_chat_template(
        [{"role": "user", "content": question}],
        add_generation_prompt=True,
        return_dict=False,
    )
    out = llm.model.generate(torch.tensor([ids]), max_new_tokens=tokens, do_sample=False)
    return llm.tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True)


def test_the_streamed_pieces_are_the_answer(llm: LocalLLM) -> None:
    expected = plain_generate(llm, "what is this?", 40)

    stream = llm.generate("what is this?", stream=True)
    pieces = list(stream)

    assert len(pieces) > 5
    assert "".join(pieces) == expected == llm.generate("what is this?")
    assert stream.finish_reason in ("stop", "length")
    assert stream.usage.prompt_tokens == llm.count_tokens("what is this?")
    assert stream.usage.completion_tokens is not None
    assert stream.ttft_s is not None and stream.ttft_s > 0


def test_an_answer_as_long_as_allowed_ends_with_length(llm: LocalLLM) -> None:
    stream = llm.stream("go on", max_tokens=3)

    list(stream)

    assert stream.finish_reason == "length"
    assert stream.usage.completion_tokens == 3


def test_temperature_zero_repeats_itself_and_below_zero_is_an_error(llm: LocalLLM) -> None:
    assert str(llm.stream("x", temperature=0.0)) == str(llm.stream("x", temperature=0.0))
    with pytest.raises(ValueError, match="temperature"):
        llm.stream("x", temperature=-0.1)
    with pytest.raises(ValueError, match="temperature"):
        LocalLLM("starter", temperature=-1)


def test_a_stop_keyword_ends_the_answer_and_is_not_shown(llm: LocalLLM) -> None:
    whole = llm.generate("tell me")
    keyword = whole[8:12]
    llm.stopping_keywords.append(keyword)

    stream = llm.stream("tell me")
    text = str(stream)

    assert text == whole[: whole.find(keyword)]
    assert stream.finish_reason == "stop"
    assert (stream.usage.completion_tokens or 0) < 40


def test_end_marks_of_other_models_are_ordinary_text(llm: LocalLLM) -> None:
    """`</s>` closes a tag in HTML; this model ends with its own `<|im_end|>`."""
    assert "<|im_end|>" in llm.stopping_keywords and "</s>" in llm.stopping_keywords
    assert llm._generator.recipe.texts(llm.stopping_keywords) == ()
    end = llm.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert end in llm._generator.recipe.stop_ids(llm.stopping_keywords)


def test_an_end_mark_spelt_as_text_ends_an_answer_only_where_the_template_writes_it(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model whose own end is none of the common marks may still write about `</s>`."""
    monkeypatch.setattr(llm._generator.recipe, "_special", {})
    monkeypatch.setattr(llm._generator.recipe, "_template", "<end_of_turn>")
    assert llm._generator.recipe.texts(llm.stopping_keywords) == ()
    monkeypatch.setattr(llm._generator.recipe, "_template", "{{ message }}<|im_end|>")
    assert llm._generator.recipe.texts(llm.stopping_keywords) == ("<|im_end|>",)


def layers_run_after(llm: LocalLLM, event: threading.Event) -> list[int]:
    """Counts decoder layers that begin after `event` is set."""
    ran: list[int] = []
    for index, layer in enumerate(decoder_layers(llm.model)):
        layer.register_forward_hook(lambda *_, i=index: ran.append(i) if event.is_set() else None)
    return ran


def test_a_cancel_in_a_long_prefill_runs_at_most_the_layer_it_met(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    folder = make_tiny(tmp_path / "deep", layers=24, window=8192)
    llm = LocalLLM(str(folder), temperature=0.0, device="cpu")
    try:
        started, cancelled = threading.Event(), threading.Event()
        decoder_layers(llm.model)[3].register_forward_hook(lambda *_: started.set())
        ran = layers_run_after(llm, cancelled)
        events: list[Any] = []
        ended = threading.Event()

        def sink(event: Any) -> None:
            events.append(event)
            if not isinstance(event, Reading):
                ended.set()

        job = llm.submit("word " * 2000, sink)
        assert started.wait(60)
        cancelled.set()
        job.cancel()
        assert ended.wait(60)

        assert [event.reason for event in events if not isinstance(event, Reading)] == ["cancelled"]
        assert len(ran) <= 1
        fresh = plain_generate(llm, "after that", 10)
        assert str(llm.stream("after that", max_tokens=10)) == fresh
    finally:
        llm.close()


def test_a_cancel_while_writing_keeps_the_part_and_ends_within_a_token(llm: LocalLLM) -> None:
    llm.max_tokens = 1000
    stream = llm.generate("count for ever", stream=True)
    part = next(stream)
    stream.cancel()

    rest = list(stream)

    assert stream.finish_reason == "cancelled"
    assert stream.text == part + "".join(rest)
    assert (stream.usage.completion_tokens or 0) < 1000


def test_leaving_the_with_block_and_dropping_the_stream_cancel_it(llm: LocalLLM) -> None:
    llm.max_tokens = 1500
    with llm.generate("one", stream=True) as stream:
        next(stream)
    assert stream.finish_reason == "cancelled"

    dropped = llm.generate("two", stream=True)
    next(dropped)
    del dropped
    gc.collect()

    assert llm.stream("three", max_tokens=2).__next__()  # its turn comes: the others are gone
    assert llm.queue_length == 0


def test_a_cancel_in_the_queue_is_not_lost(llm: LocalLLM) -> None:
    first = llm.stream("one", max_tokens=30)
    second = llm.stream("two", max_tokens=1000)
    second.cancel()

    list(first)
    list(second)

    assert second.finish_reason == "cancelled"
    assert second.text == ""


@pytest.mark.parametrize("failure", [ValueError("bad"), RuntimeError("worse"), KeyboardInterrupt()])
@pytest.mark.parametrize("when", ["prompt", "prefill", "third token"])
def test_an_exception_anywhere_reaches_the_caller_and_the_next_question_works(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch, failure: BaseException, when: str
) -> None:
    calls = 0
    generate = llm.model.generate

    def broken_pass(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if (when == "prefill" and calls == 1) or (when == "third token" and calls == 3):
            raise failure

    def broken_generate(*args: Any, **kwargs: Any) -> Any:
        if when == "prompt":
            raise failure
        return generate(*args, **kwargs)

    with monkeypatch.context() as patch:
        # Every pass begins there, the model's own and those that are made for it.
        hook = llm.model.get_input_embeddings().register_forward_pre_hook(broken_pass)
        patch.setattr(llm.model, "generate", broken_generate)
        events: list[Any] = []
        ended = threading.Event()

        def sink(event: Any) -> None:
            events.append(event)
            if not isinstance(event, str):
                ended.set()

        llm.submit("hello", sink)
        assert ended.wait(30)
        with pytest.raises(GenerationFailed, match=type(failure).__name__):
            calls = 0
            str(llm.stream("hello"))
        hook.remove()

    terminal = [event for event in events if not isinstance(event, str)]
    assert len(terminal) == 1
    assert "hello" not in "".join(event for event in events if isinstance(event, str))
    assert llm.generate("hello") == plain_generate(llm, "hello", 40)


def test_out_of_memory_gives_the_memory_back_and_says_what_to_do(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    big: list[weakref.ref[Any]] = []

    def broken(*args: Any, **kwargs: Any) -> Any:
        activations = torch.zeros(10)
        big.append(weakref.ref(activations))
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(llm.model, "forward", broken)
        with pytest.raises(NotEnoughMemory, match="tokens"):
            llm.generate("hello")

    assert big[0]() is None
    assert llm.generate("hello")


def test_a_poisoned_device_refuses_everything_after(llm: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(llm.model, "forward", broken)
    with pytest.raises(EngineDied, match="GPU"):
        llm.generate("hello")
    with pytest.raises(EngineDied):
        llm.stream("again")


def test_a_prompt_is_refused_at_the_reserve_and_not_before(llm: LocalLLM) -> None:
    word = "Q"  # one token each: the tokenizer knows no longer run of it
    fits = llm.window - llm.reserve
    prompt = ""
    while llm.count_tokens(prompt + word * 50) <= fits:
        prompt += word * 50
    while llm.count_tokens(prompt + word) <= fits:
        prompt += word
    assert llm.count_tokens(prompt) == fits

    stream = llm.stream(prompt, max_tokens=5000)
    list(stream)
    with pytest.raises(ContextOverflow) as refused:
        llm.stream(prompt + word)

    assert (stream.usage.completion_tokens or 0) <= llm.reserve
    assert refused.value.prompt_tokens == fits + 1
    assert refused.value.limit == llm.window


def test_requests_run_one_at_a_time_in_their_order(llm: LocalLLM) -> None:
    streams = [llm.stream(f"question {n}", max_tokens=8) for n in range(5)]
    answers = [str(stream) for stream in streams]

    assert answers == [str(llm.stream(f"question {n}", max_tokens=8)) for n in range(5)]


def test_chunks_of_a_prompt_give_the_answer_of_the_whole(llm: LocalLLM) -> None:
    prompt = "some words to read " * 60
    whole = plain_generate(llm, prompt.strip(), 12)
    llm._generator._sizer.tokens = 33

    assert str(llm.stream(prompt.strip(), max_tokens=12)) == whole


def test_finished_is_the_last_thing_a_sink_hears(llm: LocalLLM) -> None:
    events: list[Any] = []
    job = llm.submit("hello", events.append)
    assert job.done.wait(30)

    assert isinstance(events[-1], Finished)
    assert all(isinstance(event, str) for event in events[:-1])


def test_close_ends_a_running_answer(tiny_folder: Path) -> None:
    llm = LocalLLM(str(tiny_folder), temperature=0.0, device="cpu", max_tokens=1000)
    stream = llm.stream("for ever")
    next(stream)

    llm.close()
    list(stream)

    assert stream.finish_reason == "cancelled"
    with pytest.raises(ModelClosed, match="closed"):
        llm.stream("more")
