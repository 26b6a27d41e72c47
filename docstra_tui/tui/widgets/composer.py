"""The composer: where a question is written. Enter sends; it knows a paste when it sees one.

SSH delivers typing in bursts, so an Enter that comes together with the text before it still sends.
Only an Enter that is itself followed by more text within a moment, by the time when both came, is a line
of an unbracketed paste.

What is pasted is sent as it was, tabs and invisible characters too, but for those that act
(`docstra_tui.text.disarm`). Where it is drawn, a sign stands for each that cannot be shown, and a mark for
all of a long paste (`docstra_tui.workspace.folds`): `text` has it whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key, Paste
from textual.message import Message
from textual.timer import Timer

from docstra_tui import figures
from docstra_tui.context.mentions import awaits_lines
from docstra_tui.key_hints import press
from docstra_tui.text import disarm
from docstra_tui.tui.widgets.folding_area import FoldingArea
from docstra_tui.workspace.folds import Folds
from docstra_tui.workspace.turns.waiting import joined

BURST_SECONDS = 0.03
"""An Enter waits this long for text that would make it part of a paste."""
LIST_KEYS = ("up", "down", "tab", "enter")
"""What the list of files above the composer is asked about first."""
MENTION = re.compile(r"""(?<!\S)@("[^"\n]*|[^\s"]*)$""")
"""An `@` at the start of a word, and what is written of the file's name up to the cursor."""


class Composer(FoldingArea):
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
        Binding("enter", "send", "Send", tooltip="Send what is written", id="composer.send"),
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

    class Folded(Message):
        """A long paste is one mark now."""

        def __init__(self, mark: str) -> None:
            super().__init__()
            self.mark = mark

    def __init__(self) -> None:
        super().__init__()
        self.cursor_blink = False
        self._enters = 0
        self._last_enter = 0.0
        self._timer: Timer | None = None
        self._before: list[str] = []
        self._asked: list[str] = []
        self._history: list[str] = []
        self._place = 0
        self._recalled, self._aside = "", ""
        """An earlier question that was brought back, and what was begun when it took its place."""
        self._restored = ""
        """What of that came back last."""
        self.words: tuple[str, ...] = ()
        """What a line that begins with a slash may become; Right takes the suggestion."""
        self.completes: Callable[[str], bool] = lambda key: False
        """Does what a key of `LIST_KEYS` means for a list above; False when it means nothing there."""
        self.has_more: Callable[[], bool] = lambda: False
        """True while more keys have come than were done."""

    def update_suggestion(self) -> None:
        """Offer the rest of a `/word`."""
        text = self.text
        fits = [word for word in self.words if word.startswith(text)] if text.startswith("/") else []
        self.suggestion = fits[0][len(text) :] if fits else ""

    @property
    def kept(self) -> str:
        """All that must not be lost: what is written, and what was put aside for it."""
        return joined(self.text, self._aside) if self._aside else self.text

    @property
    def command(self) -> str | None:
        """What is written of a command up to its end, where the cursor is; None where it is none."""
        text = self.document.text
        is_one = text.startswith("/") and "\n" not in text and self.cursor_location == self.document.end
        return text if is_one and not self._is_recalled else None

    @property
    def _is_recalled(self) -> bool:
        """True while an earlier question stands here as it was."""
        shown = self._history[self._place] if self._place < len(self._history) else self._recalled
        return bool(shown) and shown == self.text

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
            text = f"Ask anything, or tick files first ({press('main.tree', '/files')})…"
        else:
            text = f"Ask about {figures.count(files, 'file')}…"
        self.placeholder = Content(text)

    def remember(self, questions: list[str]) -> None:
        """The questions of this session, which Up brings back first; oldest first."""
        asked = [question for question in questions if question]
        here = set(asked)
        self._before = [question for question in (*self._before, *self._asked) if question not in here]
        self._asked = asked
        self._history = [*self._before, *asked]
        self._place = len(self._history)

    def remember_before(self, questions: Sequence[str]) -> None:
        """Those that Up brings back then, asked in other sessions; oldest first."""
        here = set(self._asked)
        self._before = [question for question in questions if question not in here]
        self._place += len(self._before) + len(self._asked) - len(self._history)
        self._history = [*self._before, *self._asked]

    @property
    def written(self) -> str:
        """The text as it is sent: without empty lines around it."""
        return self.text.strip("\n").rstrip()

    def take(self, question: str) -> None:
        """What was sent leaves the composer; what was typed behind it in the meantime stays."""
        text = self.text.lstrip("\n")
        if text.startswith(question):
            rest, aside = text[len(question) :].lstrip(), self._aside
            self.write(joined(rest, aside) if aside else rest)
            self._restored = self.text if aside else ""

    def put_back(self, text: str) -> None:
        """Give a question back to be changed; only where nothing else was begun since it was sent."""
        begun = self.text
        if not begun.strip():
            self.write(text)
        elif begun == self._restored:
            self.write(text)
            self._recalled, self._aside = text, begun

    def write(self, text: str) -> None:
        """This, and nothing that was put aside, stands in the composer now, with the cursor behind it."""
        self._aside = ""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def recall(self, text: str) -> None:
        """An earlier question stands here now. What was begun comes back when it is sent; undo brings it at
        once."""
        begun = self._aside if self._recalled and self.text == self._recalled else self.kept
        self.change_to(text)
        self._recalled, self._aside = text, begun if begun.strip() and begun != text else ""

    def undo(self) -> None:
        super().undo()
        if self.text == self._aside:
            self._aside = ""

    # Keys

    async def _on_key(self, event: Key) -> None:
        if self._enters and not self._is_of_paste(event):
            self.submit()
        if event.character == ":" and awaits_lines(self._before_cursor):
            self.action_delete_left()  # the space that completing put there
        is_done = True
        sends = self.does(event.key, "send")
        if event.key in LIST_KEYS and not self._enters and self.completes(event.key):
            pass
        elif sends and event.key == "enter":
            self._enters += 1
            self._last_enter = event.time
            self._wait()
        elif sends:
            self._enters += 1
            self.submit()
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
        """Tab takes a suggestion, unfolds a long paste and else never leaves what is half written; False when
        it may leave."""
        if key == "tab" and self.suggestion:
            self.action_cursor_right()
        elif key == "tab":
            self.unfold()
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
        """Write what was pasted, what is long as one mark; nothing in it acts."""
        text = disarm(text.replace("\r\n", "\n").replace("\r", "\n"))
        if Folds.is_long(text):
            text = self.folds.fold(text)
            self.post_message(self.Folded(text))
        self.put(text)

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
