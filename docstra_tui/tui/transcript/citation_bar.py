"""The line under the conversation that says which reference is marked, and what became of it."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from docstra_tui.key_hints import press
from docstra_tui.tui.transcript.messages import CitationMarked


class CitationBar(Widget):
    """There while one is marked."""

    DEFAULT_CSS = """
    CitationBar { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self._place = self._how = ""
        self.display = False

    def show(self, marked: CitationMarked) -> None:
        """Say it; no words: nothing is marked."""
        key = press("transcript.fold", "") if marked.has_place else ""
        self._words, self._place = marked.words, f"{marked.number:,}/{marked.count:,}"
        self._how = f" · {key} opens" if key else ""
        if self.display != bool(self._words):
            self.display = bool(self._words)
        self.refresh()

    def render(self) -> Content:
        room = self.size.width - len(self._place) - len(self._how) - 3
        words = Content(self._words).truncate(max(1, room), ellipsis=True)
        return Content.assemble((f"{self._place} ", "$muted"), words, (self._how, "$muted"))
