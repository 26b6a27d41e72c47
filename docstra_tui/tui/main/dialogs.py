"""Asking and telling: what a controller of the main screen may do to the person in front of it.

A controller gets this, the widgets and the services it uses, and nothing else of the screen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line

if TYPE_CHECKING:
    from textual.screen import ModalScreen, Screen

T = TypeVar("T")


class Dialogs:
    """Runs on the screen's thread. Every text is already safe to show."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen

    def ask(self, dialog: ModalScreen[T], then: Callable[[T | None], None] = lambda answer: None) -> None:
        """Put a dialog in front; `then` gets its answer, None when it was closed without one."""
        self._screen.app.push_screen(dialog, then)

    def say(self, text: str, seconds: float | None = None) -> None:
        """A toast."""
        self._screen.notify(text, timeout=seconds)

    def warn(self, text: str, seconds: float | None = None) -> None:
        """A toast about what did not happen."""
        self._screen.notify(text, severity="warning", timeout=seconds)

    def fail(self, text: str) -> None:
        """A toast about what went wrong."""
        self._screen.notify(text, severity="error")

    def fail_with(self, error: Exception) -> None:
        """The same, in the words of an error, which need not be safe."""
        hint = error.hint if isinstance(error, DocstraError) else ""
        message = error.message if isinstance(error, DocstraError) else str(error)
        self.fail(sanitize_line(f"{message} {hint}".strip())[:400])
