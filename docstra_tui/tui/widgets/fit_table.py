"""The rows of the fit view: what there is, what is sent of it, what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from docstra_tui.tui.widgets.own_keys import OwnKeys

CHOICE, TOKENS, MARK = 20, 8, 11
"""Cells of the columns behind the name."""
NARROW = 60
"""Under this width the name gets the cells that the others can do without."""
NARROW_CHOICE = 13


@dataclass(frozen=True)
class FitLine:
    """One row; every text is already safe to show."""

    name: str
    choice: str
    """What is sent of it: `whole`, `outline`, …"""
    tokens: str
    mark: str = ""
    """`suggested` where the program chose it."""
    is_whole: bool = True
    """False where something is left out."""


class FitTable(OptionList, OwnKeys):
    """Rows to step through; Left, Right and Space change the choice of one."""

    DEFAULT_CSS = """
    FitTable { scrollbar-gutter: stable; }  /* rows are made before anybody knows whether there is a bar */
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "turn(1)", "Next choice", tooltip="Send less or more of it", id="fit.next"),
        Binding("left,h", "turn(-1)", "Choice before", tooltip="The choice before", id="fit.before"),
        Binding("down,j", "cursor_down", "Down", tooltip="Next row", id="fit.down", show=False),
        Binding("up,k", "cursor_up", "Up", tooltip="Row before", id="fit.up", show=False),
        Binding("enter", "send", "Send", tooltip="Send it, when it fits", id="fit.send"),
    ]

    class Turned(Message):
        """Another choice is wanted for a row."""

        def __init__(self, row: int, step: int) -> None:
            super().__init__()
            self.row = row
            self.step = step

    class Sent(Message):
        """It is to be sent as it is now."""

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)
        self._shown: tuple[FitLine, ...] = ()

    def show(self, lines: Sequence[FitLine]) -> None:
        """Show these rows; the cursor stays where it is."""
        before, self._shown = self._shown, tuple(lines)
        if len(before) != len(self._shown):
            self.clear_options()
            self.add_options(Option(self._prompt_of(line)) for line in self._shown)
            self.highlighted = 0 if self._shown else None
            return
        for index, line in enumerate(self._shown):
            if line != before[index]:
                self.replace_option_prompt_at_index(index, self._prompt_of(line))

    def on_resize(self, event: Resize) -> None:
        for index, line in enumerate(self._shown):
            self.replace_option_prompt_at_index(index, self._prompt_of(line))

    def action_turn(self, step: int) -> None:
        if self.highlighted is not None:
            self.post_message(self.Turned(self.highlighted, step))

    def action_send(self) -> None:
        self.post_message(self.Sent())

    def _prompt_of(self, line: FitLine) -> Content:
        room = self.scrollable_content_region.width or self.size.width
        choice, mark = (CHOICE, MARK) if room >= NARROW else (NARROW_CHOICE, 0)
        width = max(4, room - choice - TOKENS - mark)
        name = Content(line.name)
        if name.cell_length > width - 1:
            name = name.truncate(width - 1, ellipsis=True)
        gap = " " * (width - name.cell_length)
        colour = "$foreground" if line.is_whole else "$warning"
        return Content.assemble(
            name,
            gap,
            ("‹ ", "$muted"),
            (f"{line.choice[: choice - 4]} ›".ljust(choice - 2), colour),
            line.tokens.rjust(TOKENS),
            (("  " + line.mark).ljust(mark) if mark else "", "$muted"),
        )
