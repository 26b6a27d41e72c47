"""The files of a face, as turns see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from docstra_tui.context.picks import Pick
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.workspace.files.selection import ReadReport


class TurnFiles(Protocol):
    """What the model gets with a question."""

    @property
    def picks(self) -> tuple[Pick, ...]:
        """What is chosen now."""

    def read(self, session: ChatSession) -> ReadReport:
        """Read them as they are now and give them to `session`. Blocks: for the turn's thread."""

    def read_now(self, pick: Pick) -> ContextItem:
        """A file or lines of it, whether or not they are chosen. Blocks. Raises `UnreadableFile`."""
