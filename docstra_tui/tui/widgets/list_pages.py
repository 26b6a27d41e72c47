"""Rows up and down in a list while another field has the keys; pages only where it was drawn before.

Textual counts the lines of a list when it draws it, and turns a page by them; the list of the palette gets
keys as soon as it is open.
"""

from __future__ import annotations

from typing import Literal

from textual.widgets import OptionList


def move(options: OptionList, step: int) -> None:
    """To the row before, or the next one."""
    if step > 0:
        options.action_cursor_down()
    else:
        options.action_cursor_up()


def install() -> None:
    """Put the guard before `OptionList._move_page`; harmless when called twice."""
    if getattr(OptionList, "_docstra_pages", False):
        return
    move_page = OptionList._move_page

    def safe_move_page(self: OptionList, direction: Literal[-1, 1]) -> None:
        if (self.highlighted or 0) in self._index_to_line:
            move_page(self, direction)

    OptionList._move_page = safe_move_page  # type: ignore[method-assign]
    OptionList._docstra_pages = True  # type: ignore[attr-defined]
