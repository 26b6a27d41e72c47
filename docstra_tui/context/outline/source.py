"""The text of a program, as its nodes point to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.context.outline.nodes import rows

if TYPE_CHECKING:
    from tree_sitter import Node


class Source:
    """The bytes that were parsed; `comment` begins a comment, `first_line` is where they stand in a file."""

    def __init__(self, source: bytes, comment: str, first_line: int) -> None:
        self._bytes = source
        self._comment = comment
        self._first_line = first_line

    def text(self, start: int, end: int) -> str:
        return self._bytes[start : min(end, start + 200_000)].decode("utf-8", "replace")

    def indent(self, node: Node) -> str:
        """The white space in front of a node, when there is nothing else."""
        column = min(node.start_point.column, 200)
        before = self._bytes[node.start_byte - column : node.start_byte]
        return before.decode("ascii", "replace") if not before.strip() else ""

    def hint(self, node: Node) -> str:
        first = node.start_point.row + self._first_line
        return f"  {self._comment} lines {first}-{first + rows(node) - 1}"
