"""How many CPU threads write a token.

All threads of torch meet after every small step of a token, some hundred times. On a machine that others
use too, each meeting waits for the one thread that was put aside: on 2 busy cores, two threads wrote 0.8
tokens/s where one alone wrote 10.6 (quiet: 16.9 and 12.1). Reading a prompt has few, large steps and
keeps all threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SAMPLE = 3
"""Tokens from which a pace is judged; the median, so that one hiccup does not count."""
SLOW = 1.8
"""How much slower than the best pace seen makes it worth trying another number."""
TRY_AGAIN = 64
"""Tokens after which fewer threads than all are doubted again."""


class ThreadPace:
    """Watches the seconds between tokens and tries fewer threads when they grow.

    A quiet machine never leaves the first setting, so watching costs one comparison a token.
    """

    def __init__(
        self,
        most: int,
        set_threads: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._choices = sorted({most, max(1, most // 2), 1}, reverse=True)
        self._set_threads = set_threads
        self._clock = clock
        self._best = float("inf")
        """The fastest pace seen with any number, seconds a token."""
        self._current = 0
        self._rival: tuple[int, float] | None = None
        """While another number is tried: the one before it, and its pace."""
        self._last: float | None = None
        self._sample: list[float] = []
        self._since = 0

    @property
    def threads(self) -> int:
        """The number in force while writing."""
        return self._choices[self._current]

    def reading(self) -> None:
        """A prompt is read: all threads."""
        self._last = None
        self._set_threads(self._choices[0])

    def wrote_token(self) -> None:
        """Called once a token."""
        now = self._clock()
        if self._last is None:
            self._set_threads(self.threads)
            self._sample.clear()
        else:
            self._sample.append(now - self._last)
            self._since += 1
        self._last = now
        if len(self._sample) == SAMPLE or (self._rival and self._is_hopeless()):
            self._judge()

    def _is_hopeless(self) -> bool:
        """One token of a trial that takes as long as a whole sample before needs no second."""
        return bool(self._rival and self._sample and self._sample[-1] > SAMPLE * self._rival[1])

    def _judge(self) -> None:
        pace = sorted(self._sample)[len(self._sample) // 2]
        self._sample.clear()
        self._best = min(self._best, pace)
        if self._rival is not None:
            before, its_pace = self._rival
            self._rival = None
            self._since = 0
            if pace > its_pace:
                self._use(before)
        elif pace > SLOW * self._best and self._current + 1 < len(self._choices):
            self._try(self._current + 1, pace)
        elif self._current and self._since >= TRY_AGAIN:
            self._try(0, pace)
        if self._best < pace:
            self._best *= 1.01  # longer contexts are slower for good: do not compare with the past for ever

    def _try(self, index: int, pace: float) -> None:
        self._rival = (self._current, pace)
        self._use(index)

    def _use(self, index: int) -> None:
        self._current = index
        self._set_threads(self.threads)
