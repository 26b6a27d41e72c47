"""Running turns: one at a time, in a thread that never waits for the screen.

Pieces go straight to whoever shows them, which only puts them aside until the next frame; the screen is
called at the first piece and at the end, and not in between. Knows no widget.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstra_tui.errors import DocstraError, GenerationFailed

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.running import RunningTurn
    from docstra_tui.session.turns import SavedTurn, WaitingQuestion


@dataclass(frozen=True)
class TurnRequest:
    """A turn somebody asked for."""

    shown: str
    """The question as it is shown."""
    files: tuple[str, ...]
    """The files it is asked about, as shown under the answer."""
    start: Callable[[ChatSession], RunningTurn]
    """Starts it; runs in the thread, may block and raise."""
    typed: bool = False
    """True for what somebody wrote, which goes back to the composer when it is not asked; False for one
    of the files of a task."""
    written: str = ""
    """What goes back there, where that is more than `shown`: a command with its words."""
    question: WaitingQuestion | None = None
    """As the session keeps it until the turn begins."""

    @property
    def text(self) -> str:
        """What one writes to ask it again."""
        return self.written or self.shown


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


class TurnQueue:
    """The turn that runs and those that wait.

    `show` gets every piece and `changed` is called when there is something to look at; both in the
    turn's thread, and neither may block.
    """

    def __init__(self, show: Callable[[str], None], changed: Callable[[], None]) -> None:
        self._show = show
        self._changed = changed
        self.waiting: deque[TurnRequest] = deque()
        self.saving: set[int] = set()
        """Numbers of those questions that are on their way to the disk; none starts before it is there."""
        self.current: TurnRequest | None = None
        self.started = 0.0
        """When the current turn was sent, on the monotonic clock."""
        self.has_text = False
        """True once the first piece of the current turn has come."""
        self.stopping = False
        self._lock = threading.Lock()
        self._outcome: Outcome | None = None
        self._running: RunningTurn | None = None
        self._session: ChatSession | None = None

    @property
    def busy(self) -> bool:
        """True while a turn runs."""
        return self.current is not None

    @property
    def waits_typed(self) -> bool:
        """True when a question from the composer already waits."""
        return any(request.typed for request in self.waiting)

    @property
    def is_saving(self) -> bool:
        """True while the first that waits is not on the disk yet."""
        question = self.waiting[0].question if self.waiting else None
        return question is not None and question.id in self.saving

    def submit(self, request: TurnRequest) -> None:
        """Let `request` wait for its turn."""
        self.waiting.append(request)

    def start_next(self, session: ChatSession) -> TurnRequest | None:
        """Start the first waiting turn if none runs; what was started."""
        if self.current is not None or not self.waiting or self.is_saving:
            return None
        request = self.waiting.popleft()
        self.current = request
        self.started = time.monotonic()
        self.has_text = False
        self.stopping = False
        self._outcome, self._running, self._session = None, None, session
        threading.Thread(target=self._run, args=(session, request), name="turn", daemon=True).start()
        return request

    def take(self) -> Outcome | None:
        """How the current turn ended, once; None while it runs. Every piece was shown before."""
        with self._lock:
            outcome, self._outcome = self._outcome, None
        if outcome is not None:
            self.current = None
            self._running = None
        return outcome

    def take_written(self) -> tuple[TurnRequest, ...]:
        """Those that wait and that somebody wrote; they wait no more."""
        written = tuple(request for request in self.waiting if request.typed)
        self.waiting = deque(request for request in self.waiting if not request.typed)
        return written

    def stop(self) -> tuple[TurnRequest, ...]:
        """Stop the current turn, forget the waiting ones, and return those. Any thread."""
        dropped = tuple(self.waiting)
        self.waiting.clear()
        self.stop_current()
        return dropped

    def stop_current(self) -> None:
        """Stop the current turn; the next one follows. Any thread."""
        with self._lock:
            if self.current is not None:
                self.stopping = True
            running, session = self._running, self._session
        if running is not None:
            running.cancel()
        elif session is not None:
            session.admission.stop()

    def _run(self, session: ChatSession, request: TurnRequest) -> None:
        running: RunningTurn | None = None
        error: DocstraError | None = None
        try:
            session.take_turn(request.question)
            running = request.start(session)
            with self._lock:
                self._running = running
                stopping = self.stopping
            if stopping:
                running.cancel()
            self._changed()  # what it takes can be counted from here on
            self._changed()  # what it takes can be counted now
            for piece in running:
                self._show(piece)
                if not self.has_text:
                    self.has_text = True
                    self._changed()
            error = running.turn.error
        except DocstraError as raised:
            error = raised
        except Exception as raised:
            error = GenerationFailed(f"{type(raised).__name__}: {raised}"[:300])
        if running is None:
            session.take_turn(None)
        turn = running.turn if running is not None else None
        stopped = turn.status == "cancelled" if turn is not None else self.stopping
        with self._lock:
            self._outcome = Outcome(request, turn, error, stopped)
        self._changed()
