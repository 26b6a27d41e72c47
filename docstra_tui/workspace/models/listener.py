"""Who hears what becomes of the model that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from docstra_tui.errors import DocstraError
    from docstra_tui.workspace.models.backend import Status


class ModelListener(Protocol):
    """Whom the model tells what became of it, on the face's thread."""

    def model_awaited(self) -> None:
        """From now on nothing is known of it: it is being opened, or started again."""

    def model_offered(self, words: str) -> None:
        """A session was with another one, which can be opened; empty: there is nothing to offer any more."""

    def model_admitted(self) -> None:
        """Somebody said yes to where it is."""

    def model_wished(self) -> None:
        """It is to think more, or less, or to keep otherwise what it reads, from now on."""

    def model_opened(self) -> None:
        """It can be used, and may still be loading."""

    def model_looked_at(self, before: Status | None) -> None:
        """It said something new about itself; `before` is what was known."""

    def model_lost(self, error: DocstraError) -> None:
        """There is none, and this is why."""
