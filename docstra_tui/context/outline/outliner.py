"""The outline of a context item: what a file declares, with the lines where it does, and no bodies.

Parsers written in C meet files from anywhere here. Two of them crash on a few hundred kilobytes of
brackets, and others take minutes, so they run in a process of their own, under a limit of time.
"""

from __future__ import annotations

from collections.abc import Sequence

from docstra_tui.context import killable
from docstra_tui.context.outline.grammars import GRAMMARS
from docstra_tui.llm.items import OUTLINE, ContextItem

LEAST = 200
"""An outline that is less than this part of its file says nothing about it: one function around
everything, or one table."""

LANGUAGES = frozenset(GRAMMARS) | {"markdown", "rmarkdown", "toml", "yaml", "json"}
"""The languages that have outlines."""

_COMMENTS = {
    "python": "#",
    "cython": "#",
    "bash": "#",
    "toml": "#",
    "yaml": "#",
    "markdown": "",
    "rmarkdown": "",
}


def outline(item: ContextItem) -> ContextItem | None:
    """The outline of one item; see `outlines`. Takes a tenth of a second and more: call from a worker."""
    return outlines([item])[0]


def outlines(items: Sequence[ContextItem]) -> list[ContextItem | None]:
    """The outline of each item, in order, with the item's path, language and lines.

    None where there is none: an unknown language, next to nothing declared, a parser that failed, or an
    outline that would be no shorter than the text. Blocks while a process works: call from a worker.
    """
    wanted = [number for number, item in enumerate(items) if item.language in LANGUAGES]
    questions = [(items[at].language, items[at].start_line or 1, items[at].content) for at in wanted]
    texts = dict(zip(wanted, killable.answers("docstra_tui.context.outline.process", questions), strict=True))
    return [_as_item(item, texts.get(number)) for number, item in enumerate(items)]


def _as_item(item: ContextItem, text: object) -> ContextItem | None:
    if not isinstance(text, str) or len(text) * LEAST < len(item.content):
        return None
    mark = _COMMENTS.get(item.language, "//")
    count = item.content.count("\n") + (not item.content.endswith("\n"))
    # In the text itself, so that the model reads it wherever the item is kept meanwhile.
    note = f"{mark} Outline of {count} lines: bodies are left out, line numbers are those of the file.\n"
    content = note.lstrip() + text
    if len(content) >= len(item.content):
        return None
    return ContextItem(content, item.path, item.language, item.start_line, item.end_line, detail=OUTLINE)
