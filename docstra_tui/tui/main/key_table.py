"""Every key of the program, section by section: F1 and docs/keys.md show this table."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import BindingType

from docstra_tui.tui.screens.help import Section, by_state
from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.screens.sessions import SessionsScreen
from docstra_tui.tui.transcript.search_bar import SearchBar
from docstra_tui.tui.transcript.view import TranscriptView
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.tui.widgets.session_rows import SessionRows
from docstra_tui.tui.widgets.source_view import SourceView
from docstra_tui.tui.widgets.ticked_list import TickedList


def key_table(everywhere: Iterable[BindingType]) -> list[Section]:
    """The sections; `everywhere` are the bindings of the main screen and the app."""
    always, selected = by_state(TranscriptView.BINDINGS, TranscriptView.ALWAYS)
    return [
        ("Everywhere", list(everywhere)),
        ("Composer (Enter sends)", Composer.BINDINGS),
        ("Files", FileTree.BINDINGS),
        ("Ticked files", TickedList.BINDINGS),
        ("Preview", [*PreviewScreen.BINDINGS, *SourceView.BINDINGS]),
        ("Conversation (other letters go to the question)", always),
        ("Conversation, while something is selected", selected),
        ("Search", SearchBar.BINDINGS),
        ("Saved sessions (letters act in the list)", [*SessionsScreen.BINDINGS, *SessionRows.BINDINGS]),
    ]
