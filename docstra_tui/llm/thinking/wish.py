"""How much a model is wished to think before it answers: as it does by itself, not at all, freely, or so
many tokens."""

from __future__ import annotations

from typing import Literal

Think = Literal["auto", "off", "on"] | int
"""`auto`: as the model does by itself. A number is the most tokens that it may think."""

WORDS: dict[str, Literal["auto", "off", "on"]] = {"auto": "auto", "off": "off", "on": "on"}

LARGEST = 1_000_000
"""Tokens; no budget is larger."""


def parse(value: str | int) -> Think:
    """The wish that somebody wrote: `auto`, `off`, `on` or a number of tokens, of which 0 is `off`.

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
        if not (word.isascii() and word.isdigit() and len(word) < 10):
            raise ValueError(f"{value[:40]!r} is none of auto, off, on or a number of tokens.")
        number = int(word)
    if not 0 <= number <= LARGEST:
        raise ValueError(f"A budget for thinking has from 0 to {LARGEST:,} tokens, not {number:,}.")
    return number or "off"


def spelt(think: Think) -> str:
    """The wish as one writes it."""
    return str(think)
