"""The composer: where a question is written. Enter sends; it knows a paste when it sees one.

SSH delivers typing in bursts, so an Enter that comes together with the text before it still sends.
Only an Enter that is itself followed by more text within a moment, by the time when both came, is a line
of an unbracketed paste.

What is pasted is sent as it was, tabs and invisible characters too, but for those that act
(`docstra_tui.text.disarm`). Where it is drawn, a sign stands for each that cannot be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.document._document_navigator import DocumentNavigator
from textual.events import Key, Paste
from textual.message import Message
from textual.timer import Timer
from textual.widgets import TextArea

from docstra_tui.context.mentions import awaits_lines
from docstra_tui.text import disarm
from docstra_tui.tui.widgets.drawn_lines import DrawnLines, Wrapped, drawn

BURST_SECONDS = 0.03
"""An Enter waits this long for text that would make it part of a paste."""
LIST_KEYS = ("up", "down", "tab", "enter")
"""What the list of files above the composer is asked about first."""
MENTION = re.compile(r"""(?<!\S)@("[^"\n]*|[^\s"]*)$""")
"""An `@` at the start of a word, and what is written of the file's name up to the cursor."""


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
        & .text-area--cursor, &:light .text-area--cursor {
            color: $input-cursor-foreground;
            background: $input-cursor-background;
        }
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

    def __init__(self) -> None:
        super().__init__(compact=True, soft_wrap=True, highlight_cursor_line=False)
        self.cursor_blink = False
        self._enters = 0
        self._last_enter = 0.0
        self._timer: Timer | None = None
        self._history: list[str] = []
        self._place = 0
        self.words: tuple[str, ...] = ()
        """What a line that begins with a slash may become; Right takes the suggestion."""
        self.completes: Callable[[str], bool] = lambda key: False
        """Does what a key of `LIST_KEYS` means for a file's name; False when it means nothing there."""
        self.has_more: Callable[[], bool] = lambda: False
        """True while more keys have come than were done."""

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
        """Write a whole mention and a space in the place of the one in front of the cursor."""
        mention = self.mention
        if mention is not None:
            row, column = self.cursor_location
            start = (row, column - len(mention) - 1)
            self.replace(f"{text} ", start, (row, column), maintain_selection_offset=False)
            self.move_cursor((row, start[1] + len(text) + 1))

    def ask_for(self, files: int) -> None:
        """Say in the empty composer what a question would be about."""
        if files == 0:
            text = "Ask anything, or tick files first (F2)…"
        else:
            text = f"Ask about {files:,} file{'' if files == 1 else 's'}…"
        self.placeholder = Content(text)

    def remember(self, questions: list[str]) -> None:
        """The questions that Up brings back, oldest first."""
        self._history = [question for question in questions if question]
        self._place = len(self._history)

    @property
    def written(self) -> str:
        """The text as it is sent: without empty lines around it."""
        return self.text.strip("\n").rstrip()

    def take(self, question: str) -> None:
        """What was sent leaves the composer; what was typed behind it in the meantime stays."""
        text = self.text.lstrip("\n")
        if text.startswith(question):
            self.load_text(text[len(question) :].lstrip())
            self.move_cursor(self.document.end)

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
        lines = DrawnLines(self.document)
        self.wrapped_document = Wrapped(lines, tab_width=self.indent_width)  # type: ignore[arg-type]
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._rewrap_and_refresh_virtual_size()

    def _recompute_cursor_offset(self) -> None:
        """In the middle of an undo the cursor may stand behind the text's end, and Textual asks for its place
        when the scrollbar goes with the lines."""
        location = self.clamp_visitable(self.cursor_location)
        self._cursor_offset = self.wrapped_document.location_to_offset(location)

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn; Textual puts the looks on."""
        return Text(drawn(self.document.get_line(line_index)), end="", no_wrap=True)

    # Keys

    async def _on_key(self, event: Key) -> None:
        if self._enters and not self._is_of_paste(event):
            self.submit()
        if event.character == ":" and awaits_lines(self._before_cursor):
            self.action_delete_left()  # the space that completing put there
        is_done = True
        if event.key in LIST_KEYS and not self._enters and self.completes(event.key):
            pass
        elif event.key == "enter":
            self._enters += 1
            self._last_enter = event.time
            self._wait()
        elif event.key.endswith("+enter"):
            self.action_break_line()
        elif self._enters:  # they were lines of a paste
            self._stop_waiting()
            self.put("\n" * self._enters)
            self._enters = 0
            is_done = event.key == "tab"
            if is_done:
                self.put("\t")
        elif event.key in ("tab", "shift+tab"):
            is_done = self._stays(event.key)
        else:
            is_done = event.key in ("up", "down") and self._walk_history(event.key)
        if is_done:
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _is_of_paste(self, event: Key) -> bool:
        """True for what came so soon behind an Enter that nobody typed both."""
        is_text = event.is_printable or event.key in ("enter", "tab")
        return is_text and event.time - self._last_enter < BURST_SECONDS

    def _stays(self, key: str) -> bool:
        """Tab takes a suggestion and else never leaves what is half written; False when it may leave."""
        if key == "tab" and self.suggestion:
            self.action_cursor_right()
        return bool(self.text.strip())

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.set_timer(BURST_SECONDS, self._submit_unless_more)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _submit_unless_more(self) -> None:
        if self.has_more():  # what it is is decided by the next key
            self._wait()
        else:
            self.submit()

    def submit(self) -> None:
        """Do the Enter that still waits for what may follow it; nothing where none does."""
        if text := self.take_enter():
            self.post_message(self.QuestionSubmitted(text))

    def take_enter(self) -> str:
        """What is sent by the Enter that still waits, for whoever comes behind it; empty where none does."""
        self._stop_waiting()
        enters, self._enters = self._enters, 0
        return self.written if enters and self.text.strip() else ""

    def action_break_line(self) -> None:
        self.put("\n")

    def put(self, text: str) -> None:
        """Put `text` in the place of the selection, and the cursor behind it."""
        start, end = sorted(self.selection)
        self.replace(text, start, end, maintain_selection_offset=False)

    async def _on_paste(self, event: Paste) -> None:
        self.submit()  # an Enter in front of it is none of its lines
        event.prevent_default()
        event.stop()
        self.paste(event.text)

    def paste(self, text: str) -> None:
        """Write what was pasted; nothing in it acts."""
        self.put(disarm(text.replace("\r\n", "\n").replace("\r", "\n")))

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
