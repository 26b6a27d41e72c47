"""The custom request: free words, or one of the user's templates and the values it wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from docstra_tui import templates
from docstra_tui.context.language import language_of
from docstra_tui.errors import TemplateError
from docstra_tui.llm.prompt import file_fields, placeholders
from docstra_tui.text import sanitize_line
from docstra_tui.tui.screens.choice import Choice, ChoiceScreen
from docstra_tui.tui.screens.text_prompt import TextPrompt

if TYPE_CHECKING:
    from docstra_tui.tui.screens.main import MainScreen

FREE = ""
"""The choice that is no template."""


class CustomRequest:
    """One request, asked for step by step."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._known: dict[str, str] = {}

    def begin(self) -> None:
        """Offer the user's templates; without any, ask for words at once."""
        try:
            self._known = templates.load_all()
        except TemplateError as error:
            self._screen.notify(sanitize_line(str(error)), severity="error")
        if not self._known:
            self._ask_words()
            return
        choices = [Choice(FREE, "In your own words")]
        choices += [Choice(name, name, _first_line(text)) for name, text in self._known.items()]
        self._screen.app.push_screen(ChoiceScreen("Custom request", choices), self._chosen)

    def _chosen(self, name: str | None) -> None:
        if name is None:
            return
        if name == FREE:
            self._ask_words()
            return
        picks = self._screen.tree_view.picks
        paths = [pick.label for pick in picks]
        languages = [language_of(pick.path) for pick in picks]
        language = max(languages, key=languages.count) if languages else ""
        self._fill(name, dict(file_fields(paths, language)))

    def _ask_words(self) -> None:
        def sent(words: str | None) -> None:
            if words:
                self._screen.tasks.send(
                    lambda: self._screen.desk.submit(words, lambda chat: chat.custom(words))
                )

        self._screen.app.push_screen(TextPrompt("Your request"), sent)

    def _fill(self, name: str, fields: Mapping[str, str]) -> None:
        """Ask for the next value that is missing; with all of them, send."""
        wanted = [key for key in placeholders(self._known[name]) if key not in fields and key != "context"]
        if not wanted:
            shown = ", ".join([name, *(value for key, value in fields.items() if key not in BUILT_IN_FIELDS)])
            self._screen.tasks.send(lambda: self._submit(name, shown, fields))
            return

        def given(value: str | None) -> None:
            if value:
                self._fill(name, {**fields, wanted[0]: value})

        self._screen.app.push_screen(TextPrompt(f"{name}: {wanted[0]}"), given)

    def _submit(self, name: str, shown: str, fields: Mapping[str, str]) -> None:
        if self._screen.session is not None:
            self._screen.session.llm.add_template(name, self._known[name])  # as it is now
        self._screen.desk.submit(shown, lambda chat: chat.run(name, shown, fields))


BUILT_IN_FIELDS = ("code", "language", "additional_context")


def _first_line(text: str) -> str:
    return " ".join(text.split())[:60]
