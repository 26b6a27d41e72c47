"""What a slash in the composer may become: a short list above it, with what each command does."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList

from docstra_tui.text import sanitize_line
from docstra_tui.tui.widgets.mention_list import MentionList
from docstra_tui.workspace.command_offers import OfferedLine

INDENT = "    "
LEAST = 20
"""Cells that words below a row get, however narrow the list is."""
WIDEST = 24
"""Cells of the first column, at most."""


class CommandList(MentionList):
    """As the list of files, of lines."""

    DEFAULT_CSS = "CommandList { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, OfferedLine] = {}
        self._column = 0
        self._open: int | None = None
        """The row that is shown whole."""

    def offer_lines(self, rows: Sequence[OfferedLine]) -> None:
        """Offer these; none closes the list."""
        self._rows = {row.line: row for row in rows}
        self._open = None
        self._column = min(WIDEST, max((len(row.shown) for row in rows), default=0))
        self.offer(tuple(self._rows))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.call_after_refresh(self._unfold)  # when it is known how much room there is

    def on_resize(self) -> None:
        self.call_after_refresh(self._unfold)

    def _unfold(self) -> None:
        """Where there is no room for the row under the cursor, it has its words below it."""
        for index in {self._open, self.highlighted}:
            if index is not None and index < self.option_count:
                label = self._whole if index == self.highlighted else self._label
                self.replace_option_prompt_at_index(index, label(self.value_at(index)))
        if self._open != self.highlighted:
            self._open = self.highlighted
            self.call_after_refresh(self.scroll_to_highlight)

    def _label(self, value: str) -> Content:
        row = self._rows[value]
        shown = sanitize_line(row.shown)
        if not row.help:
            return Content(shown)
        return Content.assemble(shown.ljust(self._column), "  ", (sanitize_line(row.help), "$muted"))

    def _whole(self, value: str) -> Content:
        label, row = self._label(value), self._rows[value]
        room = self.scrollable_content_region.width
        if not row.help or label.cell_length <= room:
            return label
        words = textwrap.fill(
            sanitize_line(row.help), max(room, LEAST), initial_indent=INDENT, subsequent_indent=INDENT
        )
        return Content.assemble(sanitize_line(row.shown), "\n", (words, "$muted"))
