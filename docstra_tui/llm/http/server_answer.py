"""One answer of a server, from its request to its end: a stream of events, one body, or a refusal.

Runs in the answer's own thread. What came is reported as it comes; only an end that the server said is one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from docstra_tui.llm.answer import Event as Heard
from docstra_tui.llm.answer import Finished
from docstra_tui.llm.http import endings
from docstra_tui.llm.http.answer import HttpAnswer
from docstra_tui.llm.http.connection import LARGEST_BODY, LARGEST_REFUSAL, Connection, parse
from docstra_tui.llm.http.event_stream import Event, EventReader
from docstra_tui.llm.http.sse import ChunkReader, ErrorEvent, is_error

if TYPE_CHECKING:
    import httpx2


class StreamOptionsRefused(Exception):
    """The server knows no `stream_options`; asking again without is safe."""


class ServerAnswer:
    """Asks once and reads what comes of it."""

    def __init__(self, connection: Connection, answer: HttpAnswer) -> None:
        self._connection = connection
        self._answer = answer
        self._reader = ChunkReader()

    def read(self, body: dict[str, Any]) -> Finished:
        """Send the request and report its text. Raises `DocstraError` and `StreamOptionsRefused`."""
        import httpx2

        connection, trace = self._connection, self._answer.exchange.trace
        with connection.open(f"{connection.base}/chat/completions", body, trace) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if not 200 <= response.status_code < 300:
                raise self._refusal(response, may_drop_options="stream_options" in body)
            if kind == "application/json":
                self._take_whole(response)
            elif kind == "text/event-stream":
                try:
                    self._take_events(response)
                except (httpx2.ReadError, httpx2.RemoteProtocolError):
                    if not self._reader.is_complete:
                        raise
            else:
                raise connection.no_answer(kind, connection.read(response, LARGEST_REFUSAL))
        if not self._reader.is_complete:
            raise connection.cut_off()
        return self._end()

    def _take_events(self, response: httpx2.Response) -> None:
        events = EventReader()
        for part in response.iter_raw():
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
                self._answer.expect_end(self._end)

    def _take_whole(self, response: httpx2.Response) -> None:
        """From a server that does not stream although it was asked to."""
        content = self._connection.read(response, LARGEST_BODY)
        body = parse(content)
        if not isinstance(body, dict):
            raise self._connection.no_answer("broken JSON", content)
        self._report(partial(self._reader.take, body))
        if not isinstance(body.get("choices"), list):
            raise self._connection.no_answer("JSON of another kind", content)
        self._reader.is_done = True  # JSON that is whole is an answer that is whole

    def _report(self, read: Callable[[], list[Heard]]) -> None:
        """What an event says; an error that comes with text is raised behind it."""
        try:
            events = read()
        except ErrorEvent as error:
            raise self._connection.reported(error.body) from None
        self._answer.report(events, is_telling=self._reader.is_telling)
        if self._reader.failure is not None:
            raise self._connection.reported(self._reader.failure)

    def _look_at(self, stray: str) -> None:
        """An error that a server sends without a frame is one all the same."""
        said, reader = stray.strip(), self._reader
        body = parse(said.encode())
        if body is None and said.lower().startswith("error:"):
            body = {"error": parse(said[6:].encode()) or said[6:].strip()}
        if isinstance(body, dict) and is_error(body):
            raise self._connection.reported(body)
        if said and not reader.is_complete and not reader.has_text:
            raise self._connection.no_answer("a stream of something else", said.encode())

    def _refusal(self, response: httpx2.Response, *, may_drop_options: bool) -> Exception:
        """Why the server does not answer, in its own words if they come soon."""
        connection, status, headers = self._connection, response.status_code, response.headers
        self._answer.hurry(lambda: connection.refusal(status, headers, b""))
        content = connection.read(response, LARGEST_REFUSAL)
        if may_drop_options and status in (400, 422) and b"stream_options" in content:
            return StreamOptionsRefused()
        return connection.refusal(status, headers, content)

    def _end(self) -> Finished:
        reader = self._reader
        if self._connection.is_engine:
            return endings.engines(reader.reason, reader.usage)
        return endings.servers(
            self._connection.name,
            self._connection.quote(reader.reason),
            reader.usage,
            has_text=reader.has_text,
            has_thought=reader.has_thought,
            has_refused=reader.has_refused,
        )
