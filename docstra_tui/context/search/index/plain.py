"""A file as lines of text and no more: where nobody knows its language, or its parser gave up."""

from __future__ import annotations

from docstra_tui.context.search.facts import FileFacts, FileKind, Region
from docstra_tui.context.search.numbering import numbers
from docstra_tui.context.search.spelling import words

LINES = 60
"""Of one region."""


def plain_facts(path: str, text: str, language: str, kind: FileKind = "code") -> FileFacts:
    """Its regions are so many lines each."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    regions = tuple(
        Region(
            start + 1,
            min(start + LINES, len(lines)),
            b"",
            b"",
            numbers(words("\n".join(lines[start : start + LINES]))),
        )
        for start in range(0, len(lines), LINES)
    )
    return FileFacts(path, language, kind, regions)


def path_words(path: str) -> bytes:
    """`src/HttpServer.py` as `src httpserver http server py`."""
    return numbers(words(path))
