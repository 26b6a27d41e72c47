"""Tokens read again by a second question, for models whose caches cannot simply be cut.

Random-weight models of the real architectures: a count of tokens through the first layer needs no trained
weights.
"""

from __future__ import annotations

import random
from typing import Any

import torch

from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.prefill import decoder_layers
from docstra_tui.llm.inference.recipe import Request
from tests.llm.small_models import small_model
from tests.tiny_models import tiny_hybrid, tiny_model, tiny_tokenizer

FILE_TOKENS, QUESTION_TOKENS = 1500, 12


def prefilled_again() -> dict[str, tuple[int, int]]:
    """By kind of model: tokens read for the first question, and for the second on the same files."""
    plain, sliding = tiny_tokenizer("llama", 4096), tiny_tokenizer("gemma3", 4096)
    models = {
        "full_attention": (tiny_model("llama", plain, layers=2, window=4096, seed=0), plain),
        "sliding_window": (tiny_model("gemma3", sliding, layers=4, window=4096, seed=0), sliding),
        "hybrid": (tiny_hybrid(plain), plain),
        "states": (small_model("mamba2"), plain),
    }
    return {kind: _count(model, tokenizer) for kind, (model, tokenizer) in models.items()}


def _count(model: Any, tokenizer: Any) -> tuple[int, int]:
    generator = Generator(model, tokenizer, cache_bytes=1 << 30)
    read: list[int] = []

    def count(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        hidden: torch.Tensor = args[0] if args else kwargs["hidden_states"]
        read.append(int(hidden.shape[1]))

    hook = decoder_layers(model)[0].register_forward_pre_hook(count, with_kwargs=True)
    rng = random.Random(0)
    files = [rng.randrange(10, 300) for _ in range(FILE_TOKENS)]
    counts = []
    for _ in range(2):
        read.clear()
        question = [rng.randrange(10, 300) for _ in range(QUESTION_TOKENS)]
        request = Request([*files, *question], max_new_tokens=1, temperature=0.0, cut=len(files))
        generator.answer(request, lambda text: None, lambda: False)
        counts.append(sum(read))
    hook.remove()
    return counts[0], counts[1]
