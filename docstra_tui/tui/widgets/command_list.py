"""What a slash in the composer may become: a short list above it, with what each command does."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from docstra_tui.text import sanitize_line
from docstra_tui.tui.widgets.mention_list import MentionList
from docstra_tui.workspace.command_offers import OfferedLine

WIDEST = 24
"""Cells of the first column, at most."""


class CommandList(MentionList):
    """As the list of files, of lines."""

    DEFAULT_CSS = "CommandList { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, OfferedLine] = {}
        self._column = 0

    def offer_lines(self, rows: Sequence[OfferedLine]) -> None:
        """Offer these; none closes the list."""
        self._rows = {row.line: row for row in rows}
        self._column = min(WIDEST, max((len(row.shown) for row in rows), default=0))
        self.offer(tuple(self._rows))

    def _label(self, value: str) -> Content:
        row = self._rows[value]
        shown = sanitize_line(row.shown)
        if not row.help:
            return Content(shown)
        return Content.assemble(shown.ljust(self._column), "  ", (sanitize_line(row.help), "$muted"))
