"""The step that is only a decoder's arithmetic says what the model's forward pass says, or is not used."""

from __future__ import annotations

import gc
import logging
import math
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from docstra_tui.llm.inference.decoding import decoder, lean, products
from docstra_tui.llm.inference.decoding.attention import Attention
from docstra_tui.llm.inference.decoding.graphs import GraphStep
from docstra_tui.llm.inference.decoding.lean import LeanBody, LeanStep
from docstra_tui.llm.inference.decoding.products import COPY, MOST_ROWS, WAYS, Ways
from docstra_tui.llm.inference.decoding.step import ModelStep, Slot
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.loading import int8
from tests.llm.inference.tape import Tape
from tests.llm.small_models import small_model

CLOSE = 2e-4
USUAL = ("llama", "mistral", "qwen2", "qwen3", "granite", "smollm3")
OTHERS = {
    "gemma3_text": "attend to all",
    "mixtral": "mlp differs",
    "olmo2": "layer differs",
    "helium": "says something else",
    "phi3": "layer differs",
    "gpt2": "",
    "mamba2": "",
    "qwen3_next": "",
}
"""Kinds that write with their own forward pass, and why."""

IDS = torch.randint(3, 500, (4, 700), generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def model_of(kind: str) -> Any:
    """One whose layers see all of the text, unless the kind has others for good."""
    model = small_model(kind, **{} if kind == "gemma3_text" else {"sliding_window": None})
    for module in model.modules():  # else ones and zeros, which no mistake would move
        if hasattr(module, "variance_epsilon"):
            nn.init.uniform_(module.weight, 0.5, 1.5)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.normal_(module.bias)
    return model


def lean_step(model: Any) -> tuple[LeanStep, Forward]:
    forward = Forward(model)
    step = lean.lean(forward, ModelStep(forward), IDS[:1, :40])
    assert isinstance(step, LeanStep)
    return step, forward


def read(forward: Forward, row: int, tokens: int) -> Any:
    cache = forward.new_cache()
    if tokens:
        forward(IDS[row : row + 1, :tokens], 0, cache)
    return cache


def check(step: Any, forward: Forward, spans: Sequence[tuple[int, int]]) -> None:
    """Read ids from here to there of as many texts, in one step."""
    right = [forward(IDS[row : row + 1, :end], 0, None, end - at) for row, (at, end) in enumerate(spans)]
    slots = [Slot(read(forward, r, at), at, IDS[r, at:end].tolist()) for r, (at, end) in enumerate(spans)]
    with torch.inference_mode():
        logits = step.logits(slots)
    torch.testing.assert_close(logits, torch.cat(right), atol=CLOSE, rtol=CLOSE)
    assert [slot.cache.get_seq_length() for slot in slots] == [end for _, end in spans]


@pytest.mark.parametrize("kind", USUAL)
def test_it_says_what_the_model_says(kind: str) -> None:
    step, forward = lean_step(model_of(kind))
    check(step, forward, [(200, 201)])
    check(step, forward, [(220, 227)])
    check(step, forward, [(0, 3)])
    check(step, forward, [(31, 32), (150, 154), (3, 4), (60, 61)])


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_a_model_of_another_kind_writes_with_its_own(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    forward = Forward(model_of(kind))
    otherwise = ModelStep(forward)
    with caplog.at_level(logging.INFO):
        assert lean.lean(forward, otherwise, IDS[:1, :40]) is otherwise
    assert "its own forward pass" in caplog.text
    assert OTHERS[kind] in caplog.text


def test_a_model_that_weighs_otherwise_far_on_is_found_out() -> None:
    """Ministral 3 does, behind the length that it was first trained with."""
    turns = {"rope_type": "yarn", "rope_theta": 1e6, "factor": 16.0, "original_max_position_embeddings": 64}
    turns |= {"beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0}
    model = small_model(
        "ministral3",
        sliding_window=None,
        max_position_embeddings=1024,
        rope_parameters={**turns, "llama_4_scaling_beta": 0.1},
    )
    forward = Forward(model)
    step = LeanStep(decoder.Decoder(model), ModelStep(forward))
    with torch.inference_mode():
        proof = lean._Proof(step, forward, IDS[:1, :40])
        assert proof.together() < 1e-4
        assert proof.far() > 1e-2


def test_what_it_writes_the_models_own_pass_goes_on_from() -> None:
    step, forward = lean_step(model_of("qwen3"))
    cache = read(forward, 0, 50)
    with torch.inference_mode():
        for at, end in ((50, 51), (51, 55), (55, 56)):
            step.logits([Slot(cache, at, IDS[0, at:end].tolist())])
    for layer in cache.layers:
        layer.crop(-3)
    torch.testing.assert_close(
        forward(IDS[:1, :60], 53, cache, 7), forward(IDS[:1, :60], 0, None, 7), atol=CLOSE, rtol=CLOSE
    )


def test_a_cache_of_another_kind_is_left_to_the_model() -> None:
    from transformers import DynamicCache

    step, forward = lean_step(model_of("llama"))
    cache = DynamicCache(config=forward.model.config)
    forward(IDS[:1, :20], 0, cache)
    with torch.inference_mode():
        logits = step.logits([Slot(cache, 20, IDS[0, 20:22].tolist())])
    torch.testing.assert_close(logits, forward(IDS[:1, :22], 0, None, 2), atol=CLOSE, rtol=CLOSE)


def test_no_weight_is_held_twice() -> None:
    model = model_of("qwen2")

    def held() -> int:
        storages = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for p in model.parameters()}
        return sum(storages.values())

    before, said = held(), model(IDS[:1, :20]).logits
    step, _ = lean_step(model)
    assert held() == before
    attention = model.model.layers[0].self_attn
    joined = step.decoder.layers[0].attention.weight
    assert joined is not None
    assert attention.k_proj.weight.untyped_storage().data_ptr() == joined.untyped_storage().data_ptr()
    torch.testing.assert_close(model(IDS[:1, :20]).logits, said)


@pytest.mark.parametrize("where", ["alone", "together", "far"])
def test_a_step_that_is_wrong_somewhere_is_not_used(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(LeanStep):
        def read(self, slots: Sequence[Slot], starts: Sequence[int]) -> torch.Tensor:
            logits = super().read(slots, starts)
            is_far = starts[0] != slots[0].start
            here = "far" if is_far else "together" if len(slots) > 1 else "alone"
            return logits.roll(1, -1) if here == where else logits

    forward = Forward(model_of("llama"))
    otherwise = ModelStep(forward)
    monkeypatch.setattr(lean, "LeanStep", Wrong)
    assert lean.lean(forward, otherwise, IDS[:1, :40]) is otherwise


def test_a_model_is_proven_once(monkeypatch: pytest.MonkeyPatch) -> None:
    proofs = []
    deviation = lean.deviation

    def noted(*given: Any) -> float:
        proofs.append(given)
        return deviation(*given)

    monkeypatch.setattr(lean, "deviation", noted)
    monkeypatch.setattr(LeanStep, "choose", lambda *given: "as it is")  # else as the machine is just now
    for files in ("one", "one", "other", ""):
        forward = Forward(small_model("llama"))
        assert isinstance(lean.lean(forward, ModelStep(forward), IDS[:1, :40], files=files), LeanStep)
    assert len(proofs) == 3


def test_layers_that_are_no_plain_ones_are_asked_one_after_the_other() -> None:
    class Own(nn.Module):
        def __init__(self, layer: nn.Linear) -> None:
            super().__init__()
            self.layer, self.out_features = layer, layer.out_features

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x)  # type: ignore[no-any-return]

    model = model_of("llama")
    for layer in model.model.layers:
        for part in (layer.self_attn, layer.mlp):
            for name, child in list(part.named_children()):
                if isinstance(child, nn.Linear):
                    setattr(part, name, Own(child))
    step, forward = lean_step(model)
    assert step.decoder.layers[0].up.weight is None
    check(step, forward, [(20, 22), (7, 8)])


@pytest.mark.skipif(not int8.engines(), reason="this machine has no products of eight bits")
def test_products_of_eight_bits_are_asked_as_they_are() -> None:
    model = small_model("llama", sliding_window=None)
    int8.quantise(model, int8.Form(int8.engines()[0], int8.engines()[0]))
    forward = Forward(model)
    step = lean.lean(forward, ModelStep(forward), IDS[:1, :40])
    assert isinstance(step, LeanStep)
    joined = step.decoder.layers[0].attention
    assert joined.weight is None
    assert isinstance(joined._product, int8.Joined)
    check(step, forward, [(20, 22)])


def test_it_can_be_recorded() -> None:
    """With attention and cache of the recorded steps; nothing of it looks at a number."""
    step, forward = lean_step(model_of("qwen3"))
    played = GraphStep(
        LeanBody(step.decoder), step, Tape, heads=4, window=700, free_bytes=lambda: 1 << 30, first_room=512
    )
    with torch.inference_mode():
        check(played, forward, [(20, 21)])
        check(played, forward, [(30, 34), (200, 201)])
    assert not played.note


def test_its_proof_costs_one_short_pass_and_leaves_no_cache_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    caches: list[weakref.ref[Any]] = []
    new_cache = Forward.new_cache

    def noted(self: Forward) -> Any:
        cache = new_cache(self)
        caches.append(weakref.ref(cache))
        return cache

    model = model_of("llama")
    model.model.layers[0].register_forward_pre_hook(lambda _, args: passes.append(args[0].shape[1]))
    monkeypatch.setattr(Forward, "new_cache", noted)
    step, _ = lean_step(model)  # held while we look
    gc.collect()
    assert step.most_slots > 1
    assert passes == [lean.TOKENS]
    assert caches and not [cache for cache in caches if cache() is not None]


# Products


@pytest.mark.parametrize("rows", [1, 3, MOST_ROWS + 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", sorted(WAYS))
def test_every_way_is_the_same_product(name: str, dtype: torch.dtype, rows: int) -> None:
    weight, bias = torch.randn(48, 32).to(dtype), torch.randn(48).to(dtype)
    x = torch.randn(rows, 32).to(dtype)
    for added in (None, bias):
        try:
            product = products.made(weight, added, Ways(name, name))
            got = product(x)
        except products.FAILED:  # this processor or build has none
            assert name in COPY
            return
        near = 1e-4 if dtype == torch.float32 else 0.1
        torch.testing.assert_close(got, functional.linear(x, weight, added), atol=near, rtol=near)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What each way takes, in place of timing it."""
    took = {"usual": 3.0, "turned": 2.0, "packed": 1.0, "mkl": 4.0}

    def shortest(works: Iterable[str], seconds: float) -> tuple[dict[str, float], bool]:
        return {name: took[name] for name in works}, True

    monkeypatch.setattr(products, "shortest", shortest)
    return took


def test_the_quickest_way_is_taken_and_known_at_the_next_start(slow: dict[str, float]) -> None:
    weights = [torch.randn(16, 8) for _ in range(3)]
    assert products.choose("layers", weights, 1 << 20) == Ways("packed", "packed")
    slow["usual"] = 0.1
    assert products.choose("layers", weights, 1 << 20) == Ways("packed", "packed")
    assert products.choose("other layers", weights, 1 << 20) == products.USUAL


def test_a_copy_is_made_only_where_there_is_room(slow: dict[str, float]) -> None:
    assert products.choose("layers", [torch.randn(16, 8)], 100) == Ways("turned", "turned")


def test_hardly_quicker_is_not_worth_it(slow: dict[str, float]) -> None:
    slow.update(turned=2.9, packed=2.9)
    assert products.choose("layers", [torch.randn(16, 8)], 1 << 20) == products.USUAL


def test_a_way_that_is_wrong_here_is_not_taken(
    slow: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(weight: torch.Tensor, bias: torch.Tensor | None) -> products.Product:
        return lambda x: functional.linear(x, weight, bias) * 1.1

    monkeypatch.setattr(products, "WAYS", {**WAYS, "packed": wrong})
    assert products.choose("layers", [torch.randn(16, 8)], 1 << 20) == Ways("turned", "turned")


def test_on_a_busy_machine_work_is_counted_and_nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(products.time, "perf_counter", lambda: float(next(clock)))
    took, is_sure = products.shortest({"one": lambda: None}, 0.1)
    assert math.isfinite(took["one"])
    assert not is_sure
    weights = [torch.randn(16, 8)]
    products.choose("layers", weights, 1 << 20)
    assert not products.KEPT.place.exists()


# Attention


@pytest.mark.parametrize("by_head", [True, False])
@pytest.mark.parametrize(("heads", "groups"), [(6, 2), (4, 4), (3, 1)])
def test_rows_see_what_stands_before_them(heads: int, groups: int, by_head: bool) -> None:
    attention = Attention(0.3, groups)
    attention.by_head = by_head
    for rows, tokens in ((1, 1), (1, 40), (3, 3), (4, 50), (4, 400), (2, 60)):
        queries = torch.randn(rows, heads, 8)
        keys, values = torch.randn(2, 1, groups, tokens + 9, 8)[:, :, :, :tokens]
        seen = torch.ones(rows, tokens, dtype=torch.bool).tril(tokens - rows)
        right = functional.scaled_dot_product_attention(
            queries.transpose(0, 1)[None], keys, values, attn_mask=seen, scale=0.3, enable_gqa=True
        )
        got = attention(queries, keys, values)
        torch.testing.assert_close(got, right[0].transpose(0, 1).flatten(1), atol=1e-5, rtol=1e-4)


def test_a_norm_is_known_by_what_it_does() -> None:
    class Whole(nn.LayerNorm):
        variance_epsilon = 1e-6

    assert decoder.Norm(small_model("llama").model.norm).eps > 0
    with pytest.raises(decoder.Unusual):
        decoder.Norm(Whole(16))
