"""How the next token is chosen, as OpenAI's requests say it. Needs no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

GREEDY = 1e-4
"""A temperature below this is none: dividing by it would overflow, and the likeliest token wins anyway."""

DRAWING = ("top_p", "top_k", "min_p", "typical_p")
"""What counts only where a token is drawn."""

MOST_STOPS = 16
LONGEST_STOP = 1000
"""Characters of one text that ends an answer."""


class BadSampling(ValueError):
    """A value that cannot be used; `param` is its name in a request."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(f"{param} {message}")
        self.param = param


@dataclass(frozen=True)
class Sampling:
    """One request's wishes; None is the model's own setting. Raises `BadSampling`."""

    temperature: float | None = None
    """0 is greedy."""
    top_p: float | None = None
    """Only the likeliest tokens that have this share together; 0 is greedy."""
    seed: int | None = None
    """The same seed and prompt give the same answer, on the same machine."""
    frequency_penalty: float = 0.0
    """Taken from a token's logit for each time it was written."""
    presence_penalty: float = 0.0
    """Taken once from the logit of each token that was written."""
    stop: tuple[str, ...] = ()
    """Texts that end the answer and are not shown."""
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    """Added to the logits of these ids; -100 bans, 100 as good as forces."""

    def __post_init__(self) -> None:
        _within("temperature", self.temperature, 0, 100)
        _within("top_p", self.top_p, 0, 1)
        _within("frequency_penalty", self.frequency_penalty, -2, 2)
        _within("presence_penalty", self.presence_penalty, -2, 2)
        if self.seed is not None and not -(1 << 63) <= self.seed < 1 << 64:
            raise BadSampling("seed", "has more than 64 bits.")
        if len(self.stop) > MOST_STOPS:
            raise BadSampling("stop", f"has more than {MOST_STOPS} texts.")
        if any(not 0 < len(text) <= LONGEST_STOP for text in self.stop):
            raise BadSampling("stop", f"has a text that is empty or longer than {LONGEST_STOP} characters.")
        for bias in self.logit_bias.values():
            _within("logit_bias", bias, -100, 100)

    def heat(self, usual: float) -> float:
        """The temperature to use, 0.0 for greedy; `usual` where the request says none."""
        if self.top_p is not None and self.top_p < GREEDY:
            return 0.0
        heat = usual if self.temperature is None else self.temperature
        return heat if heat >= GREEDY else 0.0


def _within(param: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not (math.isfinite(value) and least <= value <= most):
        raise BadSampling(param, f"is {value:g}; it must be between {least:g} and {most:g}.")
