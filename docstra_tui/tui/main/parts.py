"""The widgets of the main screen, and where each stands."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.tui.transcript.citation_bar import CitationBar
from docstra_tui.tui.transcript.search_bar import SearchBar
from docstra_tui.tui.transcript.view import TranscriptView
from docstra_tui.tui.widgets.command_list import CommandList
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.tui.widgets.file_tree import FileTree
from docstra_tui.tui.widgets.key_line import KeyLine
from docstra_tui.tui.widgets.mention_list import MentionList
from docstra_tui.tui.widgets.notice import Notices
from docstra_tui.tui.widgets.offer_line import OfferLine
from docstra_tui.tui.widgets.queue_line import QueueLine
from docstra_tui.tui.widgets.status_bar import StatusBar
from docstra_tui.tui.widgets.ticked_list import TickedList
from docstra_tui.tui.widgets.title_line import TitleLine
from docstra_tui.workspace.title import Title


class Parts:
    """Made before whoever uses them, mounted with the screen."""

    def __init__(self, title: Title) -> None:
        self.title_line = TitleLine(title)
        self.ticked_list = TickedList()
        self.tree_view = FileTree()
        self.conversation = TranscriptView()
        self.search_bar = SearchBar(self.conversation)
        self.citation_bar = CitationBar()
        self.notices = Notices()
        self.queue_line = QueueLine()
        self.mention_list = MentionList()
        self.command_list = CommandList()
        self.offer_line = OfferLine()
        self.composer = Composer()
        self.status_bar = StatusBar()
        self.key_line = KeyLine()

    def compose(self, files: Widget) -> ComposeResult:
        """`files` is the pane on the left, which has the tree and the ticked files."""
        yield self.title_line
        with Horizontal(id="body"):
            yield files
            with Vertical(id="talk"):
                yield from (self.conversation, self.citation_bar, self.search_bar)
                yield from (self.notices, self.queue_line)
                yield from (self.mention_list, self.command_list)
                with Vertical(id="ask"):
                    yield self.offer_line
                    with Horizontal(id="asked"):
                        yield Static(Content("❯"), id="mark", markup=False)
                        yield self.composer
        yield self.key_line
        yield self.status_bar
        yield Static(
            Content(f"The terminal is too small. {press('app.quit', '/quit')} quits."),
            id="too-small",
            markup=False,
        )
