"""One answer in the making: iterated in a worker thread, cancelled from anywhere, saved as it comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Protocol

from docstra_tui.error_forms import from_wire, to_wire
from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import SILENT, AnswerStream, Listener, Reading, Settings
from docstra_tui.session.going_on import Before, begun
from docstra_tui.session.telling import Told
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import SavedTurn, Status


class TurnKeeper(Protocol):
    """Who knows what goes with a turn, and keeps what comes of it. Called in the thread that iterates."""

    def begin(self, turn: SavedTurn) -> Told:
        """It is sent now; what is sent with it."""

    def answer(self, turn: SavedTurn, told: Told, listener: Listener) -> AnswerStream:
        """The model's answer to it."""

    def add_piece(self, turn: SavedTurn, piece: str) -> None:
        """A bit more of the answer."""

    def add_thought(self, turn: SavedTurn, thought: str) -> None:
        """A bit more of what is thought before it."""

    def reframe(self, turn: SavedTurn) -> None:
        """All that came as its answer was thought."""

    def keep_settings(self, turn: SavedTurn) -> None:
        """It is known with which ones it was sent."""

    def end(self, turn: SavedTurn) -> None:
        """It has its final status."""


class RunningTurn(Iterator[str]):
    """An answer in the making: iterate it in a worker thread, cancel it from anywhere.

    Whatever happens, iteration just ends, and `turn` then has its one final status; what went wrong is
    in `turn.error`. The pieces are saved as they come.
    """

    def __init__(self, keeper: TurnKeeper, turn: SavedTurn, request: TurnRequest | None = None) -> None:
        self.turn = turn
        """Filled in as the answer grows."""
        self.request = request
        """What was asked for."""
        self.listener = SILENT
        """Who else hears what is no text of the answer, in the thread that iterates; set before that."""
        self._keeper = keeper
        goes_on = request is not None and request.goes_on is not None
        self._before = Before.of(turn) if goes_on else None
        """As it stood, where its answer goes on."""
        if goes_on:
            turn.status, turn.finish_reason, turn.error = "streaming", None, None
            turn.answer, turn.thinking = begun(turn.answer), begun(turn.thinking)
        self._stream: AnswerStream | None = None
        self._cancelled = threading.Event()
        self._how: Status = "interrupted"
        """How it ends before its end: where nobody stopped it, what it was asked of was closed."""
        self._is_started = False
        self._lock = threading.Lock()

    @property
    def ended(self) -> bool:
        """True once the turn has its final status."""
        return self.turn.status != "streaming"

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.ended:
            raise StopIteration
        try:
            stream = self._started_stream()
            piece = next(stream) if stream is not None else None
        except StopIteration:
            piece = None
        except BaseException as error:  # whatever the model did, a turn ends with one final status
            if isinstance(error, Exception):
                self._finish(
                    "failed", error if isinstance(error, DocstraError) else from_wire(to_wire(error))
                )
                raise StopIteration from None
            # Ctrl+C or a signal in a face that reads in its main thread, a panic of a library's Rust
            self.cancel("interrupted" if isinstance(error, SystemExit) else "cancelled")
            self._finish(self._how)
            raise
        if piece is None:
            reason = self._stream.finish_reason if self._stream is not None else "cancelled"
            self._finish(self._how if reason == "cancelled" else "done")
            raise StopIteration
        self.turn.answer += piece
        self._keeper.add_piece(self.turn, piece)
        return piece

    def following(self) -> TurnRequest | None:
        """What is asked next by itself, once this turn is over: of one question to each part of the files
        the next part. Where the turn came to nothing, the others are given up."""
        among = self.request.among if self.request is not None else None
        if self.request is None or among is None:
            return None
        if self.turn.status == "done":
            return among.following(self.request, self.turn.answer)
        among.cancel()
        return None

    def cancel(self, how: Status = "cancelled") -> None:
        """Stop. What was written stays; the iteration ends by itself. Never blocks, any thread."""
        with self._lock:
            if not self._cancelled.is_set():
                self._how = how
            self._cancelled.set()
            stream = self._stream
            was_started = self._is_started
            self._is_started = True
        if stream is not None:
            stream.cancel()
        elif not was_started:  # nobody may ever iterate it
            self._finish(self._how)

    def _started_stream(self) -> AnswerStream | None:
        """The stream, started at the first call; None when it was cancelled before that."""
        if self._stream is not None:
            return self._stream
        with self._lock:
            if self._cancelled.is_set():
                return None
            self._is_started = True
        told = self._keeper.begin(self.turn)
        if self._cancelled.is_set():
            return None
        stream = self._keeper.answer(
            self.turn, told, Listener(self._thought, self._reframed, self._read, self._sent)
        )
        with self._lock:
            self._stream = stream
        if self._cancelled.is_set():
            stream.cancel()
        return stream

    def _thought(self, text: str) -> None:
        turn, stream = self.turn, self._stream
        turn.thinking += text
        if stream is not None and self._before is None:
            turn.thinking_s = stream.thinking_s
        self._keeper.add_thought(turn, text)
        if self.listener.on_thinking is not None:
            self.listener.on_thinking(text)

    def _reframed(self) -> None:
        turn = self.turn
        turn.thinking, turn.answer = turn.thinking + turn.answer, ""
        self._keeper.reframe(turn)
        if self.listener.on_reframed is not None:
            self.listener.on_reframed()

    def _sent(self, settings: Settings) -> None:
        turn, before = self.turn, self._before
        if before is None:
            turn.settings = settings
        else:
            turn.gone_on_with = before.gone_on_with(settings)
        self._keeper.keep_settings(turn)
        if self.listener.on_sent is not None:
            self.listener.on_sent(settings)

    def _read(self, reading: Reading) -> None:
        if self.listener.on_reading is not None:
            self.listener.on_reading(reading)

    def _finish(self, status: Status, error: DocstraError | None = None) -> None:
        turn, stream, before = self.turn, self._stream, self._before
        if stream is not None:
            turn.finish_reason = stream.finish_reason
            turn.usage = stream.usage
            turn.thinking_s = stream.thinking_s
            turn.ttft_s = stream.ttft_s
            turn.tokens_per_s = stream.tokens_per_s
            if before is not None:
                before.add_to(turn)
        turn.error = error
        turn.status = status
        if before is not None and stream is None and error is None:
            before.put_back(turn)
        self._keeper.end(turn)
