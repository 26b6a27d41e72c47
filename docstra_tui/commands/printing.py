"""One answer of a command on standard output, as it comes: its text, and what was thought only if wished.

Quoted, what was thought can be told from the answer and taken out again by who reads the lines.
"""

from __future__ import annotations

from docstra_tui.commands.console import Console
from docstra_tui.commands.waiting import Waiting
from docstra_tui.llm.answer import Listener, Reading

MARK = "> "


class Quoting:
    """Quotes a text that comes in pieces."""

    def __init__(self) -> None:
        self._is_at_start = True

    def more(self, text: str) -> str:
        """The next piece, with a mark where a line begins."""
        quoted = text.replace("\n", f"\n{MARK}")
        head = MARK if self._is_at_start and text else ""
        self._is_at_start = self._is_at_start and not text
        return head + quoted


class Printing:
    """Prints one answer.

    With `holds`, what comes first may turn out to be thinking although nothing says so: it is printed when
    that is decided, at the end at the latest. A terminal shows it at once, and says it there.
    """

    def __init__(self, console: Console, waiting: Waiting, *, show_thinking: bool, holds: bool) -> None:
        self._console = console
        self._waiting = waiting
        self._show_thinking = show_thinking
        self._held: list[str] | None = [] if holds else None
        self._quoting: Quoting | None = None
        self.listener = Listener(self._thought, self._reframed, self._read)

    def piece(self, text: str) -> None:
        """A bit of the answer."""
        if self._held is not None:
            self._held.append(text)
            self._waiting.writes()
            return
        self._waiting.end()
        if self._quoting is not None:
            self._end_quoted()
            text = text.lstrip("\n")
        self._console.answer(text)

    def end(self) -> None:
        """No more comes."""
        self._release()
        if self._quoting is not None:
            self._end_quoted()
        self._console.end_answer()

    def _thought(self, text: str) -> None:
        self._release()
        if not self._show_thinking:
            self._waiting.thinks()
            return
        self._waiting.end()
        if self._quoting is None:
            self._quoting, text = Quoting(), text.lstrip("\n")
            self._console.end_answer()
        self._console.answer(self._quoting.more(text))

    def _reframed(self) -> None:
        if self._held is not None:
            held, self._held = "".join(self._held), None
            self._waiting.thinks()
            if self._show_thinking:
                self._waiting.end()
                self._console.answer(Quoting().more(held.strip("\n")) + "\n\n")
            return
        self._console.end_answer()
        self._console.note("What stands above is what the model thought; its answer follows.")

    def _read(self, reading: Reading) -> None:
        self._waiting.reads(reading)

    def _release(self) -> None:
        """It is the answer."""
        held, self._held = self._held, None
        if held:
            self._waiting.end()
            self._console.answer("".join(held))

    def _end_quoted(self) -> None:
        self._quoting = None
        self._console.end_answer()
        self._console.answer("\n")
