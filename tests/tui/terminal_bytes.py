"""The bytes that a headless app would write, on a screen that reads them: what is sent, not what is meant.

A repaint of a part that is cut too small, or is forgotten, is seen nowhere else but in a terminal.
"""

from __future__ import annotations

from typing import Any

import pyte
from textual._compositor import CompositorUpdate
from textual.app import App

Cells = list[list[tuple[object, ...]]]


class TerminalBytes:
    """A terminal for an app that runs in `run_test`."""

    def __init__(self, app: App[Any], columns: int, rows: int) -> None:
        self._app = app
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        display = app._display

        def note(screen: Any, renderable: Any) -> None:
            if isinstance(renderable, CompositorUpdate) and not app._batch_count:
                self._stream.feed(renderable.render_segments(app.console))
            display(screen, renderable)

        app._display = note  # type: ignore[method-assign]

    def resize(self, columns: int, rows: int) -> None:
        """As a terminal that keeps what it showed, as far as there is room."""
        self._screen.resize(rows, columns)

    def print_over(self, text: str) -> None:
        """As another program on the same terminal."""
        self._stream.feed(text)

    @property
    def rows(self) -> list[str]:
        """What is shown."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def cells(self) -> Cells:
        """What is shown, with its colours."""
        screen = self._screen
        return [
            [
                (cell.data, cell.fg, cell.bg, cell.bold, cell.reverse, cell.underscore)
                for cell in (screen.buffer[y][x] for x in range(screen.columns))
            ]
            for y in range(screen.lines)
        ]

    def wrong(self) -> list[str]:
        """The lines that a repaint of everything draws otherwise: as they are, and as they ought to be."""
        app, here = self._app, self._screen
        fresh = TerminalBytes.__new__(TerminalBytes)
        fresh._screen = pyte.Screen(here.columns, here.lines)
        for widget in app.screen.walk_children(with_self=True):
            widget.refresh()
        whole = app.screen._compositor.render_update(full=True)
        assert isinstance(whole, CompositorUpdate)
        pyte.Stream(fresh._screen).feed(whole.render_segments(app.console))
        return [
            f"{y}: {self.rows[y]!r} ought to be {fresh.rows[y]!r}"
            for y, (is_there, ought) in enumerate(zip(self.cells, fresh.cells, strict=True))
            if is_there != ought
        ]
