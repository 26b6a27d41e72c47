"""One answer of a server, from its request to its end: a stream of events, one body, or a refusal.

Runs in the answer's own thread. What came is reported as it comes; only an end that the server said is one.
"""

from __future__ import annotations

import codecs
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from docstra_tui.errors import AnswerFailed, ContextOverflow, DocstraError, ServerLoading
from docstra_tui.llm.answer import Event as Heard
from docstra_tui.llm.answer import Finished, Sent, Settings
from docstra_tui.llm.http import endings
from docstra_tui.llm.http.answer import HttpAnswer
from docstra_tui.llm.http.connection import LARGEST_BODY, LARGEST_REFUSAL, Connection, parse
from docstra_tui.llm.http.event_stream import Event, EventReader
from docstra_tui.llm.http.manners import Manners
from docstra_tui.llm.http.raw_thinking import RawThinking
from docstra_tui.llm.http.seam import Seam
from docstra_tui.llm.http.sse import ChunkReader, ErrorEvent, is_error
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written

if TYPE_CHECKING:
    import httpx2


LONGEST_LOOK = 512
"""Bytes in which an answer without a type must show what it is."""

EVENT_STARTS = (b"data:", b"event:", b"id:", b"retry:", b":", b"error:")
JSON = "application/json"
EVENTS = "text/event-stream"


class Refused(Exception):
    """The server wants no such request; `error` says it to people. Nothing was written."""

    def __init__(self, status: int, words: str, error: DocstraError) -> None:
        super().__init__(status)
        self.status = status
        self.words = words
        """The server's own, as they came: not for people."""
        self.error = error


class ServerAnswer:
    """Asks once and reads what comes of it."""

    def __init__(
        self,
        connection: Connection,
        answer: HttpAnswer,
        manners: Manners,
        think: Think,
        written: Written | None = None,
    ) -> None:
        """What is `written` of the answer is gone on with."""
        self._connection = connection
        self._answer = answer
        self._manners = manners
        self._think = think
        self._had_text = written is not None and not written.is_thinking
        self._reader = ChunkReader(
            None
            if connection.is_engine
            else Seam(written.answer)
            if written is not None
            else RawThinking(manners, think)
        )
        self._reading = threading.Lock()
        """Held by whoever reads on or takes what was held back: the end may come while an event is read."""
        self._settings: Settings = {}
        """Those of the request."""
        self._answering: Settings = {}
        """What the server said of who answers."""
        self.was_let_in = False
        """True once the server took the request."""

    @property
    def has_begun(self) -> bool:
        """True once there was an answer, or thinking before it."""
        return self._reader.has_text or self._reader.has_thought

    @property
    def model(self) -> str:
        """Which model the server says that it was; empty where it does not."""
        return self._connection.quote(self._reader.model)

    def read(self, body: dict[str, Any], settings: Settings) -> Finished:
        """Send the request, which has these settings, and report what comes. Raises `DocstraError` and
        `Refused`."""
        self._settings = settings
        connection, trace = self._connection, self._answer.exchange.trace
        with connection.open(f"{connection.base}/chat/completions", body, trace) as response:
            if response.headers.get("server", "").lower() == "llama.cpp":
                self._manners.is_llama_server = True
            if not 200 <= response.status_code < 300:
                raise self._refusal(response)
            self.was_let_in, failed = True, None
            try:
                self._take_body(response)
            except AnswerFailed as error:
                if connection.is_engine:
                    raise
                failed = error
            finally:  # what was held back belongs to the part that is kept
                self._report_rest()
        if failed is not None:
            return Finished("failed", self._reader.usage, failed)
        if not self._reader.is_complete:
            raise connection.cut_off()
        return self._end()

    def _take_body(self, response: httpx2.Response) -> None:
        import httpx2

        parts = response.iter_raw()
        said = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        begin = b"" if said == EVENTS else _beginning(parts)
        kind = said if said == EVENTS else _kind_of(begin) or (said if said == JSON else "")
        every = itertools.chain([begin], parts)
        if kind == JSON:
            self._take_whole(every)
        elif kind == EVENTS:
            try:
                self._take_events(every)
            except (httpx2.ReadError, httpx2.RemoteProtocolError):
                if not self._reader.is_complete:
                    raise
        else:
            raise self._connection.no_answer(said, self._connection.joined(every, LARGEST_REFUSAL))

    def _take_events(self, parts: Iterable[bytes]) -> None:
        events = EventReader()
        for part in parts:
            self._take(events.feed(part))
            if self._reader.is_done:
                break
        else:
            self._take(events.end())
        self._look_at(events.stray)

    def _take(self, events: list[Event]) -> None:
        reader = self._reader
        for event in events:
            was_complete = reader.is_complete
            self._report(partial(reader.read, event.name, event.data))
            if reader.is_done:
                return
            if reader.is_complete and (reader.is_telling or not was_complete):
                # The figures may still come; some servers say with each event that it is the last.
                self._answer.expect_end(self._end_late)

    def _take_whole(self, parts: Iterable[bytes]) -> None:
        """From a server that does not stream although it was asked to."""
        content = self._connection.joined(parts, LARGEST_BODY)
        body = parse(content)
        if not isinstance(body, dict):
            raise self._connection.no_answer("broken JSON", content)
        self._take_completion(body)
        if not isinstance(body.get("choices"), list):
            raise self._connection.no_answer("JSON of another kind", content)

    def _take_completion(self, body: dict[str, Any]) -> None:
        self._report(partial(self._reader.take, body))
        self._reader.is_done = True  # JSON that is whole is an answer that is whole

    def _report(self, read: Callable[[], list[Heard]]) -> None:
        """What an event says; an error that comes with text is raised behind it."""
        with self._reading:
            try:
                events = read()
            except ErrorEvent as error:
                raise self._connection.reported(error.body) from None
            self._report_who()
            self._answer.report(events, is_telling=self._reader.is_telling)
        if self._reader.failure is not None:
            raise self._connection.reported(self._reader.failure)

    def _report_who(self) -> None:
        """Who answers, once that is told."""
        told = self._reader.answering
        if told != self._answering:
            self._answering = told
            quote = self._connection.quote
            said = {name: quote(value) if isinstance(value, str) else value for name, value in told.items()}
            if said.get("answered_by") == self._settings.get("model"):
                said.pop("answered_by", None)
            self._answer.report([Sent({**self._settings, **said})], is_telling=False)

    def _report_rest(self) -> None:
        with self._reading:
            self._answer.report(self._reader.rest(), is_telling=False)

    def _look_at(self, stray: str) -> None:
        """An error that a server sends without a frame is one all the same."""
        said, reader = stray.strip(), self._reader
        body = parse(said.encode())
        if body is None and said.lower().startswith("error:"):
            body = {"error": parse(said[6:].encode()) or said[6:].strip()}
        if isinstance(body, dict) and is_error(body):
            raise self._connection.reported(body)
        if isinstance(body, dict) and isinstance(body.get("choices"), list) and not reader.is_complete:
            self._take_completion(body)
            return
        if said and not reader.is_complete and not reader.has_text:
            raise self._connection.no_answer("a stream of something else", said.encode())

    def _refusal(self, response: httpx2.Response) -> Exception:
        """Why the server does not answer, in its own words if they come soon."""
        connection, status, headers = self._connection, response.status_code, response.headers
        self._answer.hurry(lambda: connection.refusal(status, headers, b""))
        content = connection.read(response, LARGEST_REFUSAL)
        error = connection.refusal(status, headers, content)
        if connection.is_engine or isinstance(error, ContextOverflow | ServerLoading):
            return error
        return Refused(status, content.decode("utf-8", "replace"), error)

    def _end_late(self) -> Finished:
        """The end, where nothing followed it for too long. Not in the answer's own thread, which waits."""
        self._report_rest()
        return self._end()

    def _end(self) -> Finished:
        reader = self._reader
        tokens = reader.usage.thinking_tokens
        self._manners.heard(self._think, has_thought=reader.has_thought, tokens=tokens)
        if self._connection.is_engine:
            return endings.engines(reader.reason, reader.usage)
        return endings.servers(
            self._connection.name,
            self._connection.quote(reader.reason),
            reader.usage,
            has_text=reader.has_text or self._had_text,
            has_thought=reader.has_thought,
            has_refused=reader.has_refused,
        )


def _beginning(parts: Iterator[bytes]) -> bytes:
    """As much of a body as shows what it is."""
    begin = b""
    for part in parts:
        begin += part
        if len(begin) >= LONGEST_LOOK or b"\n" in begin.lstrip():
            break
        if _kind_of(begin):
            break
    return begin


def _kind_of(begin: bytes) -> str:
    """The type of an answer that names none, or another; empty where it is none that is known."""
    start = begin.removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(EVENT_STARTS):
        return EVENTS
    return JSON if start.startswith((b"{", b"[")) else ""
