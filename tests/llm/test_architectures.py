"""Every kind of model answers as plain `generate` does, in its first turn and in the second on top of it.

A kind that cannot be read in parts is found out at load, by what it does and not by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.utils import logging as theirs

from docstra_tui.llm.inference import proof
from docstra_tui.llm.inference.generation import Generator
from tests.llm.small_models import small_model
from tests.llm.two_turns import ask, is_right, plain_step, some_ids
from tests.tiny_models import tiny_tokenizer

NOT_SMALL = {
    "blt": "plain generate raises: its configuration has no num_hidden_layers",
    "dots3_note": "its parts that see and hear have no small form; dots3_note_text is its text",
    "gemma3n": "its eyes need the package timm; gemma3n_text is its text",
    "gemma4_assistant": "drafts for another model and writes nothing by itself",
    "gemma4_unified_assistant": "drafts for another model and writes nothing by itself",
    "musicgen": "writes sound",
    "musicgen_melody": "writes sound",
}
"""Kinds that are left out, and why."""

KEEPS_NO_CACHE = {
    *("minimax", "openai-gpt", "prophetnet", "reformer", "rwkv"),
    *("xlm", "xlnet", "xlstm"),
}
"""State in a form of their own."""

READS_OTHERWISE = {"cpmant", "falcon_mamba", "jamba", "mamba", "moshi", "recurrent_gemma", "zamba"}
"""Answer otherwise when they read in parts."""

LOGITS = 1e-3
"""How far off logits may be, as a share of their spread: kept from plain they are off by 1e-4 at most."""
KINDS = sorted(set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES) - set(NOT_SMALL))


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    torch.set_num_threads(1)
    theirs.set_verbosity_error()
    yield


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_tokenizer("llama", 256)


@pytest.mark.parametrize("kind", KINDS)
def test_two_turns_are_those_of_plain_generate(kind: str, tokenizer: Any) -> None:
    model = small_model(kind)
    generator = Generator(model, tokenizer, cache_bytes=1 << 26)
    generator._sizer.tokens = 33
    generator._sizer.learn = lambda tokens, seconds: None  # type: ignore[method-assign]
    files = some_ids(3, 70)

    first = files + some_ids(4, 20)
    answer, _ = ask(generator, first, cut=len(files))
    assert is_right(model, first, answer)

    second = first + answer + some_ids(5, 20)
    if not generator.objection:
        assert off(generator, second) < LOGITS
    after, reused = ask(generator, second, cut=len(first + answer))
    assert is_right(model, second, after)

    if kind in KEEPS_NO_CACHE:
        assert (generator.objection, reused) == (proof.NO_CACHE, 0)
    elif kind in READS_OTHERWISE:
        assert (generator.objection, reused) == (proof.NOT_THE_SAME, 0)
    else:
        assert generator.objection == ""
        assert reused >= len(first)


def off(generator: Generator, ids: list[int]) -> float:
    """How far the logits after `ids` are from plain ones when what is cached of them is reused."""
    known = max(generator.prefixes._prompts, key=lambda prompt: prompt.reusable(ids))
    start = known.reusable(ids)
    assert start
    twin = known.branch(start, generator._forward.new_cache())
    right = plain_step(generator._model, ids)
    got = generator._forward(torch.tensor([ids]), start, twin.cache)[0]
    return float((got - right).abs().max() / right.std())


def test_every_kind_there_is_was_thought_of() -> None:
    kinds = set(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES)
    for named in (set(NOT_SMALL), KEEPS_NO_CACHE, READS_OTHERWISE):
        assert named <= kinds


@pytest.mark.parametrize("kind", sorted(NOT_SMALL))
def test_what_is_left_out_still_cannot_be_made_small(kind: str) -> None:
    """A newer transformers may mend it: then it joins the others."""
    with pytest.raises(Exception):  # noqa: B017
        model = small_model(kind)
        model.generate(torch.tensor([some_ids(1, 20)]), max_new_tokens=1)
