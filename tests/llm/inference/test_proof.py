"""What a model does when it is read in parts is found out at load, and costs little."""

from __future__ import annotations

import contextlib
import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaForCausalLM

from docstra_tui.errors import ModelError
from docstra_tui.llm.inference import proof
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.prefill import decoder_layers
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.local import LocalLLM
from tests.llm.small_models import small_model
from tests.tiny_models import make_tiny, tiny_model, tiny_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    torch.set_num_threads(1)
    return tiny_tokenizer("llama", 256)


def objection(model: Any, tokenizer: Any) -> str:
    return proof.objection(Forward(model), tokenizer)


def test_positions_that_are_not_passed_would_be_noticed(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bamba counts from 0 on top of a cache then, and nothing raises."""
    model = small_model("bamba")
    assert objection(model, tokenizer) == ""

    forward = Forward(model)
    forward._takes_positions = False
    prepare = model.prepare_inputs_for_generation

    def without_positions(*args: Any, **kwargs: Any) -> Any:
        inputs = prepare(*args, **kwargs)
        inputs.pop("position_ids", None)
        return inputs

    monkeypatch.setattr(model, "prepare_inputs_for_generation", without_positions)
    assert proof.objection(forward, tokenizer) == proof.NOT_THE_SAME


@pytest.mark.parametrize("kind", ["qwen3_moe", "gemma3_text", "qwen3_next", "deepseek_v3", "bamba"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_rounding_is_no_reason(kind: str, dtype: torch.dtype, tokenizer: Any) -> None:
    assert objection(small_model(kind).to(dtype), tokenizer) == ""


@pytest.mark.parametrize("kind", ["jamba", "zamba", "cpmant", "moshi"])
def test_a_lost_state_is_found_through_rounding(kind: str, tokenizer: Any) -> None:
    assert objection(small_model(kind).bfloat16(), tokenizer) == proof.NOT_THE_SAME


@pytest.mark.parametrize("lost", ["snapshot", "crop"])
def test_going_back_wrongly_is_found(lost: str, tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if lost == "snapshot":
        model = small_model("qwen3_next")
        monkeypatch.setattr(
            "docstra_tui.llm.inference.cached_prompt.copy_layer", lambda layer, length=None: layer
        )
    else:
        model = small_model("llama")
        monkeypatch.setattr(
            "docstra_tui.llm.inference.cached_prompt.crop_to", lambda layer, length: layer.crop(-17)
        )
    assert objection(model, tokenizer)


def test_what_rounds_more_may_be_off_by_more() -> None:
    model = small_model("llama")
    exact = proof.limit_of(model)
    half = proof.limit_of(model.bfloat16())
    model.config.quantization_config = {"quant_method": "bitsandbytes"}
    assert exact < half < proof.limit_of(model)


def test_logits_that_are_no_numbers_prove_nothing(tokenizer: Any) -> None:
    model = small_model("llama")
    model.lm_head.weight.data[5] = float("nan")
    assert objection(model, tokenizer) == proof.NOT_THE_SAME


def test_it_costs_a_few_short_passes_and_leaves_nothing_behind(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("llama", tokenizer, layers=2, window=256, seed=0)
    passes: list[int] = []
    caches: list[weakref.ref[Any]] = []
    decoder_layers(model)[0].register_forward_pre_hook(
        lambda _, args, kwargs: passes.append(args[0].shape[1]), with_kwargs=True
    )
    new_cache = Forward.new_cache

    def noted(self: Forward) -> Any:
        cache = new_cache(self)
        caches.append(weakref.ref(cache))
        return cache

    monkeypatch.setattr(Forward, "new_cache", noted)
    generator = Generator(model, tokenizer, 1 << 20, decode="plain")
    gc.collect()

    assert generator.objection == ""
    assert len(passes) <= 10 and sum(passes) <= 5 * proof.TOKENS
    assert caches and not [cache for cache in caches if cache() is not None]
    assert generator.prefixes.nbytes() == 0


def test_what_was_proven_need_not_be_proven_again(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    proofs: list[Forward] = []
    deviation = proof.deviation
    monkeypatch.setattr(proof, "deviation", lambda *given: proofs.append(given[0]) or deviation(*given))

    def start(files: str, kind: str = "llama") -> str:
        model = tiny_model(kind, tokenizer, layers=2, window=256, seed=0)
        return proof.objection(Forward(model), tokenizer, files)

    assert start("these files") == "" and start("these files") == ""
    assert len(proofs) == 1
    assert start("others") == "" and start("these files", "qwen2") == "" and start("") == "" == start("")
    assert len(proofs) == 5


def test_what_failed_is_tried_again(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model("llama", tokenizer, layers=2, window=256, seed=0)
    with monkeypatch.context() as broken:
        broken.setattr(proof, "deviation", lambda *given: float("nan"))
        assert proof.objection(Forward(model), tokenizer, "files") == proof.NOT_THE_SAME
    assert proof.objection(Forward(model), tokenizer, "files") == ""


def test_a_load_leaves_half_of_the_threads_alone_and_a_question_takes_all(
    tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On two busy cores, two threads took 12 s for what one did in 2."""
    used: list[int] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    generator = Generator(tiny_model("llama", tokenizer, layers=2, window=256, seed=0), tokenizer, 1 << 20)
    *loading, after = used
    assert loading and set(loading) == {2}
    assert after == 4
    used.clear()
    generator.answer(Request([5, 6, 7], 1, 0.0), lambda text: None, lambda: False)
    assert used[0] == 4


@pytest.mark.parametrize("fails", [False, True])
def test_the_next_load_finds_as_many_threads_as_this_one(
    fails: bool, tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = [16]
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads[-1])
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    model = tiny_model("llama", tokenizer, layers=2, window=256, seed=0)
    if fails:
        monkeypatch.setattr(model, "generate", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ModelError) if fails else contextlib.nullcontext():
        Generator(model, tokenizer, 1 << 20)

    assert 8 in threads
    assert threads[-1] == 16


def test_without_reuse_nothing_is_read_ahead_or_kept_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    monkeypatch.setattr(proof, "ROUNDING", {torch.float32: -1.0})
    llm = LocalLLM(str(make_tiny(tmp_path / "tiny")), max_tokens=8, temperature=0.0, device="cpu")
    try:
        assert llm.notes == (proof.NOT_THE_SAME,)
        question = "words " * 60
        assert llm.warm(question, len(question)).cached == 0
        first = llm.stream(question)
        text = str(first)
        second = llm.stream(question)
        assert str(second) == text
        assert (first.usage.reused_tokens, second.usage.reused_tokens) == (0, 0)
        assert llm.measure(question).cached == 0 and llm._generator.prefixes.nbytes() == 0
    finally:
        llm.close()


def test_a_model_that_reads_alike_has_no_notes(llm: LocalLLM) -> None:
    assert llm.notes == ()


def test_what_cannot_write_is_refused_at_load(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise AttributeError("'Config' object has no attribute 'num_hidden_layers'")

    monkeypatch.setattr(LlamaForCausalLM, "generate", broken)
    with pytest.raises(ModelError, match=r"cannot write.*num_hidden_layers") as refused:
        LocalLLM(str(tiny_folder), device="cpu")
    assert "another model" in refused.value.hint


def test_a_shift_of_all_logits_is_rounding_and_noise_is_not() -> None:
    """In half precision the logits of trained models, which lie far from 0, shift together."""
    logits = torch.randn(8, 600)
    assert proof.distance(logits + 0.5, logits) < 1e-6
    assert proof.distance(logits + 0.1 * torch.randn(8, 600), logits) > proof.ROUNDING_HALF
