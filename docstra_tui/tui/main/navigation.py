"""Which part of the main screen has the keys, and how one goes from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.events import Key, Paste
from textual.screen import Screen
from textual.widget import Widget

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.search_bar import SearchBar
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.composer import Composer
    from docstra_tui.tui.widgets.file_tree import FileTree
    from docstra_tui.tui.widgets.ticked_list import TickedList

SHOWS_FILES = "-tree"
"""The screen's class while the files lie over the conversation, where there is no room for both."""


class Navigation:
    """Between the composer, where one is at home, and the rest."""

    def __init__(
        self,
        screen: Screen[Any],
        composer: Composer,
        tree: FileTree,
        ticked: TickedList,
        conversation: TranscriptView,
        search_bar: SearchBar,
    ) -> None:
        self._screen = screen
        self._composer = composer
        self._tree = tree
        self._ticked = ticked
        self._conversation = conversation
        self._search_bar = search_bar

    # `has_focus` lags behind: keys that come in one burst would go where the focus was.

    @property
    def _focused(self) -> Widget | None:
        return self._screen.focused

    @property
    def is_at_home(self) -> bool:
        """True while what is typed is written into the composer."""
        return self._focused is self._composer

    def to_composer(self) -> None:
        """The next key is for the question."""
        self._screen.remove_class(SHOWS_FILES)
        self._go_to(self._composer)

    def to_files(self) -> None:
        """To the tree, also where there is no room for it beside the conversation."""
        self._screen.add_class(SHOWS_FILES)
        self._go_to(self._tree)

    def to_tree(self) -> None:
        """Up or down from the ticked files."""
        self._go_to(self._tree)

    def to_ticked(self) -> None:
        """To the ticked files, where there are any."""
        if self._ticked.display:
            self._go_to(self._ticked)

    def files_and_back(self) -> None:
        """To the files and back."""
        if self._focused in (self._tree, self._ticked):
            self.to_composer()
        else:
            self.to_files()

    def conversation_and_back(self) -> None:
        """To the conversation and back."""
        if self._focused is self._conversation:
            self.to_composer()
        else:
            self._screen.remove_class(SHOWS_FILES)
            self._go_to(self._conversation)

    def search(self) -> None:
        """Ask for words to look for."""
        self._screen.remove_class(SHOWS_FILES)
        self._search_bar.open()

    def leave(self) -> None:
        """Home from wherever; what was looked for or marked there is forgotten."""
        if self._focused is self._tree:
            self._tree.leave_filter()
        elif self._focused is self._conversation:
            self._conversation.unmark()
        else:
            self._search_bar.leave()
        self.to_composer()

    def write(self, event: Key) -> None:
        """What is written belongs to the question, unless whatever has the focus has a use for it."""
        if event.is_printable and event.character is not None and not self.is_at_home:
            self.to_composer()
            self._composer.put(event.character)
            event.stop()

    def paste(self, event: Paste) -> None:
        """As for keys: what is pasted is for the question."""
        if not self.is_at_home:
            self.to_composer()
            self._composer.paste(event.text)
            event.stop()

    def _go_to(self, widget: Widget) -> None:
        if widget.focusable:
            self._screen.set_focus(widget)  # now; `focus()` would wait for the next turn of the loop
        else:
            widget.focus()
