"""From an answer and what was sent to citations."""

from __future__ import annotations

import re
from collections.abc import Iterable

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.citation import Citation, Named

_SPAN = re.compile(r"(?<!`)`([^`\n]{4,400})`(?!`)")


class Checker:
    """Checks an answer while it streams; `items` are what was sent, in their order.

    Runs beside a face, never in its thread: names are looked up by a process.
    """

    def __init__(self, items: Iterable[ContextItem]) -> None:
        self._items = tuple(items)
        self._answer = ""
        self.citations: tuple[Citation, ...] = ()
        """Of what was fed so far."""

    def feed(self, piece: str) -> None:
        """Take the next piece of the answer."""
        self._answer += piece

    def finish(self) -> tuple[Citation, ...]:
        """The citations of the whole answer, which has ended."""
        self.citations = tuple(self._citation(match) for match in _SPAN.finditer(self._answer))
        return self.citations

    def _citation(self, match: re.Match[str]) -> Citation:
        for item in self._items:
            at = item.content.find(match[1])
            if at >= 0:
                line = item.content.count("\n", 0, at) + (item.start_line or 1)
                return Citation(
                    match[1], "quote", item.path, line, line, "found", match.start(1), match.end(1), Named()
                )
        return Citation(
            match[1],
            "quote",
            None,
            None,
            None,
            "missing",
            match.start(1),
            match.end(1),
            Named(),
            "not in what was sent",
        )


def verify(answer: str, items: Iterable[ContextItem]) -> tuple[Citation, ...]:
    """The citations of a whole answer, in their order."""
    checker = Checker(items)
    checker.feed(answer)
    return checker.finish()
