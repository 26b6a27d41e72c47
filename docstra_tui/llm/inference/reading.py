"""How far a prompt is read, and how long the rest of it will take: told after each chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from docstra_tui.llm.answer import Reading

LONG = 1024
"""More tokens to read are worth telling about on any device; on a slow one fewer are."""

USUAL = 2048
"""Tokens of a prompt, where its length is not known yet."""

FADES = 0.95
"""What a chunk counts for once another is read: a machine does not stay as busy as it was."""

HICCUP = 3.0
"""Times what was expected: a chunk that took longer counts as one that took so long. On a machine with too
much to do a single chunk may stand still for twenty seconds."""

LITTLE = 32
"""Tokens for which counts what was found out about the speed at load."""

ENOUGH_SECONDS = 0.2
"""Of reading, before anybody takes an estimate from it: a first small chunk says nothing of a fast device."""

DOUBT = 0.1
"""Of the way from the chunks seen to the prompt's end: how far apart they have to be before the trend that
they show counts for much."""


class ReadingSpeed:
    """How fast one model reads, learned from all its prompts.

    A token takes the longer the more stands before it, so its seconds are a straight line over its place.
    """

    def __init__(self) -> None:
        self._weight = self._x = self._y = self._xx = self._xy = 0.0
        """Sums over the chunks, by tokens: their places, the seconds of a token there, and the products."""
        self._seconds = 0.0

    def learn(self, at: int, tokens: int, seconds: float) -> None:
        """So many tokens behind the first `at` were read in so many seconds."""
        self._seconds += seconds
        expected = self._expected(at, at + tokens)
        if expected:
            seconds = min(seconds, HICCUP * expected)
        x, y = at + tokens / 2, seconds / tokens
        self._weight = FADES * self._weight + tokens
        self._x = FADES * self._x + tokens * x
        self._y = FADES * self._y + tokens * y
        self._xx = FADES * self._xx + tokens * x * x
        self._xy = FADES * self._xy + tokens * x * y

    def expect(self, pace: float) -> None:
        """Before anything was read: a token takes so many seconds, more or less."""
        self._weight, self._y = LITTLE, LITTLE * pace

    def seconds(self, done: int, total: int) -> float | None:
        """What reading on from `done` to `total` will take; None while too little is known."""
        return self._expected(done, total) if self._seconds >= ENOUGH_SECONDS else None

    def _expected(self, done: int, total: int) -> float | None:
        if not self._weight:
            return None
        x, y = self._x / self._weight, self._y / self._weight
        spread = max(self._xx / self._weight - x * x, 0.0)
        doubt = (DOUBT * max(total - x, 1.0)) ** 2
        slope = max((self._xy / self._weight - x * y) / (spread + doubt), 0.0)
        middle = (done + total) / 2
        return (total - done) * max(y + slope * (middle - x), y / HICCUP)


class ReadingProgress:
    """Says of one prompt after the other how far it is read. Runs in the inference thread, `pace` apart."""

    def __init__(self) -> None:
        self._speed = ReadingSpeed()
        self._emit: Callable[[Reading], None] | None = None
        self._total = 0

    def expect(self, pace: float) -> None:
        """Before anything was read: a token takes so many seconds, more or less."""
        self._speed.expect(pace)

    @contextmanager
    def told(self, done: int, total: int, emit: Callable[[Reading], None] | None) -> Iterator[None]:
        """Inside, `emit`, if there is one, hears how reading goes on behind the first `done` tokens."""
        self._emit, self._total = emit, total
        try:
            self._tell(done)
            yield
        finally:
            self._emit = None

    def told_where_long(
        self, done: int, total: int, chunk: int, emit: Callable[[Reading], None]
    ) -> AbstractContextManager[None]:
        """`told`, unless it is read in one `chunk` or soon."""
        return self.told(done, total, emit if total - done > min(chunk, LONG) else None)

    def took(self, at: int, tokens: int, seconds: float) -> None:
        """So many tokens behind the first `at` are read, in so many seconds."""
        self._speed.learn(at, tokens, seconds)
        self._tell(at + tokens)

    @property
    def pace(self) -> float | None:
        """Tokens of a usual prompt that are read in a second, for any thread; None before that is known."""
        seconds = self._speed.seconds(0, USUAL)
        return USUAL / seconds if seconds else None

    def _tell(self, done: int) -> None:
        if self._emit is not None:
            self._emit(Reading(done, self._total, self._speed.seconds(done, self._total)))
