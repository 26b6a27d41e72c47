"""A model in this process that thinks: its thinking is never part of the answer, and ends where it must."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from docstra_tui import settings
from docstra_tui.engine.client import lifecycle
from docstra_tui.errors import NoAnswer
from docstra_tui.llm.answer import Finished, Listener, Thought
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.prompt import Turn
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.llm.sampling import Sampling
from docstra_tui.llm.thinking.wish import Think
from tests.conftest import stop_engines
from tests.tiny_models import make_scripted

Make = Callable[..., LocalLLM]

END = "<|im_end|>"
PONDERING = (["<think>", "a ", "b ", "a "], ["\n\n", "Yes!", END], ["</think>"])
PLAIN = ["<think>", "I see.", "</think>", "Yes!", END]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Loads a model that writes what it is told to."""
    torch.set_num_threads(1)
    models: list[LocalLLM] = []

    def load(*says: Sequence[str], max_tokens: int = 60, **how: Any) -> LocalLLM:
        folder = make_scripted(tmp_path / f"model{len(models)}", *says, **how)
        models.append(LocalLLM(str(folder), max_tokens=max_tokens, temperature=0.0, device="cpu", reserve=64))
        return models[-1]

    yield load
    for model in models:
        model.close()


def test_a_block_that_the_prompt_opens_is_thinking(make: Make) -> None:
    llm = make(PLAIN, ending="<think>")
    heard: list[str] = []

    stream = llm.stream("Well?", listener=Listener(heard.append))

    assert "".join(stream) == "Yes!"
    assert stream.thinking == "".join(heard) == "I see."
    assert stream.thinking_s is not None
    assert stream.finish_reason == "stop"
    assert stream.usage.completion_tokens is not None
    assert 0 < (stream.usage.thinking_tokens or 0) < stream.usage.completion_tokens


def test_a_block_that_the_model_opens_is_thinking(make: Make) -> None:
    llm = make(["assistant\n", *PLAIN], ending="assistant\n")

    stream = llm.stream("Well?")

    assert (str(stream), stream.thinking) == ("Yes!", "I see.")


def test_a_block_that_the_prompt_closes_is_no_thinking(make: Make) -> None:
    llm = make(["</think>", "Yes!", END], ["<think>"], ending="<think>\n\n</think>")

    stream = llm.stream("Well?")

    assert (str(stream), stream.thinking) == ("Yes!", "")
    assert stream.usage.thinking_tokens == 0


def test_a_model_without_marks_in_its_vocabulary_is_split_by_its_text(make: Make) -> None:
    llm = make(["assistant\n", "<thi", "nk>I see.</", "think>Yes!", END], ending="assistant\n")

    stream = llm.stream("Well?")

    assert (str(stream), stream.thinking) == ("Yes!", "I see.")


ANALYSIS = ["<|channel|>", "analysis", "<|message|>", "I see.", "<|end|>", "<|start|>"]


def test_messages_of_thinking_end_and_the_answer_follows(make: Make) -> None:
    llm = make(
        ["assistant", *ANALYSIS],
        ending="<|start|>assistant",
        special=["<|start|>", "<|channel|>", "<|message|>", "<|end|>"],
    )

    stream = llm.stream("Well?", max_tokens=6)

    with pytest.raises(NoAnswer, match="whole budget for thinking"):
        str(stream)
    assert stream.thinking == "I see."
    assert stream.usage.thinking_tokens == 6


def test_the_mark_between_messages_ends_an_answer(make: Make) -> None:
    """Even where the file says that it ends every message (an `eot` of a GGUF)."""
    llm = make(
        ["assistant", "<|channel|>", "final", "<|message|>", "Yes!", "<|end|>", "<|start|>"],
        ending="<|start|>assistant",
        special=["<|start|>", "<|channel|>", "<|message|>", "<|end|>"],
    )
    llm.stopping_keywords.append("<|end|>")

    stream = llm.stream("Well?")

    assert (str(stream), stream.thinking, stream.finish_reason) == ("Yes!", "", "stop")
    assert stream.usage.completion_tokens == 5


def test_the_mark_between_messages_ends_no_thinking(make: Make) -> None:
    llm = make(
        ["assistant", *ANALYSIS, "and on"],
        ending="<|start|>assistant",
        special=["<|start|>", "<|channel|>", "<|message|>", "<|end|>"],
    )
    llm.stopping_keywords.append("<|end|>")

    stream = llm.stream("Well?", max_tokens=7)

    assert str(stream) == "and on"


@pytest.fixture
def ponderer(make: Make) -> LocalLLM:
    """Thinks for ever, unless its block is closed for it."""
    return make(*PONDERING, ending="<think>")


def test_a_budget_that_is_spent_closes_the_block(ponderer: LocalLLM) -> None:
    stream = ponderer.stream("Well?", think=7)

    assert str(stream) == "Yes!"
    assert stream.thinking.split() == ["a", "b", "a", "b", "a", "b", "a"]
    assert stream.finish_reason == "stop"


def test_a_budget_leaves_room_for_an_answer(ponderer: LocalLLM) -> None:
    stream = ponderer.stream("Well?", think=2000, max_tokens=20)

    assert str(stream) == "Yes!"
    assert len(stream.thinking.split()) == 10


@pytest.mark.parametrize("off", ["off", 0])
def test_off_closes_it_at_once(ponderer: LocalLLM, off: Think) -> None:
    stream = ponderer.stream("Well?", think=off)

    assert (str(stream), stream.thinking) == ("Yes!", "")


def test_a_wish_that_is_none_is_refused(ponderer: LocalLLM) -> None:
    with pytest.raises(ValueError, match="budget for thinking"):
        ponderer.stream("Well?", think=-3)


def test_the_session_s_own_wish_counts_where_a_question_has_none(ponderer: LocalLLM) -> None:
    ponderer.think = 2

    stream = ponderer.stream("Well?")

    assert (str(stream), stream.thinking) == ("Yes!", "a b")


@pytest.mark.parametrize("temperature", [0.0, 1.3])
def test_a_forced_end_stands_in_the_cache_like_any_other_token(
    ponderer: LocalLLM, temperature: float
) -> None:
    ponderer.temperature = temperature
    first = ponderer.stream("Well? " * 40, think=3)
    list(first)
    caches = ponderer._generator.prefixes._prompts

    assert all(prompt.cache.get_seq_length() == len(prompt.ids) for prompt in caches)
    closing = ponderer.tokenizer.convert_tokens_to_ids("</think>")
    assert any(closing in prompt.ids for prompt in caches)
    again = ponderer.stream("Well? " * 40, think=3)
    assert str(again) == str(first)
    assert (again.usage.reused_tokens or 0) > 40


def test_thinking_alone_is_no_answer_and_stays_to_be_read(ponderer: LocalLLM) -> None:
    stream = ponderer.stream("Well?", max_tokens=9)

    with pytest.raises(NoAnswer, match=r"whole budget for thinking"):
        str(stream)
    assert stream.thinking.startswith("a b a")
    assert stream.finish_reason == "length"
    assert stream.usage.thinking_tokens == 9


def test_a_model_that_only_thinks_says_so(make: Make) -> None:
    llm = make(["<think>", "I see.", "</think>", END], ending="<think>")

    stream = llm.stream("Well?")

    with pytest.raises(NoAnswer, match="only thought"):
        str(stream)
    assert stream.thinking == "I see."


def test_stop_texts_of_a_request_are_looked_for_in_the_answer_only(make: Make) -> None:
    llm = make(["<think>", "I see.", "</think>", "No, ", "see that.", END], ending="<think>")
    events: list[Any] = []

    llm.submit("Well?", events.append, sampling=Sampling(stop=("see",))).done.wait(60)

    text = "".join(event for event in events if isinstance(event, str))
    thought = "".join(event.text for event in events if isinstance(event, Thought))
    assert (text, thought) == ("No, ", "I see.")
    assert isinstance(events[-1], Finished) and events[-1].reason == "stop"


def test_a_stop_text_that_begins_the_answer_ends_it(make: Make) -> None:
    llm = make(["<think>", "I see.", "</think>", "No", ", that.", " It ", "is.", END], ending="<think>")
    events: list[Any] = []

    llm.submit("Well?", events.append, sampling=Sampling(stop=("No",))).done.wait(60)

    assert not [event for event in events if isinstance(event, str)]
    assert events[-1].reason == "stop"
    assert events[-1].usage.completion_tokens <= 4


def test_a_cancel_while_it_thinks_keeps_what_was_thought(ponderer: LocalLLM) -> None:
    stream = ponderer.stream("Well?", max_tokens=1500)
    heard: list[str] = []

    def hear(text: str) -> None:
        heard.append(text)
        if len(heard) == 3:
            stream.cancel()

    stream._listener = Listener(hear)
    assert list(stream) == []
    assert stream.finish_reason == "cancelled"
    assert stream.thinking.startswith("a b a")
    assert (stream.usage.completion_tokens or 0) < 1500


def test_all_tasks_give_the_answer_and_tell_of_the_thinking(make: Make) -> None:
    llm = make(PLAIN, ending="<think>")
    heard: list[str] = []

    answer = llm.explain_code("x = 1", "python", on_thinking=heard.append)

    assert answer == "Yes!"
    assert "".join(heard) == "I see."


def test_the_template_s_own_switch_is_used_where_it_has_one(make: Make) -> None:
    llm = make(PLAIN, ["<think>\n\n</think>", "Yes!"], ending="<think>", ending_off="<think>\n\n</think>")

    on, off = llm.stream("Well?"), llm.stream("Well?", think="off")

    assert (str(on), on.thinking) == ("Yes!", "I see.")
    assert (str(off), off.thinking) == ("Yes!", "")
    assert off.usage.completion_tokens == 2  # nothing had to be closed
    assert llm.can_switch_thinking and not llm.think_note


def test_without_one_it_can_be_switched_all_the_same(ponderer: LocalLLM, llm: LocalLLM) -> None:
    assert ponderer.can_switch_thinking
    assert "written in the model's place" in ponderer.think_note
    assert not llm.can_switch_thinking
    assert "no switch" in llm.think_note


def test_earlier_thinking_is_never_sent_back(make: Make) -> None:
    llm = make(PLAIN, ending="<think>")
    first = llm.answer_question("Well?", (), stream=True)
    history = [Turn.of("Well?", str(first), ())]

    second = llm.answer_question("And?", (), stream=True, history=history)
    str(second)

    seen = [llm.tokenizer.decode(prompt.ids) for prompt in llm._generator.prefixes._prompts]
    assert any("And?" in text for text in seen)
    assert all(text.count("I see.") <= 1 for text in seen)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RemoteLLM]:
    """The ponderer in a process of its own."""
    for place in ("RUNTIME", "STATE", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"DOCSTRA_{place}_DIR", str(tmp_path / place.lower()[:3]))
    folder = make_scripted(tmp_path / "model", *PONDERING, ending="<think>")
    chosen = settings.load({"model.name": str(folder), "model.device": "cpu"})
    lease = lifecycle.connect(chosen)
    lease.attach()
    llm = RemoteLLM(socket=lease.socket, max_tokens=40, temperature=0.0)
    try:
        yield llm
    finally:
        llm.close()
        lease.detach()
        lease.stop()
        stop_engines(tmp_path)


def test_it_all_comes_through_the_engine(engine: RemoteLLM) -> None:
    heard: list[str] = []
    budget = engine.stream("Well?", think=5, listener=Listener(heard.append))
    assert (str(budget), budget.thinking) == ("Yes!", "a b a b a")
    assert "".join(heard) == budget.thinking
    assert budget.usage.thinking_tokens is not None

    off = engine.stream("Well?", think="off")
    assert (str(off), off.thinking) == ("Yes!", "")

    endless = engine.stream("Well?")
    with pytest.raises(NoAnswer, match="whole budget for thinking"):
        str(endless)
    assert endless.thinking.startswith("a b a") and endless.finish_reason == "length"
