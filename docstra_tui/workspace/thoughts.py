"""How long and how much a model thinks before it answers, as one line of a face says it."""

from __future__ import annotations

import re
import time

from docstra_tui.workspace.wording import thought_words

_SIGNS = (
    r"\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f"
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003fffd"
)
"""Han, kana and bopomofo: no space parts their words, and each counts as one, as editors there do it."""
_MARKS = (
    r"\u2014\u2018-\u201f\u2026\u3001-\u3003\u3008-\u301f\u30fb"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
"""What stands between them."""
_RUN = re.compile(rf"([{_SIGNS}]+)|[^\s{_SIGNS}]+")
_NO_MARK = re.compile(rf"[^{_MARKS}]")


def count_words(text: str) -> int:
    """What `Thoughts` counts, of a whole text."""
    return sum(map(_words_of, _RUN.finditer(text)))


def _words_of(run: re.Match[str]) -> int:
    return len(run[1]) if run[1] else bool(_NO_MARK.search(run[0]))


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
        """A character of a word that may go on: by it the word counts, if it does."""

    def again(self) -> Thoughts:
        """The same time, and nothing counted: more than was counted before it is thinking."""
        other = Thoughts()
        other._since, other._last, other.seconds = self._since, self._last, self.seconds
        return other

    def count(self, text: str) -> None:
        """There is more of it."""
        text, self._rest = self._rest + text, ""
        for run in _RUN.finditer(text):
            if run.end() == len(text) and not run[1]:
                self._rest = (_NO_MARK.search(run[0]) or run)[0][:1]
            else:
                self._words += _words_of(run)

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
        count = self._words + count_words(self._rest)
        return thought_words(self.seconds, self.tokens, count, is_open=self.is_open)
