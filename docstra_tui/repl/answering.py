"""Questions and their answers in the terminal: the inline chat's side of the queue of turns.

The turn runs in a thread; what it has to show or to ask comes through one queue to the main thread,
which alone prints. While it waits there, Ctrl+C stops the turn.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from docstra_tui.errors import ContextOverflow, MemoryOverflow, NotAsked
from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.base import BaseLLM
from docstra_tui.repl.attention import watched
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.thinking import ThinkingLine
from docstra_tui.session.going_on import is_cut
from docstra_tui.session.outgoing import SecretsFound
from docstra_tui.workspace.citing import has_sources
from docstra_tui.workspace.files.selection import ReadReport
from docstra_tui.workspace.terminal.attention import Notify
from docstra_tui.workspace.title import served
from docstra_tui.workspace.turns.decision import Decision
from docstra_tui.workspace.turns.queue import TurnQueue
from docstra_tui.workspace.turns.requests import NotTicked
from docstra_tui.workspace.turns.runner import Outcome
from docstra_tui.workspace.wording import (
    ENDED,
    GOES_ON,
    NO_FILES,
    answer_figures,
    counting,
    memory_ways,
    waiting_for,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docstra_tui.llm.answer import Reading
    from docstra_tui.repl.cited import Cited
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.workspace.turns.files import TurnFiles

STEP_SECONDS = 1.0
"""Between two looks at how long the first word takes."""

LONGEST_LINE = 200
"""Characters in front of the rest of an answer."""

LAST_PIECES_SECONDS = 3.0
"""How long the end of a stopped answer is waited for on the way out."""


class Model(Protocol):
    """Who answers."""

    @property
    def llm(self) -> BaseLLM:
        """As it is asked."""

    def is_ready(self) -> bool:
        """Wait for it, saying how far it is; False, and said why, where it will not be."""

    def look_now(self) -> None:
        """It has something new to tell."""


class Answering:
    """Lets questions wait for their turn, and shows their answers. Main thread, but for what a
    `TurnListener` hears."""

    def __init__(
        self,
        files: TurnFiles,
        model: Model,
        printer: Printer,
        cited: Cited,
        *,
        most_tokens: Callable[[], int],
        notify: Notify = "off",
    ) -> None:
        self._model = model
        self._printer = printer
        self._cited = cited
        self._most_tokens = most_tokens
        self._notify: Notify = notify
        self._is_whole = True
        """The last answer is as long as the model made it."""
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        """What is to be done on the main thread."""
        self._pieces: queue.SimpleQueue[str | Thought | Reframed] = queue.SimpleQueue()
        self._thinking = ThinkingLine(printer)
        self._printed: list[str] = []
        """What was printed of the answer."""
        self._begun = ""
        """The line that an answer was cut in, until it goes on."""
        self.queue = TurnQueue(files, self, self._events.put)
        self._may_leave: Decision[bool] = Decision(self.queue, self._events.put)
        self._session: ChatSession | None = None
        self._is_one_of_many = False
        self._has_begun = False
        self.unsent = ""
        """What was typed last, where it stays with whoever typed it; empty when it was sent."""

    def use(self, session: ChatSession, files: TurnFiles) -> None:
        """Go on with this chat about these files."""
        self._session = session
        self.queue.use(session, files)
        session.admission.count_changed = self._count_changed

    def ask(self, requests: Sequence[TurnRequest], typed: str) -> None:
        """Ask, and show what comes until it is over, or somebody stops it."""
        self._is_one_of_many, self._has_begun = len(requests) > 1, False
        self.queue.submit(requests)
        with watched(self._notify, lambda: self._is_whole):
            try:
                while self.queue.busy or self.queue.waiting:
                    try:
                        self._go_on()
                    except KeyboardInterrupt:
                        self._stop(typed)
            finally:
                self._printer.end_progress()
                if self.queue.busy:  # a signal, or a terminal that is gone
                    self.queue.let_go(LAST_PIECES_SECONDS)

    def decide(self, ask: Callable[[], bool]) -> bool:
        """Have somebody say yes or no on the main thread. Blocks: for the turn's thread."""

        def answered(decided: Callable[[bool], None]) -> None:
            answer = False
            try:
                answer = ask()
            finally:
                decided(answer)

        return self._may_leave.wait_for(answered)

    def close(self) -> None:
        """Stop what runs, and keep its part."""
        self.queue.close()
        self.queue.let_go(LAST_PIECES_SECONDS)

    def _go_on(self) -> None:
        if not (self.queue.busy or self.queue.is_saving):
            if not self._model.is_ready():
                self.queue.set_aside()
                self._printer.line("Up brings the question back.", "hint")
                return
            self.queue.ready = True
            self.queue.start_next()
        try:
            event = self._events.get(timeout=STEP_SECONDS)
        except queue.Empty:
            self.queue.look()
            if self._thinking.is_open:
                self._thinking.show()
            else:
                self._say_waiting()
        else:
            event()

    def _show_pieces(self) -> None:
        """All that came by now, at once."""
        texts: list[str] = []
        while not self._pieces.empty():
            piece = self._pieces.get()
            if isinstance(piece, str):
                texts.append(piece)
                continue
            self._print("".join(texts))
            texts.clear()
            if isinstance(piece, Thought):
                self._thinking.add(piece.text)
            else:
                self._thinking.reframe("".join(self._printed))
                self._printed.clear()
        self._print("".join(texts))

    def _print(self, text: str) -> None:
        if text:
            self._thinking.close()
            if self._begun:
                self._printer.piece(f"…{self._begun}")
                self._begun = ""
            self._printed.append(text)
            self._printer.piece(text)

    def _stop(self, typed: str) -> None:
        if not self.queue.busy:
            self._printer.end_progress()
            if self.queue.waiting:
                self._printer.line("Not sent: the model still loads.", "note")
        self.queue.stop()
        if not self._has_begun:
            self.unsent = self.unsent or typed

    def _say_waiting(self) -> None:
        """How long one waits, while nothing has come."""
        queue, session = self.queue, self._session
        has_begun = not queue.busy or queue.has_text or queue.is_thinking
        if session is not None and session.admission.counting is None and not has_begun:
            seconds = time.monotonic() - self.queue.started
            self._printer.progress(waiting_for(self._model.llm, seconds, reading=self.queue.reading))

    def _count_changed(self) -> None:
        """In the turn's thread: said on the main thread as it is now."""
        done = self._session.admission.counting if self._session is not None else None
        if done is not None:
            self._events.put(lambda: self._printer.progress(counting(*done)))

    # What the queue tells

    @property
    def written(self) -> str:
        return ""

    def began(self, request: TurnRequest) -> None:
        self._has_begun = True
        self._thinking.begin()
        self._printed.clear()
        self._begun = last_line(request.goes_on.answer) if request.goes_on is not None else ""
        self.queue.ready = False  # whether it still is is asked before the next one
        if self._is_one_of_many:
            self._printer.line(", ".join(request.files), "mark")
        elif request.is_alone:
            self._printer.line(_part(request.shown), "mark")

    def read(self, report: ReadReport) -> None:
        for label in report.changed:
            self._printer.line(f"{label} was changed and is read again.", "note")
        for _, reason in report.left_out.values():
            self._printer.line(f"{reason} It is not sent.", "hint")
        self._cited.files_read()

    def piece(self, text: str) -> None:
        self._pieces.put(text)
        self._events.put(self._show_pieces)

    def thought(self, text: str) -> None:
        self._pieces.put(Thought(text))
        self._events.put(self._show_pieces)

    def reframed(self) -> None:
        self._pieces.put(Reframed())
        self._events.put(self._show_pieces)

    def reading(self, reading: Reading) -> None:
        self._events.put(self._say_waiting)

    def changed(self) -> None:
        """The line below the prompt is drawn by itself."""

    def ended(self, outcome: Outcome) -> None:
        self._is_whole = outcome.error is None and not outcome.stopped
        self._show_pieces()
        self._thinking.close()
        self._printer.end_progress()
        self._printer.end_answer()
        self._model.look_now()
        error = outcome.error
        if outcome.turn is not None and error is None:
            if outcome.turn.question != outcome.request.shown:  # it became the first of several
                self._printer.line(_part(outcome.turn.question), "mark")
            self._say_figures(outcome.turn)
            self._cited.below(outcome.turn)
        elif isinstance(error, SecretsFound):
            self._printer.line("Nothing was sent.", "note")
        elif error is not None and not isinstance(error, NotTicked):
            self._printer.error(error)
        if isinstance(error, ContextOverflow):
            if isinstance(error, MemoryOverflow):
                self._printer.line(memory_ways(error), "hint")
            self._printer.line(
                "Nothing was sent. /files lists the files, /drop leaves one out, /each asks part by part.",
                "hint",
            )

    def wants_back(self, outcome: Outcome) -> bool:
        if isinstance(outcome.error, (SecretsFound, NotAsked)):
            return True
        if outcome.turn is None and outcome.request.typed:
            self._printer.line("Up brings the question back.", "hint")
        return False

    def give_back(self, text: str) -> None:
        self.unsent = text

    def warn(self, text: str) -> None:
        self._printer.line(text, "note")

    def _say_figures(self, turn: SavedTurn) -> None:
        parts = [] if has_sources(turn) else [f"{NO_FILES}, @ names some, /suggest finds some"]
        parts.append(served(turn.model))
        parts.append(answer_figures(turn.usage, turn.ttft_s, turn.tokens_per_s))
        if turn.status in ("cancelled", "interrupted"):
            parts.insert(0, ENDED[turn.status])
        elif turn.finish_reason == "length":
            parts.append(f"cut at {self._most_tokens()} tokens (--max-tokens)")
        if is_cut(turn):
            parts.append(GOES_ON)
        self._printer.line(" · ".join(filter(None, parts)), "dim")


def last_line(answer: str) -> str:
    """The line that an answer was cut in, or the end of it; empty where it was cut between two."""
    return answer.rpartition("\n")[2][-LONGEST_LINE:]


def _part(shown: str) -> str:
    """Which of several turns it is, as its question says at the end."""
    return shown.rsplit("\n", 1)[-1]
