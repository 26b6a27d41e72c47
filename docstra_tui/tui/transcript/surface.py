"""What the view gives to the halves of it that hear keys, for the type checker; nothing at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.scroll_view import ScrollView

    from docstra_tui.tui.transcript.layout.document import Document
    from docstra_tui.tui.transcript.layout.turn import Turn
    from docstra_tui.tui.transcript.selection import Spot

    class Surface(ScrollView):
        """A conversation that is shown, with what is marked in it."""

        document: Document
        cursor: Spot | None
        is_raw: bool
        _from: Spot | None
        _marked: tuple[int, int, int] | None

        @property
        def is_following(self) -> bool: ...
        def show_row(self, turn: int, row: int, *, above: int = 0) -> None: ...
        def follow(self) -> None: ...
        def relayout(self, change: Callable[[], object], *, same_parts: bool = False) -> None: ...
        def _fold(self, turn: Turn, is_folded: bool) -> None: ...
else:
    Surface = object
