"""A model that tells positions otherwise in long prompts reads them once, and takes them up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging as theirs

from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.loading import positions
from docstra_tui.llm.loading.loader import load
from tests.llm.inference.cached import tokens_read
from tests.llm.small_models import small_model
from tests.llm.two_turns import ask, is_right, some_ids
from tests.tiny_models import tiny_tokenizer

TRAINED = 64
STRETCH = {
    "rope_type": "longrope",
    "rope_theta": 10_000.0,
    "original_max_position_embeddings": TRAINED,
    "short_factor": [1.0 + n / 8 for n in range(8)],
    "long_factor": [2.0 + 3 * n for n in range(8)],
    "short_mscale": 1.1,
    "long_mscale": 1.3,
}


def saved(folder: Path, kind: str) -> Any:
    """A small model of a kind with two sets of frequencies, in a folder, and as transformers has it."""
    torch.set_num_threads(1)
    theirs.set_verbosity_error()
    plain = small_model(kind)
    stretch = {name: value for name, value in STRETCH.items() if kind == "phimoe" or "mscale" not in name}
    values = {**plain.config.to_dict(), "rope_parameters": stretch, "max_position_embeddings": 256}
    if hasattr(plain.config, positions.ORIGINAL):
        values[positions.ORIGINAL] = TRAINED
    model = AutoModelForCausalLM.from_config(type(plain.config)(**values), dtype=torch.float32).eval()
    model.save_pretrained(folder)
    tiny_tokenizer("llama", 256).save_pretrained(folder)
    return model


@pytest.mark.parametrize("kind", ["phi3", "phimoe", "llama"])
def test_a_long_prompt_is_read_once_and_reused(kind: str, tmp_path: Path) -> None:
    """Phi 3 read all of 70, 90 and 115 tokens anew for three chunks; a llama answered otherwise than
    `generate`, in silence."""
    plain = saved(tmp_path / "m", kind)
    loaded = load(ModelSpec(str(tmp_path / "m"), device="cpu"))
    generator = Generator(loaded.model, loaded.tokenizer, cache_bytes=1 << 26)
    generator._sizer.tokens = 33
    generator._sizer.learn = lambda tokens, seconds: None  # type: ignore[method-assign]
    assert generator.objection == ""

    first = some_ids(3, 90)
    with tokens_read(generator) as read:
        answer, _ = ask(generator, first, cut=70)
    assert sum(read) == len(first) + len(answer) - 1
    assert is_right(plain, first, answer)

    second = first + answer + some_ids(5, 20)
    after, reused = ask(generator, second, cut=len(first + answer))
    assert is_right(plain, second, after)
    assert reused >= len(first)


def test_an_answer_that_grows_past_the_window_of_the_training_goes_on(tmp_path: Path) -> None:
    saved(tmp_path / "m", "phi3")
    loaded = load(ModelSpec(str(tmp_path / "m"), device="cpu"))
    generator = Generator(loaded.model, loaded.tokenizer, cache_bytes=1 << 26)
    short = some_ids(7, TRAINED - 2)
    with tokens_read(generator) as read:
        answer, _ = ask(generator, short)
    assert sum(read) == len(short) + len(answer) - 1


@pytest.mark.parametrize("kind", ["phi3", "llama", "mamba", "gemma3_text"])
def test_all_others_are_as_they_were(kind: str) -> None:
    config = small_model(kind).config
    before = config.to_dict()
    assert not positions.settle(config)
    assert config.to_dict() == before
