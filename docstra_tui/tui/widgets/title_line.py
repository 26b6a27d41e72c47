"""The title line: where we are on the left, who answers on the right."""

from __future__ import annotations

from dataclasses import replace

from textual.content import Content
from textual.widget import Widget

from docstra_tui.session.turns import ON
from docstra_tui.workspace.title import Title

PROGRAM = "docstra-tui"


class TitleLine(Widget):
    """One line."""

    DEFAULT_CSS = """
    TitleLine {
        height: 1;
        background: $panel;
        color: $foreground;
        padding: 0 1;
    }
    """

    def __init__(self, title: Title) -> None:
        super().__init__()
        self._title = title

    def show(self, title: Title) -> None:
        """Say something else."""
        if title != self._title:
            self._title = title
            self.refresh()

    def render(self) -> Content:
        return compose_title(self._title, self.size.width)


def compose_title(title: Title, width: int) -> Content:
    """The line, `width` cells wide: details go first, then the path is shortened from its left, then the
    model's name, which may be anything. Where the questions go stays."""
    details = list(title.details)
    while True:
        right = _right(title, details)
        room = width - right.cell_length - 2
        if not details or room >= len(PROGRAM) + 12:
            break
        details.pop()
    if room < len(PROGRAM):
        right = _right(_shortened(title, len(PROGRAM) - room), details)
        room = width - right.cell_length - 2
    left = Content.assemble((PROGRAM, "bold $primary"), (" ─ ", "$muted"))
    space = room - left.cell_length
    if space < 8:
        left = Content.assemble((PROGRAM, "bold $primary"))
        path = ""
    else:
        path = title.path if len(title.path) <= space else "…" + title.path[-(space - 1) :]
    left = left + Content(path)
    gap = max(1, width - left.cell_length - right.cell_length)
    return (left + Content(" " * gap) + right).truncate(width)


def _shortened(title: Title, cells: int) -> Title:
    """With a shorter name of the model, but for a server's."""
    name, on, where = title.model.rpartition(ON)
    name = name if on else where
    most = max(1, Content(name).cell_length - cells)
    short = Content(name).truncate(most, ellipsis=True).plain
    return replace(title, model=f"{short}{on}{where}" if on else short)


def _right(title: Title, details: list[str]) -> Content:
    parts: list[Content] = []
    if title.model:
        parts.append(Content.assemble((title.model, "bold")))
    parts += [Content.assemble((detail, "$muted")) for detail in details]
    line = Content.assemble((" · ", "$muted")).join(parts)
    if title.host:
        line = line + Content.assemble((f"  → {title.host}", "bold $warning"))
    return line
