"""The custom request: free words, or one of the user's templates and the values it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from docstra_tui import templates
from docstra_tui.errors import TemplateError
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import Choice, Dialogs, Offer
from docstra_tui.workspace.turns.requests import wanted_values

FREE = ""
"""The choice that is no template."""


class CustomRequest:
    """One request, asked for step by step: `ask_words` where no template is wanted, else `fill` with a
    template's name, its text and its values."""

    def __init__(
        self,
        dialogs: Dialogs,
        ask_words: Callable[[], object],
        fill: Callable[[str, str, dict[str, str]], object],
    ) -> None:
        self._dialogs = dialogs
        self._ask_words = ask_words
        self._fill = fill
        self._known: Mapping[str, str] = {}

    def begin(self) -> None:
        """Offer the user's templates; without any, ask for words at once."""
        try:
            self._known = templates.load_all()
        except TemplateError as error:
            self._dialogs.fail(sanitize_line(str(error)))
        if not self._known:
            self._ask_words()
            return
        choices = [Choice(FREE, "In your own words")]
        choices += [Choice(name, name, _first_line(text)) for name, text in self._known.items()]
        self._dialogs.choose(Offer("Custom request", choices), self._chosen)

    def _chosen(self, name: str | None) -> None:
        if name == FREE:
            self._ask_words()
        elif name is not None:
            self._ask_values(name, {})

    def _ask_values(self, name: str, values: dict[str, str]) -> None:
        """Ask for the next value that is missing; with all of them, go on."""
        missing = [key for key in wanted_values(self._known[name]) if key not in values]
        if not missing:
            self._fill(name, self._known[name], values)
            return

        def given(value: str | None) -> None:
            if value:
                self._ask_values(name, {**values, missing[0]: value})

        self._dialogs.write(f"{name}: {missing[0]}", given)


def _first_line(text: str) -> str:
    return " ".join(text.split())[:60]
