"""The custom request: free words, or one of the user's templates and the values it wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from docstra_tui import templates
from docstra_tui.context.mentions import find_mentions
from docstra_tui.errors import TemplateError
from docstra_tui.llm.prompt import file_fields, placeholders
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.draft import Draft
from docstra_tui.tui.screens.choice import Choice, ChoiceScreen
from docstra_tui.tui.screens.text_prompt import TextPrompt
from docstra_tui.workspace.commands import find

if TYPE_CHECKING:
    from docstra_tui.tui.main.screen import MainScreen

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
        session = self._screen.session
        languages = [item.language for item in session.wholes if item.language] if session is not None else []
        language = max(languages, key=languages.count) if languages else "source"
        paths = [pick.label for pick in self._screen.tree_view.picks]
        self._fill(name, dict(file_fields(paths, language)))

    def _ask_words(self) -> None:
        command = find("custom", "screen")
        assert command is not None
        self._screen.tasks.prompt(command)

    def _fill(self, name: str, fields: Mapping[str, str]) -> None:
        """Ask for the next value that is missing; with all of them, send."""
        wanted = [key for key in placeholders(self._known[name]) if key not in fields and key != "context"]
        if not wanted:
            self._send(name, fields)
            return

        def given(value: str | None) -> None:
            if value:
                self._fill(name, {**fields, wanted[0]: value})

        self._screen.app.push_screen(TextPrompt(f"{name}: {wanted[0]}"), given)

    def _send(self, name: str, fields: Mapping[str, str]) -> None:
        """Send, with the files that a value names."""
        screen = self._screen
        values = [value for key, value in fields.items() if key not in BUILT_IN_FIELDS]
        draft = Draft(screen.composer, "\n\n".join(values), is_in_composer=False)
        shown = ", ".join([name, *values])

        def send() -> None:
            if screen.session is not None:
                screen.session.llm.add_template(name, self._known[name])  # as it is now
            # With what is ticked by now: a value may have named a file.
            paths = [pick.label for pick in screen.tree_view.picks]
            now = {**fields, "code": file_fields(paths, "")["code"]}
            screen.turns.submit(shown, lambda chat: chat.run(name, shown, now))

        mentions = find_mentions("\n".join(values))
        screen.mentions.tick_named(draft, mentions, lambda named: screen.tasks.send(send, draft.keep))


BUILT_IN_FIELDS = ("code", "language", "additional_context")


def _first_line(text: str) -> str:
    return " ".join(text.split())[:60]
