"""The conversation on the screen: one widget that draws the visible lines and nothing else.

While an answer grows only its last block is parsed and only lines that differ are sent. The view scrolls
in steps, so that a full repaint is rare, and it follows the end only while it is at the end. Without an
answer that grows no timer runs.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.visual import Visual

from docstra_tui.tui.driver.link import backlog
from docstra_tui.tui.theming.code_colours import CodeColours
from docstra_tui.tui.transcript import searching
from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.lines import Line
from docstra_tui.tui.transcript.blocks.look import Palette
from docstra_tui.tui.transcript.feed import Feed
from docstra_tui.tui.transcript.keys import BINDINGS, TranscriptKeys
from docstra_tui.tui.transcript.layout.document import Document
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.messages import OlderWanted
from docstra_tui.tui.transcript.pace import Pace

MARGIN = 2
"""Empty cells left and right of the text; the mark of the current block stands in the first."""
BELOW = 1
"""Empty lines under the last."""
STEP = 12
"""Lines scrolled at once when the answer reaches the bottom."""
LAYOUT_SECONDS = 0.02
"""How long one round of layout may take; what is left waits for the next."""
GROW_SECONDS = 0.04
"""How long a frame may read what came; after a stall that may be a lot."""
MANY = 1_000
"""Turns from which the garbage collector is told that they stay."""
WORK_SECONDS = 0.02
"""Between two rounds of layout."""


class TranscriptView(TranscriptKeys, ScrollView, can_focus=True):
    """Questions and answers, the newest at the bottom."""

    ALLOW_SELECT = False  # its own selection knows about broken lines and decoration

    COMPONENT_CLASSES: ClassVar[set[str]] = {*look.CLASSES.values(), *look.OVERLAYS, look.MARK}

    DEFAULT_CSS = """
    TranscriptView {
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
        & > .transcript--selection { background: $screen-selection-background; }
        & > .transcript--match { background: $screen-selection-background; text-style: underline; }
        & > .transcript--match-current { color: $background; background: $primary; }
        & > .transcript--cursor { text-style: reverse; }
        & > .transcript--mark { color: $primary; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 -- as Textual names it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.document = Document()
        self.feed = Feed()
        """Pieces of the running answer, from any thread."""
        self.frames = 0
        """Frames drawn for answers that grew, for tests and measurements."""
        self.colours = CodeColours(self.call_later)
        """Of the code in answers, and of whatever else shows code."""
        self._pace = Pace(0.1)
        self._has_older = False
        self._asks_older = False
        """The earlier turns were asked for and have not come."""
        self._current: Turn | None = None
        self._following = True
        self._is_scrolling_itself = False
        self._frame_timer: Timer | None = None
        self._work_timer: Timer | None = None
        self._palette: Palette | None = None
        self._shown: dict[int, Line] = {}
        self._shown_top = -1
        self._welcome: Content = Content("")
        self._welcome_strips: tuple[int, list[Strip]] | None = None

    # The four verbs

    def begin_turn(self, question: str, files: Sequence[str] = ()) -> None:
        """A question was sent; what is appended from now on is its answer."""
        if self._current is not None:
            self.end_turn(TurnEnding("interrupted"))
        self._current = Turn(question, files)
        self._current.show_raw(self.is_raw)
        self.document.add(self._current)
        self._following = True
        if self._frame_timer is None and self.is_mounted:
            self._start_frames()
        self._grow()

    def append(self, piece: str) -> None:
        """More of the answer; shown with the next frame. Any thread may call this."""
        if piece:
            self.feed.put(piece)

    def end_turn(self, ending: TurnEnding | None = None) -> None:
        """The answer is over."""
        turn, self._current = self._current, None
        if self._frame_timer is not None:
            self._frame_timer.stop()
            self._frame_timer = None
        rest = self.feed.take()
        if turn is None:
            return
        turn.append(rest)
        turn.end(ending or TurnEnding())
        self._grow()

    def load(self, turns: Iterable[ShownTurn]) -> None:
        """Show these turns instead of what is shown."""
        if self._current is not None:
            self.end_turn(TurnEnding("interrupted"))
        self.clear_marks()
        self.document.load(self._turns(turns))
        self._following = True
        self._settle()
        self.refresh()
        if len(self.document.turns) >= MANY:
            # Each full collection would walk all of them again: 45 ms in which no key is heard.
            gc.freeze()

    def _turns(self, shown: Iterable[ShownTurn]) -> Iterable[Turn]:
        for one in shown:
            turn = Turn(one.question, one.files, one.answer, one.ending)
            turn.show_raw(self.is_raw)
            yield turn

    # Beside them

    @property
    def has_older(self) -> bool:
        """There are earlier turns; `OlderWanted` asks for them when the first one is in sight."""
        return self._has_older

    @has_older.setter
    def has_older(self, has_older: bool) -> None:
        self._has_older, self._asks_older = has_older, False
        self._want_older()

    def _want_older(self) -> None:
        if not self._has_older or self._asks_older or not self.size:
            return
        is_short = self.document.height + BELOW <= self.size.height
        if is_short or not (self._top or self._following):
            self._asks_older = True
            self.post_message(OlderWanted())

    def wait(self, text: str) -> None:
        """Say under the question what is being waited for, until the first piece comes."""
        turn = self._current
        if turn is not None and not turn.answer and turn.waiting != text:
            turn.waiting = text
            self._grow()

    def welcome(self, text: Content) -> None:
        """What the empty conversation says."""
        self._welcome = text
        self._welcome_strips = None
        if not self.document.turns:
            self.refresh()

    @property
    def frame_interval(self) -> float:
        """Seconds between two frames of an answer that grows; longer on a far link."""
        return self._pace.interval

    @frame_interval.setter
    def frame_interval(self, seconds: float) -> None:
        if seconds != self._pace.interval:
            self._pace = Pace(seconds)
            if self._frame_timer is not None:
                self._frame_timer.stop()
                self._start_frames()

    @property
    def is_following(self) -> bool:
        """True while new lines are scrolled into sight."""
        return self._following

    # Frames

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._forget_colours, init=False)
        if self._current is not None:
            self._start_frames()

    def on_unmount(self) -> None:
        self.colours.close()

    def _start_frames(self) -> None:
        self._frame_timer = self.set_interval(self._pace.interval, self._frame)

    def _frame(self) -> None:
        """Show what has come since the last frame."""
        if self._current is None or not (self.feed or self._current.is_behind):
            return
        waiting = backlog(self.app)
        if not self._pace.is_due(waiting):
            return
        start = time.perf_counter()
        self._current.append(self.feed.take())
        self.frames += 1
        self._grow()
        self._pace.note(time.perf_counter() - start, waiting)

    def _grow(self) -> None:
        """Lay out what was added, and repaint only lines that differ."""
        if not self.size:
            return
        # Somebody who reads further up sees the same lines, also where a new row made a table other.
        anchor = None if self._following else self.document.anchor(self._top, self.size.height)
        first = self.document.grow(GROW_SECONDS)
        is_repainted = self._fit(self.document.top_of(anchor) if anchor is not None else None)
        self._colour()
        if not is_repainted:
            self._refresh_from(first)
        if self._current is None and self.document.turns[-1].is_behind:
            self._work_later()

    def _refresh_from(self, first: int) -> None:
        """Repaint the visible lines from row `first` on that are not what is shown."""
        top = self._top
        if self._shown_top != top:
            self.refresh()
            return
        for y in range(max(0, first - top), self.size.height):
            line, shown = self.document.line(top + y), self._shown.get(y)
            if shown is None or (line is not shown and line.bits != shown.bits):
                cells = max(line.cells, shown.cells if shown is not None else self.size.width)
                self.refresh(Region(0, y, min(self.size.width, MARGIN + cells), 1))

    # Code

    def _colour(self) -> None:
        """Give the code in sight the colours that are known, before it is drawn; the rest is asked for."""
        for lines in self.document.code(self._top, self._top + self.size.height):
            if lines.is_growing:
                self.colours.warm()
            elif lines.wants_colours:
                known = self.colours.find(lines.language, lines.code, self._recolour)
                lines.paint(known.lines, is_all=known.is_all)

    def _recolour(self) -> None:
        """Colours came, while the screen was free."""
        if self.size:
            self._colour()
            self._refresh_from(self._top)

    # Layout

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _text_width(self) -> int:
        return max(4, self.size.width - 2 * MARGIN)

    def on_resize(self, event: events.Resize) -> None:
        if self.size and self._text_width != self.document.width:
            self.clear_marks()
            self._settle(width=self._text_width)
        elif self.size:
            self._settle()
        self.refresh()
        self._want_older()

    def _settle(self, width: int | None = None) -> None:
        """Lay out what is on the screen; what was there stays where it is, or the end stays in sight."""
        document, height, top = self.document, self.size.height, self._top
        if not self.size:
            return
        anchor = document.anchor(top, height) if width is None else None
        rough = None if anchor is not None else document.rough_anchor(top)
        if width is not None:
            document.set_width(width)
            top = document.top_of_rough(rough) if rough is not None else 0
        elif document.width != self._text_width:
            document.set_width(self._text_width)
        done = True
        stop = time.perf_counter() + LAYOUT_SECONDS
        for _ in range(12):
            if self._following:
                top = max(0, document.height + BELOW - height)
            changed, done = document.lay(top, top + height, stop - time.perf_counter())
            if not changed or not done:
                break
            if anchor is not None:
                top = document.top_of(anchor)
            elif rough is not None:
                top = document.top_of_rough(rough)
        if anchor is not None and not self._following:
            top = document.top_of(anchor)
        self._fit(top)
        self._colour()
        # Also where no height is another: a guess may have been right, and the lines are there only now.
        self._refresh_from(self._top)
        if not done:
            self._work_later()

    def _work_later(self) -> None:
        """Go on with the layout when keys and frames had their turn."""
        if self._work_timer is None:
            self._work_timer = self.set_timer(WORK_SECONDS, self._work)

    def _work(self) -> None:
        self._work_timer = None
        self._settle()

    def _fit(self, top: int | None = None) -> bool:
        """Make room for the document and scroll to `top` or the end; True when everything is repainted.

        While an answer grows there is room for some more lines, so that the next ones need neither a
        layout of the screen nor scrolling.
        """
        height = self.size.height
        total = self.document.height + BELOW
        room = self.virtual_size.height
        step = min(STEP, height // 3) if self._current is not None else 0
        if total > room or total + STEP < room or room < height:
            room = total + step if total > height else height
        if room != self.virtual_size.height or self.virtual_size.width != self.size.width:
            self._set_room(room)
        if self._following:
            top = max(0, room - height)
        if top is None or top == self._top:
            return False
        self._scroll_itself(top)
        return True

    def _set_room(self, room: int) -> None:
        """Another virtual height, without a layout of the screen: nothing else depends on it.

        Setting `virtual_size` repaints everything up to three times, layout and scrolling apart.
        """
        self.set_reactive(TranscriptView.virtual_size, Size(self.size.width, room))
        if self.show_vertical_scrollbar:
            bar = self.vertical_scrollbar
            bar.window_virtual_size = room
            bar.window_size = self.size.height

    def _scroll_itself(self, top: int) -> None:
        self._is_scrolling_itself = True
        try:
            self.scroll_to(y=top, animate=False, force=True)
        finally:
            self._is_scrolling_itself = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._is_scrolling_itself or round(old_value) == round(new_value):
            return
        self._following = round(new_value) >= self.max_scroll_y
        self._settle()
        if not round(new_value):
            self._asks_older = False
            self._want_older()

    def prepend(self, older: Iterable[ShownTurn]) -> None:
        """Put earlier turns above the first; what is on the screen stays where it is."""
        self.clear_marks()
        before = self.document.height
        self.document.prepend(self._turns(older))
        self._fit(self._top + self.document.height - before)
        self._asks_older = False
        self._settle()
        self._want_older()

    def drop_first(self, count: int) -> None:
        """Take turns away at the beginning, and go to the end."""
        self.clear_marks()
        self.document.drop_first(count)
        self._following = True
        self._settle()
        self.refresh()

    def relayout(self, change: Callable[[], object], *, same_parts: bool = False) -> None:
        """Do what lays turns out anew (folding, the raw view). What is on the screen stays about where it
        is; with `same_parts`, when the blocks are the same as before, exactly."""
        document, height = self.document, self.size.height
        anchor, rough = document.anchor(self._top, height), document.rough_anchor(self._top)
        self.clear_marks()
        change()
        document.redo()
        if not self._following and rough is not None:
            top = document.top_of_rough(rough)
            if same_parts and anchor is not None:
                document.lay(document.top(anchor.turn), top + height, LAYOUT_SECONDS)
                top = max(0, document.top_of(anchor))
            self._fit(top)
        self._settle()
        self.refresh()

    def show_row(self, turn: int, row: int, *, above: int = 0) -> None:
        """Scroll so that a row of a turn stands `above` lines under the top of the screen."""
        self._following = False
        for _ in range(3):
            top = max(0, self.document.top(turn) + row - above)
            self.document.lay(top, top + self.size.height, LAYOUT_SECONDS)
        top = max(0, self.document.top(turn) + row - above)
        self._fit(min(top, max(0, self.document.height + BELOW - self.size.height)))
        self._following = self._top >= self.max_scroll_y
        self._settle()
        self.refresh()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._following = True
        self._fit()
        self._settle()

    # Lines

    def _forget_colours(self) -> None:
        self._palette = None
        self._welcome_strips = None
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._palette = None
        self._welcome_strips = None

    @property
    def palette(self) -> Palette:
        """Looks in the theme that is on."""
        if self._palette is None:
            self._palette = Palette(self)
        return self._palette

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self.document.turns:
            return self._welcome_line(y, width)
        top = self._top
        if self._shown_top != top:
            self._shown_top = top
            self._shown.clear()
        line = self.document.line(top + y)
        self._shown[y] = line
        strip = self._strip(line, width)
        for first, end, style in self._overlays(line, top + y):
            strip = _lay_over(strip, MARGIN + first, MARGIN + min(end, max(1, line.cells)), style)
        if self.is_marked(top + y):
            mark = Strip([Segment("▎", self.palette.ground + self.palette.component(look.MARK))], 1)
            strip = Strip.join([mark, strip.crop(1, width)])
        return strip

    def _strip(self, line: Line, width: int) -> Strip:
        """A line with its margins; neighbours of one look are one segment, each costs its colours."""
        style = self.palette.style
        used = MARGIN + line.cells
        segments: list[Segment] = []
        text, before = " " * MARGIN, style(look.PLAIN)
        for piece, number in (*line.bits, (" " * max(0, width - used), look.PLAIN)):
            now = style(number)
            if now is before:
                text += piece
                continue
            if text:
                segments.append(Segment(text, before))
            text, before = piece, now
        if text:
            segments.append(Segment(text, before))
        strip = Strip(segments, max(used, width))
        return strip if used <= width else strip.crop(0, width)

    def _overlays(self, line: Line, y: int) -> list[tuple[int, int, Style]]:
        """Selection, matches and cursor in a line: cells and style."""
        found: list[tuple[int, int, Style]] = []
        component = self.palette.component
        if self.words:
            for first, end in searching.cells_of(line, self.words):
                is_current = self.is_current_match(y, first)
                name = "transcript--match-current" if is_current else "transcript--match"
                found.append((first, end, component(name)))
        selected = self.selected
        if selected is not None or self.cursor is not None:
            turn, row = self.document.find(y)
            cells = selected.cells(turn, row) if selected is not None else None
            if cells is not None:
                found.append((*cells, component("transcript--selection")))
            cursor = self.cursor
            if cursor is not None and (cursor.turn, cursor.row) == (turn, row):
                found.append((cursor.cell, cursor.cell + 1, component("transcript--cursor")))
        return found

    def _welcome_line(self, y: int, width: int) -> Strip:
        kept = self._welcome_strips
        if kept is None or kept[0] != width:
            strips = Visual.to_strips(self, self._welcome, self._text_width, None, self.visual_style)
            kept = self._welcome_strips = (width, strips)
        left = Strip.blank(MARGIN, self.palette.ground)
        strip = kept[1][y - 1] if 0 < y <= len(kept[1]) else Strip.blank(0)
        return Strip.join([left, strip]).adjust_cell_length(width, self.palette.ground)


def _lay_over(strip: Strip, first: int, end: int, style: Style) -> Strip:
    if end <= first:
        return strip
    length = strip.cell_length
    middle = strip.crop(first, end)
    laid = Strip([Segment(text, (old or Style()) + style) for text, old, _ in middle], middle.cell_length)
    return Strip.join([strip.crop(0, first), laid, strip.crop(end, length)])
