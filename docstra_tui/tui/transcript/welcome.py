"""What an empty conversation says."""

from __future__ import annotations

from textual.content import Content
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from docstra_tui.key_hints import press
from docstra_tui.text import sanitize_line
from docstra_tui.tui.transcript.strips import MARGIN


class Welcome:
    """Some text, broken at the width of the widget that shows it."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._text = Content("")
        self._strips: tuple[int, list[Strip]] | None = None

    def say(self, text: Content) -> None:
        """Another text."""
        self._text = text
        self.forget()

    def forget(self) -> None:
        """The theme is another."""
        self._strips = None

    def strip(self, y: int, width: int) -> Strip:
        """Its line in row `y` of the screen; the first one stays empty."""
        widget = self._widget
        ground = widget.rich_style
        if self._strips is None or self._strips[0] != width:
            room = max(4, width - 2 * MARGIN)
            self._strips = (width, Visual.to_strips(widget, self._text, room, None, widget.visual_style))
        lines = self._strips[1]
        line = lines[y - 1] if 0 < y <= len(lines) else Strip.blank(0)
        return Strip.join([Strip.blank(MARGIN, ground), line]).adjust_cell_length(width, ground)


def welcome(
    model: str,
    *,
    is_starter: bool,
    host: str = "",
    may_send: bool = True,
    reason: str = "",
    has_failed: bool = False,
) -> Content:
    """A few calm lines: what this is, the keys, who answers, and why on this device. Of a model that
    failed nobody says that it answers: a notice says why it does not."""
    yes = "" if may_send else " once you say yes"
    where = f"Questions go to {sanitize_line(host)}{yes}." if host else "It stays on this machine."
    lines = [
        Content.assemble(("Ask your code.", "bold $primary"), f" {where}"),
        Content(""),
        Content.assemble(
            (press("main.tree", "/files"), "bold $secondary"),
            " tick files  ",
            (press("composer.send"), "bold $secondary"),
            " ask  ",
            (_palette(), "bold $secondary"),
            " commands  ",
            (press("main.help", "/help"), "bold $secondary"),
            " keys",
        ),
    ]
    if has_failed:
        return Content("\n").join(lines)
    if is_starter:
        lines += [
            Content(""),
            Content.assemble(
                ("The starter model answers: it is small and often wrong. ", "$muted"),
                (f"{_palette()}, then “Switch model”, picks a better one.", "$muted"),
            ),
        ]
    elif model:
        lines += [Content(""), Content.assemble((f"{sanitize_line(model)} answers.", "$muted"))]
    if reason:
        lines += [Content.assemble((f"{sanitize_line(reason[:1].upper() + reason[1:])}.", "$muted"))]
    return Content("\n").join(lines)


def _palette() -> str:
    """What tmux does not take, where there are two."""
    return press("main.palette", "/help", last=True)
