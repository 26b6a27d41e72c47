"""The conversation, behind four verbs: begin a turn, append to it, end it, load earlier ones.

What is inside may change; who uses it knows only the verbs. All text is neutralised on its way in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from docstra_tui.tui.widgets.turn_view import TurnEnding, TurnView

LOADED = 40
"""Earlier turns that are drawn; each costs its Markdown, and the newest are what is looked for."""


@dataclass(frozen=True)
class ShownTurn:
    """An earlier turn, as it comes back."""

    question: str
    answer: str
    files: tuple[str, ...]
    ending: TurnEnding


class Conversation(VerticalScroll):
    """Questions and answers, the newest at the bottom."""

    DEFAULT_CSS = """
    Conversation {
        layout: stream;
        background: $background;
        scrollbar-size-vertical: 1;
        & > .welcome { height: auto; padding: 1 2; color: $foreground; }
        & > .earlier { height: auto; padding: 1 2 0 2; color: $muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", tooltip="Scroll up", id="conversation.up", show=False),
        Binding("down,j", "scroll_down", "Down", tooltip="Scroll down", id="conversation.down", show=False),
        Binding("end", "follow", "Newest", tooltip="Go to the end and follow it", id="conversation.end"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._current: TurnView | None = None
        self._welcome = Static("", classes="welcome", markup=False)

    def on_mount(self) -> None:
        self.mount(self._welcome)

    def watch_virtual_size(self) -> None:
        self._anchor_if_full()

    def on_resize(self, event: Resize) -> None:
        self._anchor_if_full()

    def _anchor_if_full(self) -> None:
        """Follow the tail once there is more than fits; Textual would put less at the bottom."""
        is_full = self.virtual_size.height > self.container_size.height > 0
        if is_full and not self.is_anchored:
            self.anchor()
        elif not is_full and self.is_anchored:
            self.anchor(False)
            self.scroll_y = self.scroll_target_y = 0

    # The four verbs

    def begin_turn(self, question: str, files: Sequence[str] = ()) -> None:
        """A question was sent; what is appended from now on is its answer."""
        self._welcome.display = False
        self._current = TurnView(question, files)
        self.mount(self._current)
        self.action_follow()

    def append(self, piece: str) -> None:
        """More of the answer."""
        if self._current is not None and piece:
            self._current.append(piece)

    def end_turn(self, ending: TurnEnding) -> None:
        """The answer is over."""
        if self._current is not None:
            self._current.end(ending)
            self._current = None

    def load(self, turns: Sequence[ShownTurn]) -> None:
        """Show these turns instead of what is shown."""
        self._current = None
        self.query("TurnView, .earlier").remove()
        self._welcome.display = not turns
        hidden = len(turns) - LOADED
        if hidden > 0:
            note = f"{hidden:,} earlier turns are saved and sent, but not drawn here."
            self.mount(Static(Content(note), classes="earlier", markup=False))
        for turn in turns[-LOADED:]:
            view = TurnView(turn.question, turn.files, turn.answer)
            self.mount(view)
            view.end(turn.ending)
        self.action_follow()

    # Beside them

    def wait(self, text: str) -> None:
        """Say under the question what is being waited for."""
        if self._current is not None and not self._current.text:
            self._current.wait(text)

    def welcome(self, text: Content) -> None:
        """What the empty conversation says."""
        self._welcome.update(text)

    def action_follow(self) -> None:
        """Go to the end and stay there."""
        self.anchor(False)
        self._anchor_if_full()
