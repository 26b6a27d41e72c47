"""Faults put into every step of a request: one terminal event each, and the thread goes on."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docstra_tui.errors import DocstraError, EngineDied, GenerationFailed
from docstra_tui.llm.answer import Finished, Reading
from docstra_tui.llm.inference import answering, failures, generation, stopping, streaming, thoughts, together
from docstra_tui.llm.inference.cached_prompt import CachedPrompt
from docstra_tui.llm.inference.decoding.lean import LeanStep
from docstra_tui.llm.inference.decoding.writer import Writer
from docstra_tui.llm.inference.decoding.writing import Writing
from docstra_tui.llm.inference.prefix_cache import PrefixCache
from docstra_tui.llm.inference.recipe import Recipe
from docstra_tui.llm.inference.stopping import Cancelled
from docstra_tui.llm.inference.thread import InferenceThread
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.thinking import tags


class Unspeakable(Exception):
    """Cannot even be printed."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def in_a_circle() -> BaseException:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    return one


ERRORS: dict[str, Callable[[], BaseException]] = {
    "value": lambda: ValueError("bad"),
    "memory": lambda: MemoryError(),
    "device memory": lambda: torch.OutOfMemoryError("CUDA out of memory"),
    "poison": lambda: RuntimeError("CUDA error: device-side assert triggered"),
    "accelerator": lambda: torch.AcceleratorError("CUDA error: unspecified launch failure"),
    "interrupt": lambda: KeyboardInterrupt(),
    "exit": lambda: SystemExit(3),
    "generator": lambda: GeneratorExit(),
    "stop": lambda: StopIteration(),
    "cancelled": lambda: Cancelled(),
    "unspeakable": lambda: Unspeakable(),
    "circle": in_a_circle,
    "ours": lambda: GenerationFailed("It stumbled."),
}

STEPS: dict[str, tuple[Any, str]] = {
    "take a cache": (PrefixCache, "take"),
    "open the gate": (generation, "gate"),
    "make a streamer": (answering, "AnswerStreamer"),
    "read": (generation, "prefill"),
    "configure": (Recipe, "config"),
    "look for keywords": (stopping.KeywordsStoppingCriteria, "__call__"),
    "take a token": (streaming.AnswerStreamer, "put"),
    "see what the prompt opened": (thoughts.ThinkingMarks, "begin"),
    "split off a thought": (tags.Splitter, "feed"),
    "decode": (streaming.PieceDecoder, "step"),
    "filter": (stopping.KeywordFilter, "feed"),
    "end the stream": (streaming.AnswerStreamer, "end"),
    "give out the rest": (streaming.AnswerStreamer, "finish"),
    "say why": (answering.Answer, "reason"),
    "settle": (CachedPrompt, "settle"),
    "snapshot": (CachedPrompt, "snapshot"),
    "refresh": (PrefixCache, "refresh"),
    "keep the cache": (PrefixCache, "keep"),
}

TOGETHER_STEPS = STEPS | {
    "take a cache": (PrefixCache, "take_beside"),
    "see how many fit": (PrefixCache, "has_room"),
    "open the gate": (together, "gate"),
    "prepare": (Writer, "prepared"),
    "take a step": (LeanStep, "logits"),
    "take what came of it": (Writing, "take"),
    "keep the cache": (PrefixCache, "leave"),
}

CLEANUP: dict[str, tuple[Any, str]] = {
    "nothing": (None, ""),
    "forget": (PrefixCache, "forget_taken"),
    "clear": (PrefixCache, "clear"),
    "free": (failures, "free_memory"),
    "collect": (gc, "collect"),
    "empty the device's cache": (torch.cuda, "empty_cache"),
    "log": (failures.logger, "error"),
    "clear frames": (failures.traceback, "clear_frames"),
}


@pytest.fixture(scope="module", autouse=True)
def only_what_is_made_here_is_collected() -> None:
    """Each failure has everything collected: what thousands of other tests hold need not be looked at."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> Iterator[LocalLLM]:
    torch.set_num_threads(1)
    llm = LocalLLM(str(tiny_folder), max_tokens=6, temperature=0.0, device="cpu", reserve=64)
    llm.stopping_keywords.append("never written")
    llm._generator._sizer.tokens = 64
    yield llm
    llm.close()


@pytest.fixture(scope="module")
def together_model(tiny_folder: Path) -> Iterator[LocalLLM]:
    """One that writes several answers at once, however the suite decodes."""
    llm = LocalLLM(str(tiny_folder), max_tokens=6, temperature=0.0, device="cpu", reserve=64, decode="auto")
    llm.stopping_keywords.append("never written")
    llm._generator._sizer.tokens = 64
    yield llm
    llm.close()


@pytest.fixture
def untroubled(model: LocalLLM) -> str:
    """What it answers before anything went wrong."""
    return str(model.stream("again"))


def put(patch: pytest.MonkeyPatch, place: tuple[Any, str], make: Callable[[], BaseException]) -> None:
    owner, name = place

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise make()

    if owner is not None:
        patch.setattr(owner, name, broken)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    step=st.sampled_from(sorted(STEPS)),
    error=st.sampled_from(sorted(ERRORS)),
    cleanup=st.sampled_from(sorted(CLEANUP)),
    worse=st.sampled_from(sorted(ERRORS)),
    is_warm=st.booleans(),
)
def test_whatever_raises_a_request_ends_once_and_the_next_one_has_its_turn(
    model: LocalLLM, untroubled: str, step: str, error: str, cleanup: str, worse: str, is_warm: bool
) -> None:
    heard: list[Any] = []
    prompt = "some words to read " * 40
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)  # so that its cache is emptied
        patch.setattr(torch.cuda, "empty_cache", lambda: None)
        put(patch, STEPS[step], ERRORS[error])
        put(patch, CLEANUP[cleanup], ERRORS[worse])
        job = model.submit_warm(prompt, 500, heard.append) if is_warm else model.submit(prompt, heard.append)
        assert job.done.wait(30)
    ends = [event for event in heard if not isinstance(event, str | Reading)]
    assert len(ends) == 1 and heard[-1] is ends[0]
    if not is_warm:
        assert isinstance(ends[0], (Finished, DocstraError))
    try:
        if model.dead is not None:
            with pytest.raises(EngineDied):
                model.stream("again")
        else:
            assert str(model.stream("again")) == untroubled
    finally:
        model._generator._died = None


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    step=st.sampled_from(sorted(TOGETHER_STEPS)),
    error=st.sampled_from(sorted(ERRORS)),
    cleanup=st.sampled_from(sorted(CLEANUP)),
    worse=st.sampled_from(sorted(ERRORS)),
)
def test_whatever_raises_each_of_many_ends_once_and_the_next_one_has_its_turn(
    together_model: LocalLLM, step: str, error: str, cleanup: str, worse: str
) -> None:
    model = together_model
    heard: list[list[Any]] = [[], []]
    assert type(model._generator.writer.step) is LeanStep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "empty_cache", lambda: None)
        put(patch, TOGETHER_STEPS[step], ERRORS[error])
        put(patch, CLEANUP[cleanup], ERRORS[worse])
        jobs = [model.submit("some words to read " * 40, one.append, batch=True) for one in heard]
        assert all(job.done.wait(30) for job in jobs)
    for one in heard:
        ends = [event for event in one if not isinstance(event, str | Reading)]
        assert len(ends) == 1 and one[-1] is ends[0] and isinstance(ends[0], (Finished, DocstraError))
    try:
        if model.dead is None:
            assert str(model.stream("again", batch=True)) == str(model.stream("again"))
            assert not model._generator.prefixes._beside
    finally:
        model._generator._died = None


def test_a_poisoned_device_may_raise_wherever_it_is_touched(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first error looks harmless; emptying the device's cache shows what it was."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("something odd")

    def poisoned() -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(llm.model, "forward", broken)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", poisoned)
    with pytest.raises(EngineDied, match="illegal memory access"):
        llm.generate("hello")
    raised = []
    for _ in range(2):
        with pytest.raises(EngineDied) as caught:
            llm.stream("again")
        raised.append(caught.value)
    assert raised[0] is not raised[1]  # an exception that many raise collects the frames of all of them


def test_a_request_that_waited_while_the_device_died_hears_so_too(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, heard = threading.Event(), []
    holds = llm._thread.submit(lambda job: waits.wait(30) and None)

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(llm.model, "forward", broken)
    jobs = [llm.submit("hello", heard.append) for _ in range(3)]
    waits.set()
    assert all(job.done.wait(30) for job in [holds, *jobs])
    assert [type(event) for event in heard] == [EngineDied] * 3 and len({id(e) for e in heard}) == 3


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_job_that_raises_does_not_end_the_thread(error: type[BaseException]) -> None:
    thread = InferenceThread()

    def broken(job: Any) -> None:
        raise error

    assert thread.submit(broken).done.wait(10)
    assert thread.call(lambda: 7) == 7
    assert thread.close()
