"""A part of a prompt attends to what was read before it as it would in one piece."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from docstra_tui.llm.inference import chunk_attention, proof
from docstra_tui.llm.inference.forward import Forward
from tests.llm.small_models import small_model
from tests.tiny_models import tiny_tokenizer

KINDS = ("llama", "qwen3", "gemma3_text", "mistral", "deepseek_v3", "qwen3_moe", "lfm2")


def in_parts(model: Any, ids: torch.Tensor, *cuts: int) -> torch.Tensor:
    forward = Forward(model)
    cache, rows, start = forward.new_cache(), [], 0
    for end in (*cuts, ids.shape[1]):
        rows.append(forward(ids[:, :end], start, cache, end - start))
        start = end
    return torch.cat(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_attends_in_parts_says_the_same(kind: str) -> None:
    model = small_model(kind)
    ids = torch.randint(10, 60, (1, 50), generator=torch.Generator().manual_seed(1))
    whole = in_parts(model, ids)
    assert chunk_attention.use(model)
    try:
        found = in_parts(model, ids, 7, 8, 33)
    finally:
        chunk_attention.leave(model)
    torch.testing.assert_close(found, whole, atol=2e-4, rtol=2e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("tokens", [2, 5, 64])
def test_what_is_put_together_is_what_a_mask_gives(dtype: torch.dtype, tokens: int) -> None:
    torch.manual_seed(0)
    query = torch.randn(1, 6, tokens, 16, dtype=dtype)
    key, value = (torch.randn(1, 2, 90 + tokens, 16, dtype=dtype) for _ in range(2))
    hides = torch.ones(tokens, 90 + tokens, dtype=torch.bool).tril(90)
    right = torch.nn.functional.scaled_dot_product_attention(query, key, value, hides, enable_gqa=True)
    found = chunk_attention.over_past(query, key, value)
    torch.testing.assert_close(found, right, atol=2e-2 if dtype == torch.bfloat16 else 1e-5, rtol=0)


def test_no_mask_is_made_and_no_key_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model("llama")
    seen: list[tuple[int, int]] = []
    over_past = chunk_attention.over_past

    def noted(query: Any, key: Any, value: Any, scale: Any) -> Any:
        seen.append((query.shape[2], key.shape[2]))
        assert key.shape[1] == model.config.num_key_value_heads
        return over_past(query, key, value, scale)

    monkeypatch.setattr(chunk_attention, "over_past", noted)
    assert chunk_attention.use(model)
    try:
        in_parts(model, torch.arange(10, 50)[None], 16, 39)
    finally:
        chunk_attention.leave(model)
    assert seen == [(23, 39)] * model.config.num_hidden_layers  # neither for the first part nor for one token


def test_a_model_that_goes_its_own_way_attends_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model("llama")
    monkeypatch.setattr(chunk_attention, "over_past", lambda query, *given: torch.zeros_like(query))
    assert proof.objection(Forward(model), tiny_tokenizer("llama", 256)) == ""
    assert model.config._attn_implementation == "sdpa"


def test_what_a_model_passed_with_is_what_it_attends_with_at_the_next_start() -> None:
    def attends(kind: str) -> str:
        model = small_model(kind)
        assert proof.objection(Forward(model), tiny_tokenizer("llama", 256), "files") == ""
        return str(model.config._attn_implementation)

    assert attends("llama") == attends("llama") == chunk_attention.NAME
