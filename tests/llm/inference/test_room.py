"""What a prompt takes is known before it is read, and what does not fit in memory is not begun."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from transformers import DynamicCache

from docstra_tui.errors import MemoryOverflow, NotEnoughMemory
from docstra_tui.llm.inference import memory, room
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.prefill import SMALLEST_CHUNK
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.inference.room import growth_of
from docstra_tui.llm.local import LocalLLM
from tests.llm.inference.cached import answer

WORDS = "Q" * 400


@contextmanager
def free(patch: pytest.MonkeyPatch, size: int) -> Iterator[None]:
    """So many bytes are free, whatever is."""
    with patch.context() as inner:
        inner.setattr(memory.accelerators, "free_memory", lambda: size)
        yield


def read(generator: Generator, tokens: int) -> Any:
    generator.prefixes.clear()
    answer(generator, [10 + n % 200 for n in range(tokens)])
    assert generator.prefixes.latest is not None
    return generator.prefixes.latest


def test_a_prompt_takes_what_was_foretold_on_a_short_one(generator: Generator) -> None:
    foretold = growth_of(read(generator, 70).cache)
    assert foretold is not None

    prompt = read(generator, 700)
    taken = sum(tensor.nbytes for layer in prompt.cache.layers for tensor in room.tensors_of(layer))

    expected = foretold.token * len(prompt.ids) + foretold.states
    assert taken <= expected * 1.3  # a cache that is written in place keeps some room
    assert expected <= taken * 1.1
    generator.prefixes.clear()


def test_a_form_of_its_own_tells_nothing() -> None:
    assert growth_of(object()) is None and growth_of(DynamicCache()) is None


def test_what_memory_does_not_hold_is_refused_and_said_when_it_is_counted(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = llm.count_tokens(WORDS)
    room_of = llm._generator.room
    assert llm.measure(WORDS).room is None  # this machine holds a tiny model's window

    with free(monkeypatch, int(room_of.bytes_for(tokens + 2 * llm.reserve) * 4 / 3 / room.SHARE)):
        measured = llm.measure(WORDS)
        assert measured.room is not None and measured.room.tokens >= tokens + llm.reserve
        stream = llm.stream(WORDS, max_tokens=1000)
        list(stream)
        assert (stream.usage.completion_tokens or 0) <= measured.room.tokens - tokens

    llm._generator.prefixes.clear()
    room_of.held = 0
    with free(monkeypatch, room_of.bytes_for(tokens)):
        with pytest.raises(MemoryOverflow) as refused:
            llm.stream(WORDS)
        told = llm.measure(WORDS).room
        assert told is not None and refused.value.limit == told.tokens < tokens
        assert refused.value.prompt_tokens == tokens and refused.value.exit_code == 4
        assert llm.warm([{"role": "user", "content": WORDS}], 300).cached == 0
    assert str(llm.stream(WORDS))


def test_what_was_read_before_goes_when_its_memory_is_wanted(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = llm._generator
    list(llm.stream("first " + WORDS))
    assert generator.room.held == generator.prefixes.nbytes() > 0

    with free(monkeypatch, generator.room.bytes_for(300)):  # the other prompt must go for this one
        assert str(llm.stream("second " + WORDS))

    ids = llm._chat.render("first " + WORDS, None)
    assert generator.prefixes.reusable(ids) < 64


def test_memory_that_went_while_a_question_waited_is_no_crash(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = llm._chat.render(WORDS, None)
    with free(monkeypatch, 0):
        ended = llm._generator.answer(Request(ids, 5, 0.0), lambda event: None, lambda: False)
    assert isinstance(ended, MemoryOverflow)
    assert str(llm.stream(WORDS))


def test_out_of_memory_reads_once_more_in_smaller_pieces_and_says_so(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = llm.generate(WORDS)
    generator = llm._generator
    generator.prefixes.clear()
    list(llm.stream("another conversation " + WORDS[:100]))
    forward, sizes = llm.model.forward, []

    def greedy(*args: Any, **given: Any) -> Any:
        size = given["input_ids"].shape[1]
        sizes.append(size)
        if size > SMALLEST_CHUNK + 1:  # the last one needs a token of the one before
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(*args, **given)

    generator._sizer.tokens = 200
    with monkeypatch.context() as patch:
        patch.setattr(llm.model, "forward", greedy)
        assert llm.generate(WORDS) == expected

    assert max(sizes) == 200 and sizes.count(200) == 1
    assert llm.notes[0].startswith("Memory ran out while a prompt of")
    assert generator.prefixes.reusable(llm._chat.render(WORDS, None)) > 100
    assert llm.generate(WORDS) == expected
    assert "Memory ran out" not in " ".join(llm.notes)


def test_memory_that_runs_out_twice_or_after_a_word_ends_the_answer(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    begin = llm.model.get_input_embeddings().forward  # of every pass, the model's own or one made for it

    def broken(*args: Any, **given: Any) -> Any:
        nonlocal calls
        calls += 1
        raise torch.OutOfMemoryError("CUDA out of memory")

    def breaking(*args: Any, **given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 12:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return begin(*args, **given)

    with monkeypatch.context() as patch:
        patch.setattr(llm.model.get_input_embeddings(), "forward", broken)
        with pytest.raises(NotEnoughMemory):
            llm.generate("hello")
        assert calls == 2
        calls = 0
        patch.setattr(llm.model.get_input_embeddings(), "forward", breaking)
        stream = llm.stream("hello")
        with pytest.raises(NotEnoughMemory):
            list(stream)
        assert stream.text and calls == 13
    assert llm.generate("hello")


def test_a_gpu_counts_what_torch_keeps_for_itself_and_a_dead_one_refuses_nothing(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = torch.device("cuda:0"), torch.device("cuda:1")
    monkeypatch.setattr(memory, "devices_of", lambda model: [first, second])
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1000, 8000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 700)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 500)
    assert memory.free(llm.model) == 2 * (1000 + 200)
    known = llm._generator.room
    known._parking.devices = [first, second]
    assert (told := known.of(10**9)) is not None and told.on_gpu

    def dead(device: Any) -> Any:
        raise RuntimeError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(torch.cuda, "mem_get_info", dead)
    assert known.of(10**9) is None
