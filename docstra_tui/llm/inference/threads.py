"""How many CPU threads read a prompt and write a token.

All threads of torch meet after every small step, some hundred times a token. On a machine that others
use too, each meeting waits for the one thread that was put aside: on 2 busy cores, two threads wrote 0.8
tokens/s where one alone wrote 10.6 (quiet: 16.9 and 12.1), and read 280 tokens in 9.8 s instead of 0.7.
"""

from __future__ import annotations

import time
from collections.abc import Callable

DOUBTS = 4
"""A change to fewer threads that won little is doubted this much sooner at first: it may have been noise."""


class ThreadPace:
    """Watches how long a step takes and tries fewer threads when that grows.

    A quiet machine never leaves the first setting, so watching costs one comparison a step.
    """

    def __init__(
        self,
        most: int,
        set_threads: Callable[[int], None],
        *,
        sample: int,
        try_again: int,
        slow: float,
        known: float = float("inf"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._choices = sorted({most, max(1, most // 2), 1}, reverse=True)
        self._set_threads = set_threads
        self._size = sample
        """Steps from which a pace is judged; their median, so that one hiccup does not count."""
        self._try_again = try_again
        """Steps after which fewer threads than all are doubted again, at most."""
        self._patience = self._soonest = max(1, try_again // DOUBTS)
        """Steps after which they are doubted now."""
        self._slow = slow
        """How much slower than the best pace seen makes it worth trying another number."""
        self._clock = clock
        self._best = known
        """The fastest pace seen with any number, or what was slower and no other number could better; seconds
        a step."""
        self._current = 0
        self._rival: tuple[int, float] | None = None
        """While another number is tried: the one before it, and its pace."""
        self._last: float | None = None
        self._sample: list[float] = []
        self._since = 0

    @property
    def threads(self) -> int:
        """The number in force."""
        return self._choices[self._current]

    def begin(self) -> None:
        """Such steps come now: put the number in force."""
        self._last = None
        self._sample.clear()
        self._set_threads(self.threads)

    def tick(self) -> None:
        """A step has ended; the time since the last tick is its length."""
        now = self._clock()
        if self._last is None:
            self.begin()
        else:
            self.took(now - self._last)
        self._last = now

    def took(self, seconds: float) -> None:
        """A step took this long."""
        self._sample.append(seconds)
        self._since += 1
        if len(self._sample) >= self._size or (self._rival and self._is_hopeless()):
            self._judge()

    def _is_hopeless(self) -> bool:
        """One step of a trial that takes as long as a whole sample before needs no second."""
        return bool(self._rival and self._sample[-1] > self._size * self._rival[1])

    def _judge(self) -> None:
        pace = sorted(self._sample)[len(self._sample) // 2]
        self._sample.clear()
        self._best = min(self._best, pace)
        if self._rival is not None:
            self._end_trial(pace, *self._rival)
        elif pace > self._slow * self._best and self._current + 1 < len(self._choices):
            self._try(self._current + 1, pace)
        elif self._current and self._since >= self._patience:
            self._try(0, pace)
        if self._best < pace:
            self._best *= 1.01  # longer contexts are slower for good: do not compare with the past for ever

    def _end_trial(self, pace: float, before: int, its_pace: float) -> None:
        self._rival, self._since = None, 0
        was_doubt = self._current < before
        if pace > its_pace and not was_doubt and self._current + 1 < len(self._choices):
            self._rival = (before, its_pace)
            self._use(self._current + 1)
            return
        if was_doubt:
            self._patience = min(2 * self._patience, self._try_again)
        else:
            is_clear = pace * self._slow < its_pace
            self._patience = self._try_again if is_clear else self._soonest
        if pace > its_pace:
            self._use(before)
            if not was_doubt:
                self._best = its_pace

    def _try(self, index: int, pace: float) -> None:
        self._rival = (self._current, pace)
        self._use(index)

    def _use(self, index: int) -> None:
        self._current = index
        self._set_threads(self.threads)


def reading_pace(most: int, set_threads: Callable[[int], None], known: float = float("inf")) -> ThreadPace:
    """For reading a prompt; a step is a token of a chunk, told as `took(prefill.pace(tokens, seconds))`.
    `known` is how fast fewer threads were.

    The end of a long prompt takes three times as long as its beginning on the quietest machine.
    """
    return ThreadPace(most, set_threads, sample=1, try_again=8, slow=5.0, known=known)


def writing_pace(most: int, set_threads: Callable[[int], None]) -> ThreadPace:
    """For writing; a step is a token, told as `tick()`."""
    return ThreadPace(most, set_threads, sample=3, try_again=64, slow=1.8)
