"""An app that shows nothing but a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from docstra_tui import themes
from docstra_tui.tui.theming.colours import textual_theme
from docstra_tui.tui.transcript.messages import CopyRequested, SearchRequested
from docstra_tui.tui.transcript.view import TranscriptView


class ViewApp(App[None]):
    """Records what the view asks for."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        for spec in themes.load_all()[0].values():
            self.register_theme(textual_theme(spec))
        self.theme = "lamp"
        self.copied: list[tuple[str, str]] = []
        self.searches = 0
        self.older_wanted = 0
        self.rendered: list[int] = []
        self.view = CountingView(self.rendered, **options)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()

    def on_copy_requested(self, event: CopyRequested) -> None:
        self.copied.append((event.what, event.text))

    def on_older_wanted(self) -> None:
        self.older_wanted += 1

    def on_search_requested(self, event: SearchRequested) -> None:
        self.searches += 1

    @property
    def rows(self) -> list[str]:
        """The lines in sight, without margins."""
        self.view.is_counting = False
        strips = [self.view.render_line(y) for y in range(self.view.size.height)]
        self.view.is_counting = True
        return [strip.text[2:].rstrip() for strip in strips]


class CountingView(TranscriptView):
    """Notes the rows it draws."""

    def __init__(self, rendered: list[int], **options: Any) -> None:
        super().__init__(**options)
        self._rendered = rendered
        self.is_counting = True

    def render_line(self, y: int) -> Strip:
        if self.is_counting:
            self._rendered.append(y)
        return super().render_line(y)


@pytest.fixture
def make_app() -> Callable[..., ViewApp]:
    return ViewApp
