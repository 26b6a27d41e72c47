"""Lines above the prompt. Everything from outside is neutralised here, on its way to the terminal."""

from __future__ import annotations

import contextlib
import sys
import termios
from collections.abc import Iterator

from prompt_toolkit.application.current import get_app_session
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.shortcuts import print_formatted_text
from prompt_toolkit.styles import BaseStyle

from docstra_tui.charset import spelled
from docstra_tui.errors import DocstraError
from docstra_tui.invoked import as_started
from docstra_tui.text import sanitize_line, sanitize_text

CLEAR_LINE = "\r\x1b[K"


class Printer:
    """Writes to the terminal of the current prompt_toolkit session, between two prompts."""

    def __init__(self, style: BaseStyle, depth: ColorDepth | None = None) -> None:
        self.style = style
        self._depth = depth
        self._open_line = False
        self._progress = ""

    def piece(self, text: str) -> None:
        """A bit of the answer, out at once."""
        self.end_progress()
        if not text:
            return
        output = get_app_session().output
        output.write(spelled(sanitize_text(text), output.encoding()))
        output.flush()
        self._open_line = not text.endswith("\n")

    def end_answer(self) -> None:
        """Be at the beginning of a line."""
        if self._open_line:
            self._open_line = False
            output = get_app_session().output
            output.write("\n")
            output.flush()

    def line(self, text: str = "", role: str = "", style: BaseStyle | None = None) -> None:
        """A line, or several, in the style of a role: `note`, `dim`, `error`, `hint`; `style` is another
        theme's."""
        self.end_progress()
        self.end_answer()
        output = get_app_session().output
        shown = spelled(sanitize_text(text), output.encoding())
        fragments = FormattedText([(f"class:{role}" if role else "", shown)])
        print_formatted_text(
            fragments,
            style=style or self.style,
            output=output,
            color_depth=self._depth,
        )

    def error(self, error: DocstraError) -> None:
        """What happened, and what to do next."""
        self.line(as_started(error.message), "error")
        if error.hint:
            self.line(as_started(error.hint), "hint")

    @property
    def columns(self) -> int:
        """Of the terminal."""
        return get_app_session().output.get_size().columns

    def progress(self, text: str, role: str = "") -> None:
        """A line that is rewritten, in the style of a role."""
        if text == self._progress:
            return
        self.end_progress()
        self.end_answer()
        output = get_app_session().output
        shown = spelled(sanitize_line(text), output.encoding())[: max(1, self.columns - 1)]
        fragments = FormattedText([(f"class:{role}" if role else "", shown)])
        print_formatted_text(fragments, end="", style=self.style, output=output, color_depth=self._depth)
        self._progress = text

    def end_progress(self) -> None:
        """Take the rewritten line away."""
        if self._progress:
            self._progress = ""
            output = get_app_session().output
            output.write_raw(CLEAR_LINE)
            output.flush()


@contextlib.contextmanager
def silent_keys() -> Iterator[None]:
    """Between two prompts keys are neither echoed nor changed: they wait, whole, for the next prompt.

    In the terminal's usual mode an Enter that is typed while an answer is written would arrive as a
    line feed, which breaks the line instead of sending it. Ctrl+C stays a signal.
    """
    try:
        fd = sys.stdin.fileno()
        modes = termios.tcgetattr(fd)
    except (termios.error, OSError, ValueError, AttributeError):
        yield
        return
    silent = [*modes]
    silent[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR)
    silent[3] &= ~(termios.ECHO | termios.ICANON)
    try:
        termios.tcsetattr(fd, termios.TCSANOW, silent)
        yield
    finally:
        with contextlib.suppress(termios.error, OSError):  # the terminal is gone
            termios.tcsetattr(fd, termios.TCSANOW, modes)
