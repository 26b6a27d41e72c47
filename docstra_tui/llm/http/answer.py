"""One streamed answer over HTTP: a thread that reads the socket, and a reader that never waits in vain.

The thread does everything that may block (names, connect, TLS, headers, body) and puts what came into a
queue; `cancel` shuts the socket down and ends the queue, so the reader is free at once in every phase.
The limits belong to the reader: only text counts as an answer, whatever else a server sends meanwhile.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from docstra_tui import background
from docstra_tui.errors import AnswerCutOff, RemoteError
from docstra_tui.llm.answer import Event, Finished, Sent, Thought
from docstra_tui.llm.http.exchange import GRACE_SECONDS, Exchange, Step

Ending = Finished | BaseException


@dataclass(frozen=True)
class Limits:
    """How long a server may take."""

    text_seconds: float
    """To the first text of an answer, counted from sending, and from one text to the next."""
    short_seconds: float
    """For each step that is no answer: connecting, a head that has begun, a refusal, what follows the end."""


@dataclass(frozen=True)
class _Deadline:
    at: float
    """On the monotonic clock."""
    ending: Callable[[], Ending]
    """How the answer ends when it has passed; may report what is left of it."""

    @property
    def has_passed(self) -> bool:
        return time.monotonic() >= self.at


class HttpAnswer:
    """An answer's source (`AnswerSource`). `work` does the request: it reports pieces, returns the end.

    `server` names the server in errors; without `limits` it may take for ever.
    """

    def __init__(self, work: Callable[[HttpAnswer], Finished], server: str, limits: Limits | None) -> None:
        self._server = server
        self._limits = limits
        self._events: queue.SimpleQueue[Event | Sent | BaseException] = queue.SimpleQueue()
        self._has_text = False
        self._step: _Deadline | None = None
        self._text: _Deadline | None = None
        self._wait_for_text()
        self.exchange = Exchange(server, self._on_step)
        """The request on its way; `work` hands its `trace` to the HTTP library."""
        self._cancelled = threading.Event()
        background.begin(lambda: work(self), "answer").add_done_callback(self._end)

    @property
    def is_cancelled(self) -> bool:
        """True once nobody reads it any more."""
        return self._cancelled.is_set()

    def next_event(self) -> Event | Sent:
        while True:
            nearest = self._nearest()
            wait = None if nearest is None else max(nearest.at - time.monotonic(), GRACE_SECONDS)
            try:
                event: Event | Sent | BaseException = self._events.get(timeout=wait)
            except queue.Empty:
                event = ""
            if event == "" and nearest is not None and nearest.has_passed and nearest is self._nearest():
                self._hang_up()
                self._step = self._text = None
                self._events.put(nearest.ending())  # behind the last that it reports
            if isinstance(event, BaseException):
                raise event
            if event:
                return event

    def cancel(self) -> None:
        # No lock: this may run inside a garbage collection, in the middle of any of our own lines.
        if self.is_cancelled:
            return
        self._hang_up()
        self._events.put(Finished("cancelled"))

    # For the work, in its thread

    def report(self, events: Iterable[Event | Sent], *, is_telling: bool) -> None:
        """These came. Only what tells something, text, thinking or progress, is worth waiting on."""
        if is_telling:
            self._wait_for_text()
        for event in events:
            self._has_text = self._has_text or isinstance(event, str | Thought)
            self._events.put(event)

    def expect_end(self, ending: Callable[[], Ending]) -> None:
        """All the text has come: what is still missing is waited for shortly, then this is the end."""
        if self._limits is not None:
            self._text = None
            self.hurry(ending)

    def hurry(self, ending: Callable[[], Ending]) -> None:
        """What comes now is no answer: it is waited for shortly, then this is the end."""
        if self._limits is not None:
            self._set_step(_Deadline(time.monotonic() + self._limits.short_seconds, ending))

    def pause(self, seconds: float) -> bool:
        """Wait a little, before asking once more; False where nobody waits for that any more."""
        self._set_step(None)
        return not self._cancelled.wait(seconds)

    def _end(self, work: Future[Finished]) -> None:
        self.exchange.done()
        if not self.is_cancelled:
            self._events.put(work.exception() or work.result())

    def _hang_up(self) -> None:
        self._cancelled.set()
        self.exchange.cancel()

    # Limits

    def _nearest(self) -> _Deadline | None:
        step, text = self._step, self._text
        if step is None or text is None:
            return step or text
        return min(step, text, key=lambda deadline: deadline.at)

    def _wait_for_text(self) -> None:
        if self._limits is not None:
            self._text = _Deadline(time.monotonic() + self._limits.text_seconds, self._silent)

    def _on_step(self, step: Step) -> None:
        limits = self._limits
        if limits is None:
            return
        until = time.monotonic() + limits.short_seconds
        if step == "connect":
            what = f"{self._server} cannot be reached: no connection within {limits.short_seconds:g} s."
            error = RemoteError(what, "Is it running, and is the URL right?")
            self._set_step(_Deadline(until, lambda: error))
        elif step == "head":
            what = f"{self._server} began to answer and then took longer than {limits.short_seconds:g} s"
            late = RemoteError(f"{what} for its headers.", "Ask again, or look at the server's log.")
            self._set_step(_Deadline(until, lambda: late))
        else:
            self._set_step(None)

    def _set_step(self, step: _Deadline | None) -> None:
        self._step = step
        self._events.put("")  # whoever waits looks again

    def _silent(self) -> RemoteError:
        seconds = self._limits.text_seconds if self._limits is not None else 0
        hint = "Ask again, or allow more with the setting remote.wait_seconds."
        if self._has_text:
            what = f"{self._server} stopped in the middle of the answer: no text came for {seconds:g} s."
            return AnswerCutOff(what, hint)
        return RemoteError(f"{self._server} has not begun to answer: no text came for {seconds:g} s.", hint)
