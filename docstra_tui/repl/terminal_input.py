"""What is typed, from the terminal to prompt_toolkit's keys.

Where a sequence ends, and what of a terminal's own is no key, is said by
`docstra_tui.workspace.terminal.key_bytes`; prompt_toolkit's table says what a sequence means.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import time
from collections.abc import Iterator

from prompt_toolkit.application import create_app_session, get_app_session
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

from docstra_tui.workspace.terminal.key_bytes import ESC, KeyBytes, Typed

READ = 4096
"""Bytes a read takes at most: between two reads the prompt is drawn."""
CURSOR = re.compile(r"\x1b\[\d+;\d+R")
"""The terminal's answer to where the cursor is."""
NUMBERED = re.compile(r"\x1b\[(\d{1,7})(?:;(\d{1,3}))?u")
"""A key by its character's number, with what is held: how terminals report what has no sequence."""
FOCUS_IN, FOCUS_OUT = "\x1b[I", "\x1b[O"
SHIFT, ALT, CTRL = 1, 2, 4


def keys_of(typed: Typed) -> Iterator[KeyPress]:
    """The keys of one thing that came; none for what means nothing here."""
    if typed.kind == "paste":
        yield KeyPress(Keys.BracketedPaste, typed.text)
    elif typed.kind == "text":
        for char in typed.text:
            yield from _pressed(char)
    elif CURSOR.fullmatch(typed.text) is not None:
        yield KeyPress(Keys.CPRResponse, typed.text)
    elif (numbered := NUMBERED.fullmatch(typed.text)) is not None:
        yield from _numbered(int(numbered[1]), max(0, int(numbered[2] or 1) - 1))
    elif typed.text in ANSI_SEQUENCES:
        yield from _pressed(typed.text)
    elif len(typed.text) == 2:
        yield KeyPress(Keys.Escape, ESC)
        yield from _pressed(typed.text[1])


def _pressed(sequence: str) -> Iterator[KeyPress]:
    named = ANSI_SEQUENCES.get(sequence)
    if named is None:
        yield KeyPress(sequence, sequence)
        return
    for index, key in enumerate(named if isinstance(named, tuple) else (named,)):
        yield KeyPress(key, sequence if index == 0 else "")


def _numbered(code: int, held: int) -> Iterator[KeyPress]:
    if code == 13 and held & (SHIFT | ALT | CTRL):
        yield KeyPress(Keys.ControlJ, "\n")
        return
    if code == 9 and held & SHIFT:
        yield KeyPress(Keys.BackTab, "")
        return
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return
    char = chr(code)
    if held & CTRL:
        if not ("@" <= char.upper() <= "_"):
            return
        char = chr(ord(char.upper()) & 0x1F)
    if held & ALT:
        yield KeyPress(Keys.Escape, ESC)
    yield from _pressed(char)


class TerminalInput(Vt100Input):
    """prompt_toolkit's input of a terminal, with our reader."""

    _reader: KeyBytes | None = None
    has_focus = True
    """False when the terminal said that it lost it, which it does only where it was asked to."""

    @property
    def reader(self) -> KeyBytes:
        """Between two prompts as well: what came in part goes on."""
        if self._reader is None:
            self._reader = KeyBytes()
        return self._reader

    def read_keys(self) -> list[KeyPress]:
        """What can be read now."""
        came = self.reader.feed(self._read(), time.monotonic())
        for typed in came:
            if typed.kind == "key" and typed.text in (FOCUS_IN, FOCUS_OUT):
                self.has_focus = typed.text == FOCUS_IN
        return _all(came)

    def look(self) -> None:
        """Read what came between two prompts; the keys in it are for the next one."""
        store_typeahead(self, self.read_keys())

    def flush_keys(self) -> list[KeyPress]:
        """What is meant if nothing more comes; called a while after the last read. A paste goes on."""
        now = time.monotonic()
        return _all(self.reader.tick(now) if self.reader.is_pasting else self.reader.give_up(now))

    def _read(self) -> bytes:
        try:
            if not select.select([self.fileno()], [], [], 0)[0]:
                return b""
            data = os.read(self.fileno(), READ)
        except OSError:
            data = b""
        self.stdin_reader.closed = not data
        return data


def _all(came: list[Typed]) -> list[KeyPress]:
    return [key for typed in came for key in keys_of(typed)]


@contextlib.contextmanager
def own_input() -> Iterator[None]:
    """Prompts read a terminal with our reader; any other input is left as it is."""
    found = get_app_session().input
    if type(found) is not Vt100Input:
        yield
        return
    with create_app_session(input=TerminalInput(found.stdin)):
        yield
