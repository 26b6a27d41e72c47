"""Every key of the program, section by section: F1 and docs/keys.md show this table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import BindingType

from docstra_tui.tui.driver.mapped_keys import with_keys
from docstra_tui.tui.screens.find import FindScreen
from docstra_tui.tui.screens.help import Section, by_state
from docstra_tui.tui.screens.preview import PreviewScreen
from docstra_tui.tui.screens.sessions import SessionsScreen
from docstra_tui.tui.screens.suggestions import SuggestionsScreen
from docstra_tui.tui.transcript.search_bar import SearchBar
from docstra_tui.tui.transcript.view import TranscriptView
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.tui.widgets.hit_rows import HitRows
from docstra_tui.tui.widgets.session_rows import SessionRows
from docstra_tui.tui.widgets.source_view import SourceView
from docstra_tui.tui.widgets.suggestion_rows import SuggestionRows
from docstra_tui.tui.widgets.ticked_list import TickedList


def key_table(everywhere: Iterable[BindingType], changed: Mapping[str, str]) -> list[Section]:
    """The sections; `everywhere` are the bindings of main screen and app, `changed` the user's keys."""

    def now(*bindings: BindingType) -> list[BindingType]:
        return list(with_keys(bindings, changed))

    always, selected = by_state(with_keys(TranscriptView.BINDINGS, changed), TranscriptView.ALWAYS)
    return [
        ("Everywhere", now(*everywhere)),
        ("Composer", now(*Composer.BINDINGS)),
        ("Files", now(*FileTree.BINDINGS)),
        ("Ticked files", now(*TickedList.BINDINGS)),
        ("Preview", now(*PreviewScreen.BINDINGS, *SourceView.BINDINGS)),
        ("Files for a question", now(*SuggestionsScreen.BINDINGS, *SuggestionRows.BINDINGS)),
        ("Conversation (other letters go to the question)", always),
        ("Conversation, while a turn, code or text is marked", selected),
        ("Search", now(*SearchBar.BINDINGS)),
        ("Find in files (letters act in the list)", now(*FindScreen.BINDINGS, *HitRows.BINDINGS)),
        (
            "Saved sessions (letters act in the list)",
            now(*SessionsScreen.BINDINGS, *SessionRows.BINDINGS),
        ),
    ]
