"""The key table: bytes that a terminal sends, and the question that must come of them, in both faces.

A test and a benchmark run it on a real terminal, one start of a face for all of it: a server on loopback
answers each question at once and keeps what it was asked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.llm.http.hostile import HostileServer, hostile
from tests.pty.answers import CHAT, answer_with, streams
from tests.pty.terminal import Terminal, app

SECONDS = 10.0
"""Longest wait for a question that comes."""
PIECE_SECONDS = 0.03
"""Between two writes of one case."""
LATE_SECONDS = 0.25
"""A pause in which Escape was a key already."""

SHIFT_ENTER, CTRL_Z = b"\x1b[27;2;13~", b"\x1a"
LEFT, UP, F2, F6, F7 = b"\x1b[D", b"\x1b[A", b"\x1bOQ", b"\x1b[17~", b"\x1b[18~"
START, END = b"\x1b[200~", b"\x1b[201~"
REPLIES = (
    b"\x1b[?64;1;2;6;9;15;22c\x1b[>41;354;0c\x1b]10;rgb:d8d8/d4d4/cccc\x1b\\"
    b"\x1b]11;rgb:1616/1616/1a1a\x07\x1bP>|XTerm(354)\x1b\\\x1b[?2026;2$y\x1b[?1u\x1b[12;1R"
)
"""Device attributes, colours, name and version, a mode, keyboard flags, the cursor's place."""


@dataclass(frozen=True)
class Case:
    """One row."""

    name: str
    writes: tuple[bytes, ...]
    """Each in one write; an Enter follows in the last one."""
    question: str
    """What is sent; empty where nothing may be."""
    pause: float = PIECE_SECONDS
    """Seconds between two writes."""


BOTH = (
    Case("Alt+Enter", (b"abc\x1b\rdef",), "abc\ndef"),
    Case("Alt+Enter, then words", (b"abc\x1b\r", b"def"), "abc\ndef", LATE_SECONDS),
    Case("Alt+Enter, cut in two", (b"abc\x1b", b"\rdef"), "abc\ndef"),
    Case("Shift+Enter of xterm", (b"abc" + SHIFT_ENTER + b"def",), "abc\ndef"),
    Case("Shift+Enter by its number", (b"abc\x1b[13;2udef",), "abc\ndef"),
    Case("Ctrl+J", (b"abc\ndef",), "abc\ndef"),
    Case("Backspace in a burst", (b"abc\x7f\x7fx",), "ax"),
    Case("Left in a burst", (b"ab" + LEFT * 2 + b"x",), "xab"),
    Case("Left, cut in two", (b"ab\x1b", b"[Dx"), "axb"),
    Case("Ctrl+W in a burst", (b"one two\x17X",), "one X"),
    Case("a byte that is no UTF-8", (b"a\xffb",), "a\ufffdb"),
    Case("a character cut in two", ("a\u00e9b".encode()[:2], "a\u00e9b".encode()[2:]), "a\u00e9b"),
    Case("a byte that is no UTF-8 in a paste", (START + b"c\xffd" + END,), "c\ufffdd"),
    Case("a paste of lines, then a letter", (START + b"one\rtwo" + END + b"!",), "one\ntwo!"),
    Case("late replies", (b"a" + REPLIES + b"b",), "ab"),
    *(
        Case(f"late replies, cut at {at}", (b"a" + REPLIES[:at], REPLIES[at:] + b"b"), "ab")
        for at in (2, 19, 30, 52, 70, 96, 110)
    ),
    Case("a name in full, Enter", (b"see @notes.md",), "see @notes.md"),
)

SCREEN = (
    Case("12 lines, taken back", (b"x\n" * 12, CTRL_Z * 30, b"fine"), "fine"),
    Case("a paste of 12 lines, taken back", (START + b"x\r" * 12 + END, CTRL_Z * 2, b"fine"), "fine"),
    Case("Escape in the files, then words", (F2 + b"\x1bwhy is it so?",), "why is it so?"),
    Case(
        "Escape in the filter, then words", (F2 + b"/cli", b"\x1b", b"why is it?"), "why is it?", LATE_SECONDS
    ),
    Case("Escape in the filter, at once", (F2 + b"/cli\x1bwhy is it so?",), "why is it so?"),
    Case("Escape in the search, then words", (F7 + b"word\x1bnow",), "now"),
    Case("words in the conversation", (F6 + b"why is it so?",), "why is it so?"),
    Case("words that the files have no use for", (F2 + b"What is it?",), "What is it?"),
    Case("a paste in the files", (F2 + START + b"pasted" + END,), "pasted"),
    Case("Tab in a half-written question", (b"half\t and half",), "half and half"),
    Case("a file by a few letters, Tab, lines", (b"see @clie\t:1-2",), "see @src/client.py:1-2"),
    Case("a reply whose first byte came early", (b"a\x1b", b"[?64;1;2cb"), "ab", LATE_SECONDS),
)
"""Only the full screen has these."""


class Face:
    """One face on a terminal, with its server."""

    def __init__(self, terminal: Terminal, server: HostileServer, *, is_chat: bool) -> None:
        self.terminal = terminal
        self._server = server
        self._is_chat = is_chat

    @property
    def is_alive(self) -> bool:
        """True while the program runs."""
        return self.terminal.process.poll() is None

    def run(self, case: Case) -> str:
        """Send one row; the question that came of it. Fails when none came, or the program has ended."""
        before, shown = len(self.questions()), len(self.terminal.raw)
        for index, data in enumerate(case.writes):
            if index:
                time.sleep(case.pause)
            self.terminal.write(data + (b"\r" if index == len(case.writes) - 1 else b""))
        self._until(lambda: len(self.questions()) > before, case.name)
        if self._is_chat:  # the prompt is there again, and knows where it is
            self._until(lambda: self._has_prompt(shown), case.name)
        return self.questions()[-1]

    def _until(self, is_so: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not is_so():
            if not self.is_alive or time.monotonic() > deadline:
                raise AssertionError(f"{name}: nothing came of it; the screen:\n{self.terminal.text}")
            time.sleep(0.01)

    def _has_prompt(self, shown: int) -> bool:
        _, answer, rest = bytes(self.terminal.raw[shown:]).partition(b"Seen.")
        return bool(answer) and b" ready" in rest

    def questions(self) -> list[str]:
        """The last line of text of each request: what was typed, behind the files that it names."""
        bodies = [
            json.loads(request.partition(b"\r\n\r\n")[2])
            for request in list(self._server.requests)
            if request.split(b" ", 2)[1] == CHAT.encode()
        ]
        return [str(body["messages"][-1]["content"]) for body in bodies]


@contextmanager
def face(root: Path, *words: str) -> Iterator[Face]:
    """One face on a terminal, ready."""
    with hostile() as server:
        answer_with(server, streams(["Seen."]))
        is_chat = "chat" in words
        terminal = Terminal(app(*words, str(root), "--base-url", server.url), answers=is_chat)
        try:
            terminal.wait_for(lambda text: text.rstrip().rpartition("\n")[2].lstrip().startswith("ready"))
            yield Face(terminal, server, is_chat=is_chat)
        finally:
            terminal.close()


@dataclass
class Outcome:
    """What came of a table."""

    wrong: dict[str, str] = field(default_factory=dict)
    """What came of the rows that came out otherwise, by name."""
    ended: int = 0
    """How often the program ended."""


def run_all(cases: Sequence[Case], root: Path, *words: str) -> Outcome:
    """Run a table in a face; one that ended is started again for the rows that are left."""
    outcome, left = Outcome(), list(cases)
    while left:
        with face(root, *words) as typed_into:
            while left and typed_into.is_alive:
                case = left.pop(0)
                try:
                    came = typed_into.run(case)
                except AssertionError as error:
                    came = str(error)
                if came != case.question and not came.endswith(f"\n{case.question}"):
                    outcome.wrong[case.name] = came
                    break  # with a clean face, the next row shows only what is its own
            outcome.ended += not typed_into.is_alive
    return outcome
