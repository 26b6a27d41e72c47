"""How large a prompt is: counted, estimated, or so large that nobody counts on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from docstra_tui.llm.prompt import Message

CHARACTERS_A_TOKEN = 3.5
"""Code is denser than prose."""

MESSAGE_CHARACTERS = 16
"""What a message's own marks are worth in it."""

WINDOWS_COUNTED = 8
"""Windows of the model after which counting ends: what is larger has to shrink, however much larger it is."""

BYTES_A_TOKEN = 32
"""The densest that counts: more bytes than this for each token of those windows are more than these windows.
Code has three or four; only long runs of spaces have more."""

MOST_TOKENS = 10**9
"""No window, prompt or answer has so many: a server that tells more does not know. Some say 10^30 of a
window without a bound."""

BODY_SLACK = 1 << 20
"""Bytes of a request for everything but its text."""


def largest_body(window: int) -> int:
    """Bytes of a request beyond which no counting is needed to know that it is too large."""
    return WINDOWS_COUNTED * window * BYTES_A_TOKEN + BODY_SLACK


def is_count(value: Any) -> TypeGuard[int]:
    """True for a number of tokens, as JSON may hold anything in its place."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_TOKENS


def is_size(value: Any) -> TypeGuard[int]:
    """True for that of a window or a prompt, which has at least one token."""
    return is_count(value) and value > 0


class TooLong(Exception):
    """Counting ended at so many tokens; there are more."""

    def __init__(self, tokens: int) -> None:
        super().__init__(f"more than {tokens:,} tokens")
        self.tokens = tokens


@dataclass(frozen=True)
class Room:
    """How long a prompt, its answer with it, may be for the memory that is free now, where that is less than
    the window."""

    tokens: int
    compact: int | None = None
    """The same where what is read is kept in 8 bits; None where that is no choice, or is done already."""
    on_gpu: bool = False
    """True where the CPU has memory of its own."""


@dataclass(frozen=True)
class Measure:
    """A prompt's size."""

    tokens: int
    """Of the whole rendered prompt."""
    cached: int | None
    """Leading tokens that are in the model's cache; None when the model does not tell."""
    is_least: bool = False
    """True when counting ended there: it has more than eight windows."""
    room: Room | None = None
    """None where memory is no limit, or nobody tells."""
    pace: float | None = None
    """Tokens that the model reads in a second; None where nobody knows."""


def estimate(messages: Sequence[Message]) -> int:
    """Tokens of a prompt where nobody can count."""
    characters = sum(len(message["content"]) + MESSAGE_CHARACTERS for message in messages)
    return max(1, round(characters / CHARACTERS_A_TOKEN))
