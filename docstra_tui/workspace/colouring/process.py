"""The process that reads code: `python -P -m docstra_tui.workspace.colouring.process`.

Reads a JSON list of language and text a line. Says `[]` when it begins with that text, then JSON lists of
lines, until it has told of every line: of each a flat list of lengths and kinds (`code_kinds`), without
what is plain at its end.

It exists because a regular expression of pygments may never end on a few dozen characters, and it holds
the interpreter's lock for as long: no key, no timer, no signal handler written in Python gets its turn.
So what ends this process is the kernel: by two timers whose signals nobody catches, also when the program
that asked is gone.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from docstra_tui.context.child import bound
from docstra_tui.workspace.colouring.code_kinds import KINDS, PLAIN_LANGUAGES

if TYPE_CHECKING:
    from pygments.lexer import Lexer

MEMORY = 1 << 30
"""Bytes of address space."""
LINES_AT_ONCE = 50
"""Lines that are told of together."""
READ_SECONDS, CHARACTER_SECONDS = 0.1, 20e-6
"""Processor time for a text, and more of it for each character: ten times what ordinary code takes. The
first is mostly for rules that are made on first use, of a language inside another: 30 ms."""
WAIT_SECONDS, WAITS = 1.0, 10
"""Seconds by the clock until more is told of a text: these, and this many times its processor time. A
machine may be busy."""


def cpu_limit(text: str) -> float:
    """Seconds of processor time that reading `text` may take."""
    return READ_SECONDS + CHARACTER_SECONDS * len(text)


def wait_limit(text: str) -> float:
    """Seconds by the clock until more is told of `text`."""
    return WAIT_SECONDS + WAITS * cpu_limit(text)


def main() -> None:
    """Answer everything that stands in the standard input."""
    bound(MEMORY)
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF, signal.SIGALRM})
    for request in sys.stdin.buffer:
        language, text = json.loads(request)
        lexer = find_lexer(language)  # makes its rules: before the clock runs
        _say([])
        _read(lexer, text)


def _read(lexer: Lexer | None, text: str) -> None:
    lines: list[list[int]] = []
    signal.setitimer(signal.ITIMER_PROF, cpu_limit(text))
    signal.setitimer(signal.ITIMER_REAL, wait_limit(text))
    for line in lines_of(lexer, text):
        lines.append(line)
        if len(lines) >= LINES_AT_ONCE:
            signal.setitimer(signal.ITIMER_REAL, 0)  # who is told may be suspended
            _say(lines)
            lines = []
            signal.setitimer(signal.ITIMER_REAL, wait_limit(text))
    for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
        signal.setitimer(timer, 0)
    if lines:
        _say(lines)


def _say(lines: list[list[int]]) -> None:
    sys.stdout.write(json.dumps(lines, separators=(",", ":")) + "\n")
    sys.stdout.flush()


@lru_cache(maxsize=64)
def find_lexer(language: str) -> Lexer | None:
    """The lexer for the word after a fence; None where there is nothing to colour."""
    if language.lower() in PLAIN_LANGUAGES:
        return None
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
    return lexer


def lines_of(lexer: Lexer | None, text: str) -> Iterator[list[int]]:
    """The lengths and kinds of each line of `text`; a lexer that fails leaves the rest plain."""
    left = text.count("\n") + 1
    try:
        for line in _lines(lexer, text) if lexer is not None else ():
            if left > 0:
                left -= 1
                yield line
    except Exception:  # whatever a lexer trips over costs its code the colour, nothing else
        pass
    for _ in range(left):
        yield []


def _lines(lexer: Lexer, text: str) -> Iterator[list[int]]:
    line: list[int] = []
    at = 0
    # Many rules end at a line feed: the last line gets one, too.
    for start, token, value in lexer.get_tokens_unprocessed(text + "\n"):
        if start < at or not value:
            continue  # told of already
        for part, kind in ((text[at:start], 0), (value, kind_of(token))):
            for number, piece in enumerate(part.split("\n")):
                if number:
                    yield _without_plain_end(line)
                    line = []
                if piece and line and line[-1] == kind:
                    line[-2] += len(piece)
                elif piece:
                    line += (len(piece), kind)
        at = start + len(value)
    yield _without_plain_end(line)


def _without_plain_end(line: list[int]) -> list[int]:
    return line[:-2] if line and not line[-1] else line


@cache
def kind_of(token: Any) -> int:
    """The number of a pygments token type, or of the nearest type above it that has one."""
    name = ".".join(token)
    if name in KINDS:
        return KINDS.index(name) + 1
    return 0 if token.parent is None else kind_of(token.parent)


if __name__ == "__main__":
    main()
