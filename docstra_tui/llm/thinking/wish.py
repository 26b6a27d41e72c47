"""How much a model is wished to think before it answers: as it does by itself, not at all, freely, or so
many tokens."""

from __future__ import annotations

from typing import Literal, TypeGuard, get_args

Effort = Literal["minimal", "low", "medium", "high", "xhigh", "max"]
"""How hard to think, as OpenAI's clients say it. For a model that knows no effort it is `on`."""

EFFORTS: tuple[Effort, ...] = get_args(Effort)

Think = Literal["auto", "off", "on"] | Effort | int
"""`auto`: as the model does by itself. A number is the most tokens that it may think."""

WORDS: dict[str, Literal["auto", "off", "on"]] = {"auto": "auto", "off": "off", "on": "on"}

LARGEST = 1_000_000
"""Tokens; no budget is larger."""


def parse(value: str | int) -> Think:
    """The wish that somebody wrote: `auto`, `off`, `on`, an effort, or a number of tokens (0 is `off`).

    Raises `ValueError` with a sentence for people.
    """
    if value is True or value is False:
        return "on" if value else "off"
    if isinstance(value, int):
        number = value
    else:
        word = value.strip().lower()
        if word in WORDS:
            return WORDS[word]
        if is_effort(word):
            return word
        if not (word.isascii() and word.isdigit() and len(word) < 10):
            raise ValueError(
                f"{value[:40]!r} is none of auto, off, on, low, medium, high or a number of tokens."
            )
        number = int(word)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"A budget for thinking has from 0 to {LARGEST:,} tokens, not {number:,}.")
    return number or "off"


def is_effort(think: object) -> TypeGuard[Effort]:
    """True for one of the words for how hard to think."""
    return isinstance(think, str) and think in EFFORTS


def kind(think: Think) -> Literal["auto", "off", "on"]:
    """Whether that is to think at all."""
    return think if think == "auto" or think == "off" else "on"


def spelt(think: Think) -> str:
    """The wish as one writes it."""
    return str(think)
