"""The lists above the composer: commands behind a slash, files behind an `@`; one of them at a time."""

from __future__ import annotations

from textual.widgets import OptionList

from docstra_tui.tui.main.mentions import Mentions
from docstra_tui.tui.main.slash import Slash
from docstra_tui.tui.widgets.command_list import CommandList


class Completing:
    """Which list a key, a click or what is typed is for."""

    def __init__(self, slash: Slash, mentions: Mentions) -> None:
        self._slash = slash
        self._mentions = mentions

    def typed(self) -> None:
        """The text or the cursor is another one."""
        self._slash.typed()
        self._mentions.typed()

    def key(self, key: str) -> bool:
        """A key that may be for a list; False when it means nothing there."""
        return self._slash.key(key) or self._mentions.key(key)

    def clicked(self, rows: OptionList) -> None:
        """Take the row that was clicked."""
        (self._slash if isinstance(rows, CommandList) else self._mentions).choose()

    def dismiss(self) -> bool:
        """Close the list that is open; False when none was."""
        return self._slash.dismiss() or self._mentions.dismiss()

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._mentions.close()
