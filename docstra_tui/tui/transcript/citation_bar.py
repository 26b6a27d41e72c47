"""The line under the conversation that says which reference is marked, and what became of it. Where there is
little room it is two lines, whatever there is to say: nothing jumps from one reference to the next."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from docstra_tui.key_hints import press
from docstra_tui.tui.transcript.messages import CitationMarked

WIDE = 80
"""Cells in which one line says enough."""


class CitationBar(Widget):
    """There while one is marked."""

    DEFAULT_CSS = """
    CitationBar { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._words = self._note = ""
        self._place = self._how = ""
        self.display = False

    def show(self, marked: CitationMarked) -> None:
        """Say it; no words: nothing is marked."""
        key = press("transcript.fold", "") if marked.has_place else ""
        self._words, self._note = marked.words, marked.note
        self._place = f"{marked.number:,}/{marked.count:,}"
        self._how = f" · {key} opens" if key else ""
        if self.display != bool(self._words):
            self.display = bool(self._words)
        self._fit()
        self.refresh()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        """Two lines where one would be cut."""
        width = self.size.width if self.size.width else self.parent_width
        self.styles.height = 1 if width >= WIDE else 2

    @property
    def parent_width(self) -> int:
        """The room that it will have."""
        return self.container_size.width or WIDE

    def render(self) -> Content:
        width = self.content_size.width
        room = max(1, width - len(self._place) - 1)
        place = (f"{self._place} ", "$muted")
        if self.content_size.height < 2:
            note = f" ({self._note})" if self._note else ""
            words = Content(self._words + note).truncate(max(1, room - len(self._how)), ellipsis=True)
            return Content.assemble(place, words, (self._how, "$muted"))
        words = Content(self._words).truncate(room, ellipsis=True)
        below = Content(self._note).truncate(max(1, width - len(self._how)), ellipsis=True)
        how = self._how if self._note else self._how.removeprefix(" · ")
        return Content.assemble(place, words, "\n", below, (how, "$muted"))
