"""Who hears what a model sends, as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Reading


class TurnListener(Protocol):
    """Who is handed a turn's answer, bit by bit. Called in the turn's thread; only puts it aside."""

    def piece(self, text: str) -> None:
        """A bit of the answer."""

    def thought(self, text: str) -> None:
        """A bit of what the model thinks before it answers."""

    def reframed(self) -> None:
        """All the pieces so far were thoughts: there is nothing of the answer yet."""

    def reading(self, reading: Reading) -> None:
        """So much of the prompt is read."""
