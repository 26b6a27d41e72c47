"""What the doctor found, a line a thing, folded to the width that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.workspace.doctor import report

if TYPE_CHECKING:
    from docstra_tui.workspace.doctor.check import Check

STYLES = {"warn": "bold $warning", "fail": "bold $error"}


class DoctorScreen(ModalScreen[None]):
    """Empty until somebody says what was found."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Back", tooltip="Close the report", id="doctor.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._checks: Sequence[Check] | None = None
        self._lines = Static(Content(""), markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(classes="wide-box"):
            yield Static(Content("Looking…"), classes="box-title", markup=False)
            with VerticalScroll(classes="whole"):
                yield self._lines
            hint = f"{press('doctor.back')} back · ↑↓ PgUp PgDn"
            yield Static(Content(hint), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._draw)

    def show(self, checks: Sequence[Check]) -> None:
        """This was found."""
        if self.is_mounted:
            self._checks = checks
            self.query_one(".box-title", Static).update(Content(report.summary(checks)))
            self._draw()

    def fail(self, text: str) -> None:
        """Nothing was; `text` is safe to show."""
        if self.is_mounted:
            self.query_one(".box-title", Static).update(Content(text))

    def _draw(self) -> None:
        if self._checks is not None:
            width = self.query_one(VerticalScroll).scrollable_content_region.width
            self._lines.update(Content("\n").join(map(_styled, report.lines(self._checks, width))))

    def action_leave(self) -> None:
        self.dismiss(None)


def _styled(line: str) -> Content:
    status = line[: report.STATUS_WIDTH].strip()
    return Content.assemble(
        (line[: report.STATUS_WIDTH], STYLES.get(status, "")), line[report.STATUS_WIDTH :]
    )
