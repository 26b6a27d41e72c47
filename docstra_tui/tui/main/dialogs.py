"""Asking and telling on the screen, as dialogs and toasts.

A controller gets this, the widgets and the services it uses, and nothing else of the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from docstra_tui.errors import DocstraError
from docstra_tui.invoked import as_started
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import Form, Leaving, Offer, Yes

if TYPE_CHECKING:
    from textual.screen import ModalScreen, Screen

T = TypeVar("T")


class Dialogs:
    """As `workspace.dialogs` has it, and any other dialog. Every text is already safe to show."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen

    def ask(self, dialog: ModalScreen[T], then: Callable[[T | None], None] = lambda answer: None) -> None:
        """Put a dialog in front; `then` gets its answer, None when it was closed without one."""
        self._screen.app.push_screen(dialog, then)

    def confirm(self, title: str, text: str, then: Callable[[bool], None], *, by_enter: bool = True) -> None:
        """A question for a yes; closing is no."""
        from docstra_tui.tui.screens.confirm import ConfirmScreen

        self.ask(ConfirmScreen(title, text, by_enter=by_enter), lambda yes: then(bool(yes)))

    def let_in(self, title: str, text: str, then: Callable[[Yes], None]) -> None:
        """Whether a host may be sent anything; closing is no."""
        from docstra_tui.tui.screens.host import HostScreen

        screen = HostScreen(title, text)
        self.ask(
            screen, lambda yes: then("for good" if yes and screen.is_for_good else "now" if yes else "no")
        )

    def choose(self, offer: Offer, then: Callable[[str | None], None]) -> None:
        """One of several, or None."""
        from docstra_tui.tui.screens.choice import ChoiceScreen

        self.ask(ChoiceScreen(offer), then)

    def write(self, title: str, then: Callable[[str | None], None], *, does: str = "sends") -> None:
        """Some words, or None."""
        from docstra_tui.tui.screens.text_prompt import TextPrompt

        self.ask(TextPrompt(title, does=does), then)

    def fill(self, form: Form, then: Callable[[Mapping[str, str] | None], None]) -> None:
        """The values of a form, or None."""
        from docstra_tui.tui.screens.form import FormScreen

        self.ask(FormScreen(form), then)

    def review(self, title: str, text: str, then: Callable[[bool], None]) -> None:
        """All of a text, and a yes to it once its end was seen; closing is no."""
        from docstra_tui.tui.screens.review import ReviewScreen

        self.ask(ReviewScreen(title, text), lambda yes: then(bool(yes)))

    def let_leave(
        self, lines: list[str], then: Callable[[Leaving | None], None], *, can_leave_out: bool
    ) -> None:
        """What may be secret; None: nothing is sent."""
        from docstra_tui.tui.screens.secrets import SecretsScreen

        screen = SecretsScreen(lines, can_leave_out=can_leave_out)
        self.ask(screen, then)

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
        self.fail(sanitize_line(as_started(f"{message} {hint}".strip()))[:400])
