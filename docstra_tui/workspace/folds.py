"""Long texts where one writes: each is a short mark there, and whole wherever it goes.

A mark stands for its text only as long as it is whole; whoever draws it keeps it so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

LONG_LINES = 20
"""A text of more lines is folded when it is pasted, …"""
LONG_CHARACTERS = 3_000
"""… and one that is longer than this."""
KEPT = 16
"""Texts that are remembered though their marks are gone: an undo, or a question that comes back, has them."""

MARK = re.compile(r"\[▸ [\d,]+ (?:lines|characters)(?: · \d+)?\]")
"""A mark as `words` makes it."""


def size_of(text: str) -> str:
    """`500 lines`; of a text that is one long line, its characters."""
    lines = text.count("\n") + (not text.endswith("\n"))
    return f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"


def words(number: int, text: str) -> str:
    """A mark that can be read: `[▸ 500 lines]`, with a number where there are several."""
    return f"[▸ {size_of(text)}{f' · {number}' if number > 1 else ''}]"


class Folds:
    """The long texts of one place to write, by their marks."""

    def __init__(
        self,
        mark: Callable[[int, str], str] = words,
        pattern: re.Pattern[str] = MARK,
        *,
        most: int = 1_000,
    ) -> None:
        """`mark` makes the mark of a text, one of `most` numbers; `pattern` finds whatever may be one."""
        self._mark = mark
        self._pattern = pattern
        self._most = most
        self._texts: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    @staticmethod
    def is_long(text: str) -> bool:
        """True for a text that is folded when it is pasted."""
        return len(text) > LONG_CHARACTERS or text.count("\n") >= LONG_LINES

    def fold(self, text: str) -> str:
        """The mark that stands for `text` from now on; itself where there are too many."""
        for mark, known in self._texts.items():
            if known == text:
                return mark
        for number in range(1, self._most + 1):
            mark = self._mark(number, text)
            if mark not in self._texts:
                self._texts[mark] = text
                return mark
        return text

    def of(self, mark: str) -> str | None:
        """The text of a mark; None for what is none."""
        return self._texts.get(mark)

    def whole(self, written: str) -> str:
        """What is written, with each text in the place of its mark."""
        if not self._texts:
            return written
        return self._pattern.sub(lambda found: self._texts.get(found[0], found[0]), written)

    def again(self, text: str) -> str:
        """`text` with a mark wherever a text stands that was folded before."""
        for mark, known in self._texts.items():
            text = text.replace(known, mark)
        return text

    def forget_unused(self, written: str) -> None:
        """Of the texts whose marks do not stand there, only the latest are kept."""
        unused = [mark for mark in self._texts if mark not in written]
        for mark in unused[: max(0, len(unused) - KEPT)]:
            del self._texts[mark]

    def spans(self, line: str) -> list[tuple[int, int]]:
        """Where the marks of a line begin and end."""
        if not self._texts:
            return []
        return [found.span() for found in self._pattern.finditer(line) if found[0] in self._texts]
