"""The status bar: the state first, then what matters now, and where help is."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from docstra_tui.key_hints import press
from docstra_tui.workspace.status import StatusLine, Tone

COLOURS: dict[Tone, str] = {"good": "$success", "busy": "$primary", "warning": "$warning", "error": "$error"}


class StatusBar(Widget):
    """One line."""

    DEFAULT_CSS = """
    StatusBar {
        height: 1;
        background: $panel;
        color: $foreground;
        padding: 0 1;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.view = StatusLine()

    def show(self, view: StatusLine) -> None:
        """Say something else; the same again costs nothing."""
        if view != self.view:
            self.view = view
            self.refresh()

    def render(self) -> Content:
        return compose_status(self.view, self.size.width)


def compose_status(view: StatusLine, width: int) -> Content:
    """The line, `width` cells wide."""
    help_text = Content.assemble((f"{press('main.help', '/help')} help", "$muted"))
    line = Content.assemble((view.state, f"bold {COLOURS[view.tone]}"))
    room = width - help_text.cell_length - 2
    for part in view.parts:
        longer = line + Content.assemble((" · ", "$muted"), part)
        if longer.cell_length > room:
            break
        line = longer
    gap = width - line.cell_length - help_text.cell_length
    if gap < 1:
        return line.truncate(width)
    return line + Content(" " * gap) + help_text
