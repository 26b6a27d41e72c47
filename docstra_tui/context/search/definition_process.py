"""The process that parses for `definitions`: `python -P -m docstra_tui.context.search.definition_process`.

Is asked with path, language and content; says names, each with the first and last line of its definition.
"""

from __future__ import annotations

from docstra_tui.context.child import answer_each, bound
from docstra_tui.context.search.defining import found, kept
from docstra_tui.context.search.lexing import pieces

MEMORY = 2 << 30
"""Bytes of address space, as for outlines."""


def _definitions(path: str, language: str, content: str) -> list[tuple[str, int, int]]:
    if not language:
        from docstra_tui.context.files.language import language_of

        language = language_of(path, content)
    apart = pieces(content, language) if language == "python" else ()
    return [(one.name, one.line, one.end) for one in kept(found(content, language, apart))]


if __name__ == "__main__":
    bound(MEMORY)
    answer_each(_definitions)
