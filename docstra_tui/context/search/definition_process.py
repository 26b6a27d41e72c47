"""The process that parses for `definitions`: `python -P -m docstra_tui.context.search.definition_process`.

Is asked with path, language and content; says names, each with the first and last line of its definition.
"""

from __future__ import annotations

from docstra_tui.context.child import answer_each, bound
from docstra_tui.context.search.extraction import extract

MEMORY = 2 << 30
"""Bytes of address space, as for outlines."""


def _definitions(path: str, language: str, content: str) -> list[tuple[str, int, int]]:
    return [(one.name, one.line, one.end) for one in extract(path, content, language=language).definitions]


if __name__ == "__main__":
    bound(MEMORY)
    answer_each(_definitions, [])
