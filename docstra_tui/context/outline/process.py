"""The process that parses: `python -P -m docstra_tui.context.outline.process`.

Is asked with language, first line and content; says the outline, or null. It exists so that a parser that
crashes, or never ends, takes nothing with it but itself.
"""

from __future__ import annotations

from docstra_tui.context.child import answer_each, bound
from docstra_tui.context.outline.headings import headings
from docstra_tui.context.outline.skeleton import skeleton

MEMORY = 2 << 30
"""Bytes of address space; a megabyte of hostile source has taken 600 MB."""


def _outline(language: str, first_line: int, content: str) -> str | None:
    return headings(content, language, first_line) or skeleton(content, language, first_line)


if __name__ == "__main__":
    bound(MEMORY)
    answer_each(_outline)
