"""The choice of a token from its logits, by the rules that `generate` made.

On a CPU, drawing from a whole vocabulary and sorting it takes longer than much of the model's work. So where
only the likeliest few tokens may come, the rules behind that look at those alone. An answer with a seed is
drawn from the whole vocabulary all the same: so its random numbers are those of `generate`.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

BEHIND = (MinPLogitsWarper, TopPLogitsWarper, TypicalLogitsWarper)
"""Rules that only look at how likely the tokens are that may come."""


class Choice:
    """How the tokens of one answer are chosen."""

    def __init__(
        self,
        rules: LogitsProcessorList,
        *,
        samples: bool,
        generator: torch.Generator | None = None,
        on_cpu: bool = True,
    ) -> None:
        """Without a generator, chance is torch's own."""
        self._rules = list(rules)
        self._samples = samples
        self._on_cpu = on_cpu
        self._generator = generator
        self.is_sound: torch.Tensor | None = None
        """Whether the latest token was drawn from numbers, on the device still; None where torch looked."""
        self._few: list[Any] | None = None
        """The rules behind the one that leaves only a few tokens; None where all are looked at."""
        self._most = 0
        first = next((n for n, rule in enumerate(self._rules) if type(rule) is TopKLogitsWarper), None)
        if first is not None and samples and generator is None and on_cpu:
            behind = self._rules[first + 1 :]
            if all(type(rule) in BEHIND for rule in behind):
                self._most = self._rules[first].top_k
                self._rules, self._few = self._rules[:first], behind

    def __call__(self, ids: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        """The id that comes behind `ids`, which are of shape (1, length), as a tensor of shape (1,)."""
        if not self._samples:
            return torch.argmax(self._scores(ids, logits), dim=-1)
        chances, tokens = self.chances(ids, logits)
        if not self._on_cpu:
            self.is_sound = torch.isfinite(chances.sum())
            return draw(chances, self._generator)
        drawn = torch.multinomial(chances, num_samples=1, generator=self._generator)[0]
        return drawn if tokens is None else tokens[drawn]

    def chances(self, ids: torch.Tensor, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """How likely each of some tokens is, and which tokens those are; None for the whole vocabulary."""
        scores, tokens = self._scores(ids, logits), None
        if self._few is not None:
            least = torch.topk(scores, min(self._most, scores.shape[-1]))[0][..., -1:]
            tokens = (scores >= least)[0].nonzero()[:, 0]
            scores = scores[:, tokens]
            for rule in self._few:
                scores = rule(ids, scores)
        return torch.nn.functional.softmax(scores, dim=-1), tokens

    def _scores(self, ids: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        scores = logits.to(ids.device, torch.float32, copy=True)
        for rule in self._rules:  # not by the list itself: it looks at each one's parameters every time
            scores = rule(ids, scores)
        return scores


def draw(chances: torch.Tensor, generator: torch.Generator | None = None) -> torch.Tensor:
    """What `torch.multinomial` draws, by the same arithmetic and from the same random numbers.

    That looks at the chances first, for which the host would wait for a GPU.
    """
    waits = torch.empty_like(chances).exponential_(1, generator=generator)
    return torch.argmax(chances / waits, dim=-1)
