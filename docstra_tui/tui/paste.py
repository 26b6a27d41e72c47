"""A pasted text stays text: nothing in it is taken for a key, and only its end mark ends it.

Textual's parser looks for keys inside a bracketed paste, so that a colour code in a pasted log turns the
rest of it into keys, Enter among them. What is read from the terminal passes here first. Between the
marks every other ESC becomes a visible `␛`; a paste that never ends is ended for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.message import Message

ESC = "\x1b"
START = "\x1b[200~"
END = "\x1b[201~"
VISIBLE_ESC = "\u241b"

SILENCE_SECONDS = 1.0
"""A paste is over when nothing has come for so long."""
ESCAPE_SECONDS = 0.25
"""Escape, alone and followed by nothing for so long, ends a paste that has no end."""
LATE_SECONDS = 10.0
"""So long after a paste was ended for it, its rest may still come."""
LATE_LENGTH = 32
"""Characters in one piece that nobody types: the rest of such a paste."""


class PasteFilter:
    """What a parser may be given of the characters that come, in pieces cut anywhere."""

    def __init__(self) -> None:
        self.is_open = False
        """True inside a paste."""
        self._held = ""
        """The last characters, which may begin a mark; not passed on yet."""
        self._passed = ""
        """The last characters, which may begin a mark or be a key; passed on."""
        self._is_alone = False
        """True when `_held` is an ESC that came by itself."""
        self._tail = ""
        """What was held when a paste was ended for it: its end mark may have been on its way."""
        self._touched = 0.0
        self._late_until = 0.0

    def feed(self, data: str, now: float, *, in_sequence: bool) -> str:
        """What to parse now. `in_sequence`: the parser still waits for the end of an escape sequence.
        `now` in seconds."""
        self._touched = now
        text, self._held = self._held + data, ""
        tail, self._tail = self._tail, ""
        out: list[str] = []
        if now < self._late_until and not self.is_open:
            if tail and (tail + text).startswith(END):
                text = (tail + text)[len(END) :]
            elif _is_rest(text):
                out.append(START)
                self.is_open, self._passed = True, ""
        while text:
            text = self._inside(text, out) if self.is_open else self._outside(text, out, in_sequence)
        self._is_alone = data == ESC
        return "".join(out)

    def tick(self, now: float) -> str:
        """What to parse although nothing has come."""
        waited = now - self._touched
        if self.is_open:
            is_escape = self._held == ESC and self._is_alone
            if waited < (ESCAPE_SECONDS if is_escape else SILENCE_SECONDS):
                return ""
            rest = "" if is_escape else _visible(self._held)
            self.is_open, self._held, self._tail = False, "", self._held
            self._late_until = now + LATE_SECONDS
            return rest + END
        if not self._held or waited < SILENCE_SECONDS:
            return ""
        held, self._held, self._passed = self._held, "", ""
        return held

    def _inside(self, text: str, out: list[str]) -> str:
        """Pass on what is pasted; what comes after it."""
        pasted, mark, rest = text.partition(END)
        if mark:
            self.is_open = False
        else:
            self._held = _beginning(pasted, END)
            pasted = pasted[: len(pasted) - len(self._held)]
        out += (_visible(pasted), mark)
        return rest

    def _outside(self, text: str, out: list[str], in_sequence: bool) -> str:
        """Pass on what is typed; what comes after the start of a paste."""
        passed, self._passed = self._passed, ""
        typed, mark, rest = (passed + text).partition(START)
        if mark:
            self.is_open = True
            if passed and not typed:  # the parser has the beginning of the mark, or took it for a key
                out.append(START[len(passed) :] if in_sequence else START)
            else:
                out += (typed[len(passed) :], START)
            return rest
        begun = _beginning(typed, START)
        if len(begun) < 3:  # ESC and ESC [ are keys as well, which cannot wait
            self._passed = begun
            out.append(text)
        elif len(begun) > len(text):
            self._passed, self._held = passed, text
        else:
            self._held = begun
            out.append(text[: len(text) - len(begun)])
        return ""


def _visible(text: str) -> str:
    return text.replace(ESC, VISIBLE_ESC)


def _beginning(text: str, mark: str) -> str:
    """The end of `text` with which `mark` may begin."""
    for length in range(len(mark) - 1, 0, -1):
        if text.endswith(mark[:length]):
            return mark[:length]
    return ""


def _is_rest(text: str) -> bool:
    """True for what can only belong to the paste before."""
    end, start = text.find(END), text.find(START)
    if end >= 0:
        return start < 0 or end < start
    return start < 0 and len(text) >= LATE_LENGTH and not text.startswith(ESC)


def install() -> None:
    """Put the filter in front of `XTermParser.feed` and `tick`; harmless when called twice."""
    if getattr(XTermParser, "_docstra_paste", False):
        return
    feed, tick = XTermParser.feed, XTermParser.tick

    def filter_of(parser: XTermParser) -> PasteFilter:
        found: PasteFilter | None = parser.__dict__.get("_docstra_filter")
        if found is None:
            found = parser.__dict__["_docstra_filter"] = PasteFilter()
        return found

    def safe_feed(self: XTermParser, data: str) -> Iterable[Message]:
        if data:
            in_sequence = self._timeout_time is not None
            data = filter_of(self).feed(data, time.monotonic(), in_sequence=in_sequence)
            if not data:  # to Textual this would be the end of the input
                return
        yield from feed(self, data)

    def safe_tick(self: XTermParser) -> Iterable[Message]:
        yield from tick(self)
        if data := filter_of(self).tick(time.monotonic()):
            yield from feed(self, data)

    XTermParser.feed = safe_feed  # type: ignore[method-assign]
    XTermParser.tick = safe_tick  # type: ignore[method-assign,assignment]
    XTermParser._docstra_paste = True  # type: ignore[attr-defined]
