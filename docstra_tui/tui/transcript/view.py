"""The conversation on the screen: questions, and answers as they come.

While an answer grows only its last block is parsed and only lines that differ are sent. Without an answer
that grows no timer runs.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.tui.driver.link import backlog
from docstra_tui.tui.transcript.bindings import BINDINGS
from docstra_tui.tui.transcript.blocks.lines import BLANK
from docstra_tui.tui.transcript.feed import Feed, Piece
from docstra_tui.tui.transcript.layout.cited import Cited
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding, beside_line
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.scrolled import LAYOUT_SECONDS
from docstra_tui.tui.transcript.taking import TakingKeys
from docstra_tui.workspace.terminal.pace import Pace

MANY = 1_000
"""Turns from which the garbage collector is told that they stay."""


class TranscriptView(TakingKeys, can_focus=True):
    """Questions and answers, the newest at the bottom."""

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.feed = Feed()
        """Pieces of the running answer, from any thread."""
        self.frames = 0
        """Frames drawn for answers that grew, for tests and measurements."""
        self._pace = Pace(0.1)
        self._current: Turn | None = None
        self._frame_timer: Timer | None = None

    # The four verbs

    def begin_turn(self, question: str, files: Sequence[str] = (), turn_id: int = 0) -> None:
        """A question was sent; what is appended from now on is its answer."""
        if self._current is not None:
            self.end_turn(TurnEnding("interrupted"))
        if self.document.can_go_on:
            self.relayout(self.document.close_last)
        turn = Turn(question, files)
        turn.turn_id = turn_id
        self.document.add(turn)
        self._write(turn)

    def go_on(self) -> None:
        """What is appended from now on goes on with the last answer."""
        self.forget_places()
        turn = self.document.open_last()
        turn.waiting = "reading…"
        self._write(turn)

    def _write(self, turn: Turn) -> None:
        """What comes is this turn's answer; it is the last."""
        self._current = turn
        turn.show_raw(self.is_raw)
        self._following = True
        if self._frame_timer is None and self.is_mounted:
            self._start_frames()
        self.grow()

    def append(self, piece: str) -> None:
        """More of the answer; shown with the next frame. Any thread may call this."""
        if piece:
            self.feed.put(piece)

    def think(self, piece: str) -> None:
        """More of what is thought before the answer. Any thread may call this."""
        if piece:
            self.feed.put(Thought(piece))

    def reframe(self) -> None:
        """All that was appended so far was thought. Any thread may call this."""
        self.feed.put(Reframed())

    def end_turn(self, ending: TurnEnding | None = None) -> None:
        """The answer is over."""
        turn, self._current = self._current, None
        if self._frame_timer is not None:
            self._frame_timer.stop()
            self._frame_timer = None
        rest = self.feed.take()
        if turn is None:
            return
        self._take(turn, rest)
        turn.end(ending or TurnEnding())
        self.grow()
        self.citations.want_in_sight()

    def load(self, turns: Iterable[ShownTurn]) -> None:
        """Show these turns instead of what is shown."""
        if self._current is not None:
            self.end_turn(TurnEnding("interrupted"))
        self.citations.forget()
        self.put_turns(self._made(turns))
        if len(self.document.turns) >= MANY:
            # Each full collection would walk all of them again: 45 ms in which no key is heard.
            gc.freeze()

    # Beside them

    def prepend(self, older: Iterable[ShownTurn]) -> None:
        """Put earlier turns above the first; what is on the screen stays where it is."""
        self.put_older(self._made(older))

    def _made(self, shown: Iterable[ShownTurn]) -> Iterable[Turn]:
        for one in shown:
            turn = Turn(one.question, one.files, one.answer, one.ending, one.thinking)
            turn.turn_id = one.turn_id
            turn.show_raw(self.is_raw)
            yield turn

    def show_forks(self, forks: Mapping[int, Sequence[int]]) -> None:
        """Say of each turn which it is of those in its place; `forks` has them where there are several."""
        is_other = False
        for turn in self.document.turns:
            beside = tuple(forks.get(turn.turn_id, ()))
            line = beside_line(beside.index(turn.turn_id) + 1, len(beside)) if beside else BLANK
            is_other = is_other or line.bits != turn.beside.bits
            turn.beside = line
        if is_other:
            self.refresh()

    def settle(self, width: int | None = None) -> None:
        super().settle(width)
        if self.size and self.document.turns:
            self.citations.want_in_sight()

    def cite(self, turn_id: int, cited: Cited) -> None:
        """What an answer says was looked up. What is on the screen stays where it is."""
        document = self.document
        at = next((at for at, turn in enumerate(document.turns) if turn.turn_id == turn_id), None)
        if at is None or not self.size:
            return
        turn = document.turns[at]
        anchor = None if self._following else document.anchor(self.top, self.size.height)
        turn.cite(cited)
        if document.measure(at):
            self._fit(document.top_of(anchor) if anchor is not None else None)
            self.settle()
        self.refresh_from(document.top(at))  # the sum may be another one, in as many lines
        self.refresh_signs()
        self.citations.came(turn)

    def wait(self, text: str) -> None:
        """Say under the question what is being waited for, until the first piece comes."""
        turn = self._current
        if turn is not None and not (turn.answer or turn.thinking) and turn.waiting != text:
            turn.waiting = text
            self.grow()

    def welcome(self, text: Content) -> None:
        """What the empty conversation says."""
        self.empty.say(text)
        if not self.document.turns:
            self.refresh()

    # Frames

    def says(self, binding: Binding) -> bool:
        turns = self.document.turns
        if binding.id != "transcript.fold":
            return True
        return bool(turns) and turns[self.current_turn].has_thinking

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

    def on_mount(self) -> None:
        if self._current is not None:
            self._start_frames()

    def _start_frames(self) -> None:
        self._frame_timer = self.set_interval(self._pace.interval, self._frame)

    def _frame(self) -> None:
        """Show what has come since the last frame."""
        turn = self._current
        if turn is None or not (self.feed or turn.is_behind or turn.tick()):
            return
        waiting = backlog(self.app)
        if not self._pace.is_due(waiting):
            return
        start = time.perf_counter()
        self._take(turn, self.feed.take())
        self.frames += 1
        self.grow()
        self._pace.note(time.perf_counter() - start, waiting)

    def _take(self, turn: Turn, pieces: Iterable[Piece]) -> None:
        """Give a turn what came of it."""
        for piece in pieces:
            if isinstance(piece, str):
                turn.append(piece)
            elif isinstance(piece, Thought):
                turn.think(piece.text)
            else:
                self._reframe(turn)

    def _reframe(self, turn: Turn) -> None:
        """What was shown is folded, unless somebody reads it further up."""

        def change() -> None:
            turn.reframe()
            if not self.is_following:
                turn.is_folded = False
                turn.lay(self.document.width, 0, 1, LAYOUT_SECONDS)  # it is about as high as before

        self.relayout(change)
