"""Server-sent events out of bytes, and whatever a server says between them.

A parser of our own because errors come unframed: proxies and llama-server send a bare JSON object, or a
line `error: {…}`, where an event should stand, and a parser true to the standard drops both.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from docstra_tui.errors import RemoteError

LARGEST_EVENT = 1024 * 1024
"""Bytes, or fewer characters, of one event and of all that stands between events."""

LINE_END = re.compile(r"\r\n|\n|\r")
FIELDS = ("data", "event", "id", "retry")


@dataclass(frozen=True)
class Event:
    """One event as it was sent."""

    name: str
    """`message` where the server said nothing else."""
    data: str


class EventReader:
    """Reads one stream. A mark at its beginning is ignored, and so are comments."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest: list[str] = []
        """The parts of a line that has not ended."""
        self._rest_size = 0
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._is_open = False
        self._stray: list[str] = []
        self._stray_size = 0

    @property
    def stray(self) -> str:
        """The lines that belong to no event."""
        return "\n".join(self._stray)

    def feed(self, part: bytes) -> list[Event]:
        """The events that this part completes. Raises `RemoteError` for one that is too large."""
        events = self._lines(self._decoder.decode(part))
        if self._size + self._rest_size > LARGEST_EVENT or self._stray_size > LARGEST_EVENT:
            raise RemoteError(
                f"The server sent an event of more than {LARGEST_EVENT:,} bytes.",
                "Is it an OpenAI-compatible server?",
            )
        return events

    def end(self) -> list[Event]:
        """What stands in a stream that ended without its last empty line."""
        return self._lines(self._decoder.decode(b"", True) + "\n\n")

    def _lines(self, text: str) -> list[Event]:
        has_begun = bool(self._rest) and self._rest[-1].endswith("\r")
        self._rest.append(text)
        self._rest_size += len(text)
        if not has_begun and LINE_END.search(text) is None:
            return []  # a line that drips is put together once
        text = "".join(self._rest)
        lines = LINE_END.split(text)
        rest = lines.pop()
        if text.endswith("\r"):  # its line feed may be the first of the next part
            rest = lines.pop() + "\r"
        self._rest, self._rest_size = [rest] if rest else [], len(rest)
        return [event for line in lines if (event := self._take(line)) is not None]

    def _take(self, line: str) -> Event | None:
        if not line:
            event = Event(self._name or "message", "\n".join(self._data)) if self._is_open else None
            self._name, self._data, self._size, self._is_open = "", [], 0, False
            return event
        if line.startswith(":"):
            return None
        field, _, value = line.partition(":")
        if field not in FIELDS:
            self._stray.append(line)
            self._stray_size += len(line)
            return None
        self._size += len(line)
        if field == "data":
            self._data.append(value.removeprefix(" "))
            self._is_open = True
        elif field == "event":
            self._name = value.removeprefix(" ")
            self._is_open = True
        return None
