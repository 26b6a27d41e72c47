"""The composer: where a question is written. Enter sends; it knows a paste when it sees one.

SSH delivers typing in bursts, so an Enter that comes together with the text before it still sends.
Only an Enter that is itself followed by more text within a moment is a line of an unbracketed paste.

What is pasted is sent as it was, tabs and invisible characters too, but for those that act
(`docstra_tui.text.disarm`). Where it is drawn, a sign stands for each that cannot be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, overload

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.document._document import DocumentBase
from textual.events import Key, Paste
from textual.message import Message
from textual.timer import Timer
from textual.widgets import TextArea

from docstra_tui.context.mentions import awaits_lines
from docstra_tui.text import disarm
from docstra_tui.tui.strips import clean, is_clean

BURST_SECONDS = 0.03
"""An Enter waits this long for text that would make it part of a paste."""
MENTION = re.compile(r"""(?<!\S)@("[^"\n]*|[^\s"]*)$""")
"""An `@` at the start of a word, and what is written of the file's name up to the cursor."""


def drawn(line: str) -> str:
    """`line` as it is drawn: as long as it is, with a sign for each character that cannot be shown."""
    return line if is_clean(line) else "\t".join(clean(part) for part in line.split("\t"))


class DrawnLines:
    """What a document's lines are wrapped by: a sign has a width where an invisible character has none."""

    def __init__(self, document: DocumentBase) -> None:
        self._document = document

    @property
    def lines(self) -> DrawnLines:
        return self

    @property
    def line_count(self) -> int:
        return self._document.line_count

    def get_line(self, index: int) -> str:
        return drawn(self._document.get_line(index))

    def __iter__(self) -> Iterator[str]:
        return map(drawn, self._document.lines)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [drawn(line) for line in self._document.lines[index]]
        return self.get_line(index)


class Composer(TextArea):
    """A text area of one to eight lines."""

    DEFAULT_CSS = """
    Composer {
        height: auto;
        min-height: 1;
        max-height: 8;
        background: $background;
        padding: 0;
        scrollbar-size-vertical: 1;
        & .text-area--cursor-line { background: $background; }
        & .text-area--placeholder { color: $muted; }
        &:light .text-area--cursor { color: $background; background: $primary; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+j,alt+enter,shift+enter",
            "break_line",
            "New line",
            tooltip="Start a new line",
            id="composer.new_line",
        ),
        Binding(
            "ctrl+z",
            "undo",
            "Undo",
            tooltip="Take back the last change",
            id="composer.undo",
            show=False,
        ),
    ]

    class QuestionSubmitted(Message):
        """A question is ready to be asked."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class CompletionKeyPressed(Message):
        """A key for the list of files that is open above."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__(compact=True, soft_wrap=True, highlight_cursor_line=False)
        self.cursor_blink = False
        self._enters = 0
        self._first_enter = 0.0
        self._timer: Timer | None = None
        self._history: list[str] = []
        self._place = 0
        self.words: tuple[str, ...] = ()
        """What a line that begins with a slash may become; Right takes the suggestion."""
        self.is_completing = False
        """True while a list of files is open: its keys are not for the text."""

    def update_suggestion(self) -> None:
        """Offer the rest of a `/word`."""
        text = self.text
        fits = [word for word in self.words if word.startswith(text)] if text.startswith("/") else []
        self.suggestion = fits[0][len(text) :] if fits else ""

    @property
    def mention(self) -> str | None:
        """What is written behind an `@` in front of the cursor; None where there is none."""
        found = MENTION.search(self._before_cursor)
        return found[1] if found is not None else None

    @property
    def _before_cursor(self) -> str:
        """The line up to the cursor."""
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

    def put_mention(self, text: str) -> None:
        """Write a whole mention in the place of the one in front of the cursor."""
        mention = self.mention
        if mention is not None:
            row, column = self.cursor_location
            start = (row, column - len(mention) - 1)
            self.replace(text, start, (row, column), maintain_selection_offset=False)
            self.move_cursor((row, start[1] + len(text)))

    def ask_for(self, files: int) -> None:
        """Say in the empty composer what a question would be about."""
        if files == 0:
            text = "Ask anything, or tick files first (F2)…"
        else:
            text = f"Ask about {files} file{'' if files == 1 else 's'}…"
        self.placeholder = Content(text)

    def remember(self, questions: list[str]) -> None:
        """The questions that Up brings back, oldest first."""
        self._history = [question for question in questions if question]
        self._place = len(self._history)

    @property
    def written(self) -> str:
        """The text as it is sent: without empty lines around it."""
        return self.text.strip("\n").rstrip()

    def take(self) -> str:
        """The text, which is gone from the composer after this."""
        text = self.text
        self.load_text("")
        return text

    def put_back(self, text: str) -> None:
        """Give a question back to be changed; only where nothing else was begun."""
        if not self.text.strip():
            self.load_text(text)
            self.move_cursor(self.document.end)

    def write(self, text: str) -> None:
        """This stands in the composer now, with the cursor behind it."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    # Drawing

    def _set_document(self, text: str, language: str | None) -> None:
        super()._set_document(text, language)
        self.wrapped_document.document = DrawnLines(self.document)  # type: ignore[assignment]
        self._rewrap_and_refresh_virtual_size()

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn; Textual puts the looks on."""
        return Text(drawn(self.document.get_line(line_index)), end="", no_wrap=True)

    # Keys

    async def _on_key(self, event: Key) -> None:
        if self.is_completing and event.key in ("up", "down", "tab", "enter"):
            event.stop()
            event.prevent_default()
            self.post_message(self.CompletionKeyPressed(event.key))
            return
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            if not self._enters:
                self._first_enter = event.time
            self._enters += 1
            self._wait()
            return
        if self._enters and (event.is_printable or event.key == "tab"):
            self._break_for_paste(event)
        elif event.character == ":" and awaits_lines(self._before_cursor):
            self.action_delete_left()  # the space that completing put there
        elif event.key in ("up", "down") and self._walk_history(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _break_for_paste(self, event: Key) -> None:
        """The Enters before this key were lines of a paste."""
        self._stop_waiting()
        self._write("\n" * self._enters)
        self._enters = 0
        if event.key == "tab":
            event.stop()
            event.prevent_default()
            self._write("\t")

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.set_timer(BURST_SECONDS, self._submit)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _submit(self) -> None:
        self._stop_waiting()
        if not self._enters:
            return
        self._enters = 0
        if self.text.strip():
            self.post_message(self.QuestionSubmitted(self.written))

    def action_break_line(self) -> None:
        self._write("\n")

    def _write(self, text: str) -> None:
        """Put `text` in the place of the selection, and the cursor behind it."""
        start, end = sorted(self.selection)
        self.replace(text, start, end, maintain_selection_offset=False)

    async def _on_paste(self, event: Paste) -> None:
        event.prevent_default()
        event.stop()
        self._write(disarm(event.text.replace("\r\n", "\n").replace("\r", "\n")))

    def _walk_history(self, key: str) -> bool:
        """Up and Down through earlier questions, as long as nothing was written over them."""
        shown = self._history[self._place] if self._place < len(self._history) else ""
        if self.text != shown or not self._history:
            return False
        row = self.cursor_location[0]
        if key == "up" and (row > 0 or self._place == 0):
            return False
        if key == "down" and (row < self.document.line_count - 1 or self._place >= len(self._history)):
            return False
        self._place += -1 if key == "up" else 1
        text = self._history[self._place] if self._place < len(self._history) else ""
        self.load_text(text)
        self.move_cursor((0, 0) if key == "up" else self.document.end)
        return True
