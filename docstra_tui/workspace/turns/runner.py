"""The turn that runs, in a thread that never waits for whoever shows it.

Pieces and thoughts go straight to whoever shows them, who only puts them aside; there is a word about it when
its files were read, when it was sent, at the first thought, at the first piece and at the end, and not in
between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docstra_tui.errors import ContextOverflow, DocstraError, GenerationFailed, NotAllowed, NotAsked
from docstra_tui.llm.answer import Listener
from docstra_tui.workspace.files.selection import ReadReport
from docstra_tui.workspace.turns.requests import NotTicked, as_now

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Reading
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.running import RunningTurn
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.workspace.turns.files import TurnFiles
    from docstra_tui.workspace.turns.listener import TurnListener

WITHDRAWN = (ContextOverflow, NotAllowed, NotAsked, NotTicked)
"""What keeps a question from being one: the conversation is what it was before."""


@dataclass(frozen=True)
class Outcome:
    """How a turn ended."""

    request: TurnRequest
    turn: SavedTurn | None
    """The saved turn; None when it never started."""
    error: DocstraError | None
    """What went wrong; None when it was done or stopped."""
    stopped: bool
    """True when somebody stopped it."""
    report: ReadReport = field(default_factory=ReadReport)
    """What was found when its files were read."""
    following: TurnRequest | None = None
    """What is asked next by itself."""

    @property
    def is_withdrawn(self) -> bool:
        """True when nothing was sent, as if nobody had asked."""
        return self.turn is None and isinstance(self.error, WITHDRAWN)


class TurnRunner:
    """One turn at a time.

    `listener` gets every piece and `changed` is called when there is something to look at; both in the turn's
    thread, and neither may block.
    """

    def __init__(self, files: TurnFiles, listener: TurnListener, changed: Callable[[], None]) -> None:
        self.files = files
        self._listener = listener
        self._changed = changed
        self.current: TurnRequest | None = None
        self.started = 0.0
        """When the current turn was sent, on the monotonic clock."""
        self.has_text = False
        """True once the first piece of the current turn has come."""
        self.has_thought = False
        """True once the first thought of the current turn has come."""
        self.reading: Reading | None = None
        """How much of the current turn's prompt is read; None where nobody told."""
        self.stopping = False
        self.report: ReadReport | None = None
        """What reading the files of the current turn found; None until they are read."""
        self._lock = threading.Lock()
        self._outcome: Outcome | None = None
        self._running: RunningTurn | None = None
        self._session: ChatSession | None = None
        self._thread: threading.Thread | None = None

    def start(self, session: ChatSession, request: TurnRequest) -> None:
        """Run this one; none may run."""
        self.current = request
        self.started = time.monotonic()
        self.has_text = self.has_thought = False
        self.reading = None
        self.stopping = False
        self.report = None
        self._outcome, self._running, self._session = None, None, session
        self._thread = threading.Thread(target=self._run, args=(session, request), name="turn", daemon=True)
        self._thread.start()

    @property
    def is_sent(self) -> bool:
        """True once the current turn is one of the session's: what it takes can be counted."""
        return self._running is not None

    def take(self) -> Outcome | None:
        """How the current turn ended, once; None while it runs. Every piece was shown before."""
        with self._lock:
            outcome, self._outcome = self._outcome, None
        if outcome is not None:
            self.current = None
            self._running = None
        return outcome

    def stop(self, *, is_leaving: bool = False) -> None:
        """Stop the current turn, if one runs; `is_leaving`: the program ends, and nobody meant the answer.
        Any thread, never blocks."""
        with self._lock:
            if self.current is None:
                return
            self.stopping = True
            running, session = self._running, self._session
        if running is not None:
            running.cancel("interrupted" if is_leaving else "cancelled")
        elif session is not None:
            session.admission.stop()

    def wait(self, seconds: float) -> None:
        """Until the current turn is over, or so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, session: ChatSession, request: TurnRequest) -> None:
        running: RunningTurn | None = None
        error: DocstraError | None = None
        following: TurnRequest | None = None
        try:
            running = self._begun(session, request)
            for piece in running:
                self._listener.piece(piece)
                if not self.has_text:
                    self.has_text = True
                    self._changed()
            error = running.turn.error
            following = running.following()
        except DocstraError as raised:
            error = raised
        except Exception as raised:  # a bug of ours must not leave a turn that never ends
            error = GenerationFailed(f"{type(raised).__name__}: {raised}"[:300])
        turn = running.turn if running is not None else None
        stopped = turn.status in ("cancelled", "interrupted") if turn is not None else self.stopping
        with self._lock:
            self._outcome = Outcome(request, turn, error, stopped, self.report or ReadReport(), following)
        self._changed()

    def _thought(self, text: str) -> None:
        self._listener.thought(text)
        if not self.has_thought:
            self.has_thought = True
            self._changed()

    def _reframed(self) -> None:
        self._listener.reframed()
        self.has_text, self.has_thought = False, True
        self._changed()

    def _read(self, reading: Reading) -> None:
        self.reading = reading
        self._listener.reading(reading)

    def _begun(self, session: ChatSession, request: TurnRequest) -> RunningTurn:
        """Read the files and ask. Blocks: it counts, and may wait for somebody to decide."""
        # As they are now, not as they were when chosen; what goes on has those that it was asked with.
        report = self.report = ReadReport() if request.goes_on is not None else self.files.read(session)
        self._changed()
        is_unwanted = self.stopping
        if is_unwanted:
            raise NotAsked("The question was not asked.", "Its files were still being read.")
        running = session.run(as_now(request, session, self.files, report))
        running.listener = Listener(self._thought, self._reframed, self._read)
        with self._lock:
            self._running = running
            stopping = self.stopping
        if stopping:
            running.cancel()
        self._changed()  # what it takes can be counted from here on
        return running
