"""A document of turns that is scrolled: what is in sight is laid out, the rest has about its height.

It scrolls in steps, so that a full repaint is rare, and follows the end only while it is at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from textual import events
from textual.geometry import Size
from textual.timer import Timer

from docstra_tui.tui.transcript.drawn import DrawnDocument
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.messages import OlderWanted

BELOW = 1
"""Empty lines under the last."""
STEP = 12
"""Lines scrolled at once when the answer reaches the bottom."""
LAYOUT_SECONDS = 0.02
"""How long one round of layout may take; what is left waits for the next."""
GROW_SECONDS = 0.04
"""How long a frame may read what came; after a stall that may be a lot."""
WORK_SECONDS = 0.02
"""Between two rounds of layout."""


class ScrolledDocument(DrawnDocument):
    """Whatever changes its height, what is read stays where it is, or the end stays in sight."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._following = True
        self._is_scrolling_itself = False
        self._has_spare = False
        """There are empty lines under the last, which an answer that grew did not need."""
        self._work_timer: Timer | None = None
        self._has_older = False
        self._asks_older = False
        """The earlier turns were asked for and have not come."""

    @property
    def is_following(self) -> bool:
        """True while new lines are scrolled into sight."""
        return self._following

    @property
    def is_growing(self) -> bool:
        """True while the last answer is being written."""
        turns = self.document.turns
        return bool(turns) and turns[-1].is_streaming

    def forget_places(self) -> None:
        """The lines stand elsewhere now, for whoever knows where something was."""

    # Earlier turns

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
        if is_short or not (self.top or self._following):
            self._asks_older = True
            self.post_message(OlderWanted())

    def put_older(self, turns: Iterable[Turn]) -> None:
        """Earlier turns above the first; what is on the screen stays where it is."""
        self.forget_places()
        before = self.document.height
        self.document.prepend(turns)
        self._fit(self.top + self.document.height - before)
        self._asks_older = False
        self.settle()
        self._want_older()

    # Other turns

    def put_turns(self, turns: Iterable[Turn]) -> None:
        """These turns instead of those before."""
        self.forget_places()
        self.document.load(turns)
        self._start_at_end()

    def drop_first(self, count: int) -> None:
        """Take turns away at the beginning, and go to the end."""
        self.forget_places()
        self.document.drop_first(count)
        self._start_at_end()

    def _start_at_end(self) -> None:
        self._following, self._has_spare = True, False
        self.settle()
        self.refresh()

    # Layout

    def grow(self) -> None:
        """Lay out what was added, and repaint only lines that differ."""
        if not self.size:
            return
        # Somebody who reads further up sees the same lines, also where a new row made a table other.
        anchor = None if self._following else self.document.anchor(self.top, self.size.height)
        first = self.document.grow(GROW_SECONDS)
        is_repainted = self._fit(self.document.top_of(anchor) if anchor is not None else None)
        self.colour_code()
        if not is_repainted:
            self.refresh_from(first)
        if not self.is_growing and self.document.turns[-1].is_behind:
            self._work_later()

    def on_resize(self, event: events.Resize) -> None:
        if self.size and self.text_width != self.document.width:
            self.forget_places()
            self.settle(width=self.text_width)
        elif self.size:
            self.settle()
        self.refresh()
        self._want_older()

    def settle(self, width: int | None = None) -> None:
        """Lay out what is on the screen; what was there stays where it is, or the end stays in sight."""
        document, height, top = self.document, self.size.height, self.top
        if not self.size:
            return
        anchor = document.anchor(top, height) if width is None else None
        rough = None if anchor is not None else document.rough_anchor(top)
        if width is not None:
            document.set_width(width)
            top = document.top_of_rough(rough) if rough is not None else 0
        elif document.width != self.text_width:
            self.forget_places()  # the view has its new size, and has not heard of it so far
            document.set_width(self.text_width)
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
        self.colour_code()
        # Also where no height is another: a guess may have been right, and the lines are there only now.
        self.refresh_from(self.top)
        if not done:
            self._work_later()

    def _work_later(self) -> None:
        """Go on with the layout when keys and frames had their turn."""
        if self._work_timer is None:
            self._work_timer = self.set_timer(WORK_SECONDS, self._work)

    def _work(self) -> None:
        self._work_timer = None
        self.settle()

    def relayout(self, change: Callable[[], object], *, same_parts: bool = False) -> None:
        """Do what lays turns out anew (folding, the raw view). What is on the screen stays about where it
        is; with `same_parts`, when the blocks are the same as before, exactly."""
        document, height = self.document, self.size.height
        anchor, rough = document.anchor(self.top, height), document.rough_anchor(self.top)
        self.forget_places()
        change()
        document.redo()
        if not self._following and rough is not None:
            top = document.top_of_rough(rough)
            if same_parts and anchor is not None:
                document.lay(document.top(anchor.turn), top + height, LAYOUT_SECONDS)
                top = max(0, document.top_of(anchor))
            self._fit(top)
        self.settle()
        self.refresh()

    def fold(self, turn: Turn, is_folded: bool) -> None:
        """Show or hide what the model thought in a turn."""
        self.relayout(lambda: turn.fold(is_folded=is_folded), same_parts=True)

    # Scrolling

    def _fit(self, top: int | None = None) -> bool:
        """Make room for the document and scroll to `top` or the end; True when everything is repainted.

        While an answer grows there is room for some more lines, so that the next ones need neither a
        layout of the screen nor scrolling. What it did not need stays as long as it is in sight; else the
        room is that of the document, whatever came before.
        """
        height = self.size.height
        total = self.document.height + BELOW
        room = self.virtual_size.height
        if self.is_growing:
            self._has_spare = True
            if total > room or total + STEP < room or room < height or total <= height < room:
                room = total + min(STEP, height // 3) if total > height else height
        else:
            seen = min(room, self.top + height)
            self._has_spare = self._has_spare and height < total < seen <= total + STEP
            room = seen if self._has_spare else max(total, height)
        if room != self.virtual_size.height or self.virtual_size.width != self.size.width:
            self._set_room(room)
        if self._following:
            top = max(0, room - height)
        if top is None or top == self.top:
            return False
        self._scroll_itself(top)
        return True

    def _set_room(self, room: int) -> None:
        """Another virtual height, without a layout of the screen: nothing else depends on it.

        Setting `virtual_size` repaints everything up to three times, layout and scrolling apart.
        """
        self.set_reactive(ScrolledDocument.virtual_size, Size(self.size.width, room))
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
        self.settle()
        if not round(new_value):
            self._asks_older = False
            self._want_older()

    def show_row(self, turn: int, row: int, *, above: int = 0) -> None:
        """Scroll so that a row of a turn stands `above` lines under the top of the screen."""
        self._following = False
        for _ in range(3):
            top = max(0, self.document.top(turn) + row - above)
            self.document.lay(top, top + self.size.height, LAYOUT_SECONDS)
        top = max(0, self.document.top(turn) + row - above)
        self._fit(min(top, max(0, self.document.height + BELOW - self.size.height)))
        self._following = self.top >= self.max_scroll_y
        self.settle()
        self.refresh()

    def follow(self) -> None:
        """Go to the end and stay there."""
        self._following = True
        self._fit()
        self.settle()
