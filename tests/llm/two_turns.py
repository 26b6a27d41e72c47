"""Asking a small model through our generator, and what plain `generate` says to the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch

from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.inference.streaming import AnswerStreamer
from tests.llm.small_models import VOCABULARY

TIE = 1e-3
"""Where the two best logits are closer than this, as a share of their spread, either id is right."""


@contextmanager
def written() -> Iterator[list[list[int]]]:
    """The ids of each answer that ends."""
    seen: list[list[int]] = []
    finish = AnswerStreamer.finish

    def noted(streamer: AnswerStreamer) -> None:
        seen.append(list(streamer.ids))
        finish(streamer)

    with mock.patch.object(AnswerStreamer, "finish", noted):
        yield seen


def ask(generator: Generator, ids: list[int], cut: int = 0) -> tuple[list[int], int]:
    """What is written after `ids`, and how many of them were reused."""
    with written() as seen:
        ended = generator.answer(Request(ids, 5, 0.0, cut=cut), lambda text: None, lambda: False)
    assert not isinstance(ended, Exception), ended
    return seen[0], ended.usage.reused_tokens or 0


def plain_step(model: Any, ids: list[int]) -> torch.Tensor:
    """The first logits of plain `generate`."""
    with torch.inference_mode():
        out = model.generate(
            torch.tensor([ids]),
            max_new_tokens=1,
            do_sample=False,
            output_logits=True,
            return_dict_in_generate=True,
        )
    logits: torch.Tensor = out.logits[0][0]
    return logits


def is_right(model: Any, ids: list[int], answer: list[int]) -> bool:
    """Is it what plain `generate` writes, up to the first near tie?"""
    plain = model.generate(torch.tensor([ids]), max_new_tokens=5, do_sample=False)[0, len(ids) :].tolist()
    if answer == plain:
        return True
    same = next(n for n, (one, other) in enumerate(zip(answer, plain, strict=False)) if one != other)
    logits = plain_step(model, ids + plain[:same])
    best = torch.topk(logits, 2).values
    return bool((best[0] - best[1]) / logits.std() < TIE)


def some_ids(seed: int, count: int) -> list[int]:
    rng = random.Random(seed)
    return [rng.randrange(10, VOCABULARY - 10) for _ in range(count)]
