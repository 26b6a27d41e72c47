"""How long and how much a model thinks before it answers, as one line of a face says it."""

from __future__ import annotations

import time

from docstra_tui.workspace.wording import thought_words


class Thoughts:
    """Those of one turn."""

    __slots__ = ("_last", "_rest", "_since", "_words", "is_open", "seconds", "tokens")

    def __init__(self) -> None:
        self.is_open = False
        """More may come."""
        self.seconds: float | None = None
        self.tokens: int | None = None
        """Known once the turn is over, if at all."""
        self._since: float | None = None
        self._last = 0.0
        self._words = 0
        self._rest = ""
        """The beginning of a word that may go on."""

    def again(self) -> Thoughts:
        """The same time, and nothing counted: more than was counted before it is thinking."""
        other = Thoughts()
        other._since, other._last, other.seconds = self._since, self._last, self.seconds
        return other

    def count(self, text: str) -> None:
        """There is more of it."""
        text = self._rest + text
        words = text.split()
        goes_on = bool(words) and not text[-1].isspace()
        self._rest = words.pop() if goes_on else ""
        self._words += len(words)

    def watch(self) -> None:
        """Some of it came now."""
        self._last = time.monotonic()
        if self._since is None:
            self._since = self._last
        self.seconds = self._last - self._since
        self.is_open = True

    def tick(self) -> bool:
        """Time goes by; True when another second of it did."""
        if not self.is_open or self._since is None:
            return False
        seconds = time.monotonic() - self._since
        is_another = int(seconds) != int(self.seconds or 0)
        self.seconds = seconds
        return is_another

    def close(self) -> None:
        """The answer begins, or the turn is over."""
        if self.is_open and self._since is not None:
            self.seconds = self._last - self._since
        self.is_open = False

    @property
    def words(self) -> tuple[str, str]:
        """How long, and how much."""
        count = self._words + bool(self._rest)
        return thought_words(self.seconds, self.tokens, count, is_open=self.is_open)
