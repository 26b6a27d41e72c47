"""What a program says of itself: the first paragraph of a comment or a docstring."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui.context.outline.grammars import COMMENTS
from docstra_tui.context.outline.nodes import last_row
from docstra_tui.context.outline.source import Source

if TYPE_CHECKING:
    from tree_sitter import Node

DOC_LINES = 12
LINE = 240
"""Characters of a line that are kept: a minified file is one line."""

_QUOTES = re.compile(r"""[rRuUbBfF]{0,2}("{3}|'{3}|"|')""")
_LICENCE = re.compile(r"copyright|licen[cs]e|spdx", re.IGNORECASE)
_EMPTY_COMMENT = re.compile(r"\s*(?://[/!]?|#|\*|/\*\*?)?\s*")


def opening_comment(source: Source, root: Node) -> list[str]:
    """The comment that opens a file, unless it is its licence."""
    opening: list[Node] = []
    for node in root.named_children[:40]:
        if node.type not in COMMENTS or (opening and node.start_point.row > opening[-1].end_point.row + 1):
            # A comment right above a definition documents that.
            if opening and node.type not in COMMENTS and node.start_point.row <= last_row(opening) + 1:
                opening = []
            break
        opening.append(node)
    text = source.text(opening[0].start_byte, opening[-1].end_byte) if opening else ""
    if text and not _LICENCE.search(text) and not text.startswith("#!"):
        return first_paragraph(text.split("\n"), "*/" if "/*" in text else "")
    return []


def docstring(source: Source, body: Node) -> list[str]:
    """The first paragraph of a docstring, quoted; nothing where there is none."""
    first = next((child for child in body.named_children[:20] if child.type not in COMMENTS), None)
    if first is not None and first.type == "expression_statement" and first.named_children:
        first = first.named_children[0]
    if first is None or first.type != "string":
        return []
    text = source.text(first.start_byte, first.end_byte)
    quotes = _QUOTES.match(text)
    if quotes is None:
        return []
    lines = first_paragraph(text.split("\n"), quotes[1])
    return [source.indent(first) + lines[0], *lines[1:]]


def first_paragraph(lines: list[str], closer: str) -> list[str]:
    """The lines up to the first empty one, closed again where something was left out."""
    is_empty: Callable[[str], bool] = lambda line: _EMPTY_COMMENT.fullmatch(line) is not None  # noqa: E731
    start = next((number for number, line in enumerate(lines) if number and not is_empty(line)), len(lines))
    first = 0 if not is_empty(lines[0]) and lines[0].strip() not in ('"""', "'''") else start
    end = next((number for number in range(first, len(lines)) if is_empty(lines[number])), len(lines))
    kept = [cut(line.rstrip(), LINE) for line in lines[: min(max(end, 1), DOC_LINES)]]
    if len(kept) < len(lines):
        rest = "".join(lines[len(kept) :]).strip()
        kept[-1] += (" …" if rest not in (closer, "") else "") + (" */" if closer == "*/" else closer)
    return kept


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def shortened(text: str, limit: int) -> str:
    """The first and the last line of what has more than `limit` lines."""
    lines = text.split("\n")
    return text if len(lines) <= limit else f"{lines[0]} …\n{lines[-1]}"
