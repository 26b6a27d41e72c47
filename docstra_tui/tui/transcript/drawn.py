"""A document of turns on the screen: draws the lines in sight, and again only those that differ."""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.blocks.look import Palette
from docstra_tui.tui.transcript.layout.document import Document
from docstra_tui.tui.transcript.strips import MARGIN, Overlay, draw_line
from docstra_tui.tui.transcript.welcome import Welcome
from docstra_tui.workspace.colouring.code_colours import CodeColours


class DrawnDocument(ScrollView):
    """Rows of the screen, from the scroll offset on."""

    ALLOW_SELECT = False  # whoever shows this has its own, which knows about broken lines and decoration

    COMPONENT_CLASSES: ClassVar[set[str]] = {*look.CLASSES.values(), *look.OVERLAYS, look.MARK}

    DEFAULT_CSS = """
    DrawnDocument {
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        & > .transcript--strong { text-style: bold; }
        & > .transcript--emphasis { text-style: italic; }
        & > .transcript--struck { text-style: strike; }
        & > .transcript--code { color: $secondary; }
        & > .transcript--link { color: $secondary; text-style: underline; }
        & > .transcript--muted { color: $text-muted; }
        & > .transcript--heading { color: $primary; text-style: bold; }
        & > .transcript--subheading { color: $secondary; text-style: bold; }
        & > .transcript--fence { background: $surface; }
        & > .transcript--bar { color: $secondary; }
        & > .transcript--failed { color: $error; }
        & > .transcript--warning { color: $warning; }
        & > .transcript--rule { color: $scrollbar; }
        & > .transcript--quote { color: $text-muted; }
        & > .transcript--listmark { color: $primary; }
        & > .transcript--question { text-style: bold; }
        & > .transcript--found { color: $success; }
        & > .transcript--moved { color: $warning; text-style: underline; }
        & > .transcript--missing { color: $error; text-style: underline; }
        & > .transcript--unchecked { color: $text-muted; }
        & > .transcript--selection { background: $screen-selection-background; }
        & > .transcript--match { background: $screen-selection-background; text-style: underline; }
        & > .transcript--match-current { color: $background; background: $primary; }
        & > .transcript--cursor { text-style: reverse; }
        & > .transcript--mark { color: $primary; }
    }
    """

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 -- as Textual names it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.document = Document()
        self.colours = CodeColours(self.call_later)
        """Of the code in answers, and of whatever else shows code."""
        self.empty = Welcome(self)
        """What stands there while there is no turn."""
        self._palette: Palette | None = None
        self._drawn: dict[int, Line] = {}
        """The line in each row of the screen."""
        self._signs: dict[int, tuple[tuple[Overlay, ...], tuple[str, str] | None]] = {}
        """What stands over and beside it."""
        self._drawn_top = -1

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._forget_colours, init=False)

    def on_unmount(self) -> None:
        self.colours.close()

    @property
    def top(self) -> int:
        """The row of the document at the top of the screen."""
        return self.scroll_offset.y

    @property
    def text_width(self) -> int:
        """Cells of a line, without the margins."""
        return max(4, self.size.width - 2 * MARGIN)

    # What lies over the lines, for those who know something about them

    def overlays(self, line: Line, y: int) -> list[Overlay]:
        """What is laid over the line in row `y` of the document."""
        return []

    def is_marked(self, y: int) -> bool:
        """True where a mark stands beside row `y` of the document."""
        return False

    def sign(self, y: int) -> tuple[str, str] | None:
        """What else stands beside it, and its component class."""
        return None

    # Colours

    def _forget_colours(self) -> None:
        self._palette = None
        self.empty.forget()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = None
        self.empty.forget()

    @property
    def palette(self) -> Palette:
        """Looks in the theme that is on."""
        if self._palette is None:
            self._palette = Palette(self)
        return self._palette

    def colour_code(self) -> None:
        """Give the code in sight the colours that are known, before it is drawn; the rest is asked for."""
        for lines in self.document.code(self.top, self.top + self.size.height):
            if lines.is_growing:
                self.colours.warm()
            elif lines.wants_colours:
                known = self.colours.find(lines.language, lines.code, self._recolour)
                lines.paint(known.lines, is_all=known.is_all)

    def _recolour(self) -> None:
        """Colours came, while the screen was free."""
        if self.size:
            self.colour_code()
            self.refresh_from(self.top)

    # Lines

    def refresh_from(self, first: int) -> None:
        """Repaint the visible lines from row `first` on that are not what is drawn there."""
        top = self.top
        if self._drawn_top != top:
            self.refresh()
            return
        for y in range(max(0, first - top), self.size.height):
            line, drawn = self.document.line(top + y), self._drawn.get(y)
            if drawn is None or (line is not drawn and line.bits != drawn.bits):
                cells = max(line.cells, drawn.cells if drawn is not None else self.size.width)
                self.refresh(Region(0, y, min(self.size.width, MARGIN + cells), 1))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self.document.turns:
            return self.empty.strip(y, width)
        top = self.top
        if self._drawn_top != top:
            self._drawn_top = top
            self._drawn.clear()
        line = self._drawn[y] = self.document.line(top + y)
        overlays, sign = self.overlays(line, top + y), self.sign(top + y)
        self._signs[y] = (tuple(overlays), sign)
        is_marked = self.is_marked(top + y)
        return draw_line(line, width, self.palette, overlays, is_marked=is_marked, sign=sign)

    def refresh_signs(self) -> None:
        """Repaint the visible lines over or beside which something else stands than was drawn."""
        top = self.top
        for y in range(self.size.height) if self.document.turns else ():
            line = self.document.line(top + y)
            if self._signs.get(y) != (tuple(self.overlays(line, top + y)), self.sign(top + y)):
                self.refresh(Region(0, y, self.size.width, 1))
