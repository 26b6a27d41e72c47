"""Where a command writes: the answer to standard output, all else to standard error.

To a terminal text is neutralised, to a pipe it is exact.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from typing import Any, TextIO

from docstra_tui.charset import PLAIN, is_wide, spelled
from docstra_tui.text import sanitize_line, sanitize_text

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
CLEAR_LINE = "\r\x1b[K"


class Console:
    """Standard output and standard error of one command."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out if out is not None else sys.stdout
        self._err = err if err is not None else sys.stderr
        for stream in (self._out, self._err):
            if isinstance(stream, io.TextIOWrapper):
                # A lone surrogate or a narrow locale must not end an answer half way.
                stream.reconfigure(errors=PLAIN if _is_terminal(stream) else "backslashreplace")
        self.out_is_terminal = _is_terminal(self._out)
        self.err_is_terminal = _is_terminal(self._err)
        self._progress = ""
        self._open_line = False

    def answer(self, piece: str) -> None:
        """A piece of the answer, out at once."""
        self.end_progress()
        if not piece:
            return
        self._out.write(sanitize_text(piece) if self.out_is_terminal else piece)
        self._out.flush()
        self._open_line = not piece.endswith("\n")

    def end_answer(self) -> None:
        """The last line ends, in a pipe too: what reads lines reads this one."""
        if self._open_line:
            self._out.write("\n")
            self._out.flush()
        self._open_line = False

    def line(self, text: str = "") -> None:
        """One line of a report on standard output."""
        self.end_progress()
        self._out.write((sanitize_line(text) if self.out_is_terminal else text) + "\n")
        self._out.flush()

    def json(self, value: Any) -> None:
        """The one JSON object of a command."""
        self.end_progress()
        # What the stream would escape in its own way would be no JSON any more.
        is_unicode = is_wide(getattr(self._out, "encoding", None))
        text = json.dumps(value, ensure_ascii=False, indent=2 if self.out_is_terminal else None)
        text = LONE_SURROGATE.sub(_shown_byte, text)
        if not is_unicode:
            text = json.dumps(json.loads(text), indent=2 if self.out_is_terminal else None)
        # JSON escapes C0 itself; what else could command a terminal is escaped here, and only there.
        self.line_exact(sanitize_text(text) if self.out_is_terminal else text)

    def line_exact(self, text: str) -> None:
        """A line that is safe already."""
        self._out.write(text + "\n")
        self._out.flush()

    def note(self, text: str) -> None:
        """Something to know, on standard error."""
        self.end_progress()
        self._err.write(sanitize_text(text) + "\n")
        self._err.flush()

    def progress(self, text: str) -> None:
        """One rewritten line, on a terminal only."""
        if not self.err_is_terminal or text == self._progress:
            return
        width = shutil.get_terminal_size().columns
        shown = spelled(sanitize_line(text), getattr(self._err, "encoding", None))
        self._err.write(CLEAR_LINE + shown[: max(1, width - 1)])
        self._err.flush()
        self._progress = text

    def end_progress(self) -> None:
        """Take the rewritten line away."""
        if self._progress:
            self._err.write(CLEAR_LINE)
            self._err.flush()
            self._progress = ""


def _shown_byte(match: re.Match[str]) -> str:
    """A byte of a name that is not UTF-8, as text within a JSON string: `\\xff`."""
    code = ord(match[0])
    return f"\\\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else "\ufffd"


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
