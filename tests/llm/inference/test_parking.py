"""A parked model has left its device whole, and comes back as it was. The device here is the CPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from docstra_tui.errors import NotEnoughMemory
from docstra_tui.llm.inference import parking
from docstra_tui.llm.inference.thread import Kind
from docstra_tui.llm.local import LocalLLM

WORDS = "some words to read " * 20


def places(llm: LocalLLM) -> dict[int, Any]:
    """Where its weights and what was read lie; who holds it keeps these places from being used again."""
    every = [*llm.model.parameters(), *llm.model.buffers(), *llm._generator.prefixes.tensors()]
    found = [tensor.untyped_storage() for tensor in every]
    return {storage.data_ptr(): storage for storage in found if storage.nbytes()}


def settle(llm: LocalLLM) -> None:
    """All that was submitted is done."""
    llm._thread.call(lambda: None)


@pytest.fixture
def parked(llm: LocalLLM) -> LocalLLM:
    """A model with something read, which was sent away."""
    llm._generator.parking.devices = [torch.device("cpu")]
    assert llm.generate(WORDS)
    llm.park()
    settle(llm)
    llm._thread.submit(lambda job: None, Kind.IDLE).done.wait(10)
    assert llm.is_parked
    return llm


def test_everything_moves_and_ties_and_views_stay(llm: LocalLLM) -> None:
    llm._generator.parking.devices = [torch.device("cpu")]
    assert llm.generate(WORDS)
    model = llm.model
    model.lm_head.weight = model.model.embed_tokens.weight
    fused = torch.nn.Parameter(torch.cat([model.model.layers[0].mlp.gate_proj.weight.data] * 2))
    model.fused, half = fused, fused.shape[0] // 2
    model.model.layers[0].mlp.gate_proj.weight.data = fused.data[half:]
    before = places(llm)

    assert llm._generator.parking.go(llm._generator.prefixes.tensors(), lambda: False)

    away = places(llm)
    assert not before.keys() & away.keys() and len(before) == len(away)
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()
    assert model.model.layers[0].mlp.gate_proj.weight.data_ptr() == fused[half:].data_ptr()
    llm._generator.parking.come_back()
    assert not away.keys() & places(llm).keys() and not llm.is_parked
    assert not any(parameter.is_inference() for parameter in model.parameters())


def test_a_question_brings_it_back_with_what_was_read(parked: LocalLLM) -> None:
    assert parked.measure(WORDS).room is None
    stream = parked.stream(WORDS)
    answer = str(stream)
    assert not parked.is_parked and (stream.usage.reused_tokens or 0) > 50
    parked._generator.prefixes.clear()
    assert parked.generate(WORDS) == answer


def test_a_key_or_reading_ahead_brings_it_back_too(parked: LocalLLM) -> None:
    parked.wake()
    settle(parked)
    assert not parked.is_parked
    parked._thread.call(lambda: parked._generator.park(lambda: False))
    assert parked.is_parked
    assert parked.warm([{"role": "user", "content": "other words " * 30}], 200).cached
    assert not parked.is_parked


def test_where_its_place_was_taken_it_stays_away_and_says_so(
    parked: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, moves = places(parked), 0
    move = parking._move

    def full(tensors: list[Any], device: Any) -> None:
        nonlocal moves
        moves += 1
        if moves == 5:
            raise torch.OutOfMemoryError("CUDA out of memory")
        move(tensors, device)

    with monkeypatch.context() as patch:
        patch.setattr(parking, "_move", full)
        with pytest.raises(NotEnoughMemory, match="lent out"):
            parked._generator.parking.come_back()
    assert parked.is_parked and len(places(parked)) == len(away)
    assert parked.generate(WORDS) and not parked.is_parked


def test_it_is_not_sent_away_where_that_helps_nobody(llm: LocalLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    known = llm._generator.parking
    known.devices = [torch.device("cpu")]
    before = places(llm)
    assert not known.go([], lambda: True)  # somebody asked meanwhile
    assert not known.is_parked and len(places(llm)) == len(before)
    monkeypatch.setattr(parking.accelerators, "free_memory", lambda: 1000)
    assert not known.go([], lambda: False) and not known.is_parked
    llm.model.hf_quantizer = object()
    assert not known.is_possible


def test_on_a_cpu_only_the_latest_conversation_stays(llm: LocalLLM) -> None:
    assert llm.generate("first " + WORDS) and llm.generate("second " + WORDS)
    llm._thread.call(lambda: llm._generator.park(lambda: False))
    assert not llm.is_parked
    first, second = (llm.measure(f"{word} {WORDS}".strip()).cached or 0 for word in ("first", "second"))
    assert first < 20 < second
    assert llm._generator.room.held == llm._generator.prefixes.nbytes()
