"""The title line: where we are on the left, who answers on the right."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from docstra_tui.workspace.title import Title


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
    """The line, `width` cells wide: details go first, then the path is shortened from its left."""
    details = list(title.details)
    while True:
        right = _right(title, details)
        room = width - right.cell_length - 2
        if not details or room >= len("docstra-tui") + 12:
            break
        details.pop()
    left = Content.assemble(("docstra-tui", "bold $primary"), (" ─ ", "$muted"))
    space = room - left.cell_length
    if space < 8:
        left = Content.assemble(("docstra-tui", "bold $primary"))
        path = ""
    else:
        path = title.path if len(title.path) <= space else "…" + title.path[-(space - 1) :]
    left = left + Content(path)
    gap = max(1, width - left.cell_length - right.cell_length)
    return (left + Content(" " * gap) + right).truncate(width)


def _right(title: Title, details: list[str]) -> Content:
    parts: list[Content] = []
    if title.model:
        parts.append(Content.assemble((title.model, "bold")))
    parts += [Content.assemble((detail, "$muted")) for detail in details]
    line = Content.assemble((" · ", "$muted")).join(parts)
    if title.host:
        line = line + Content.assemble((f"  → {title.host}", "bold $warning"))
    return line
