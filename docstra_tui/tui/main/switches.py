"""Switching to another model, session or theme: the dialogs, and what follows from their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from docstra_tui import figures
from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.text import sanitize_line
from docstra_tui.tui.screens.choice import Choice, ChoiceScreen
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models.no_model import NoModel

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turns import SessionSummary
    from docstra_tui.tui.main.screen import MainScreen


class Switches:
    """The main screen's dialogs for the things that are exchanged as a whole."""

    def __init__(self, screen: MainScreen, jobs: JobQueue) -> None:
        self._screen = screen
        self._jobs = jobs

    # Sessions

    def choose_session(self) -> None:
        """Offer the saved sessions of this folder."""
        if self._is_needed():
            return
        store, root = self._screen.store, str(self._screen.root)
        self._jobs.do(lambda: store.sessions(root), self._offer_sessions, self._complain)

    def open_session(self, name: str, *, at_start: bool = False) -> None:
        """Load a session by its id, the start of it, or `last`; its model too, or offer it."""
        from docstra_tui.session.chat import ChatSession
        from docstra_tui.workspace.models.consent import Consent
        from docstra_tui.workspace.sessions import resuming

        screen = self._screen
        llm, settings, answering = screen.model.llm or NoModel(), screen.settings, screen.model.name
        store = screen.store
        reserve, is_named, here = settings.answer.reserve, screen.is_model_named, screen.session

        def load() -> tuple[ChatSession, resuming.Opening]:
            which = resuming.last(store, screen.root, but=here) if name == resuming.LAST else name
            session = ChatSession.resume(llm, store, which, model=answering, reserve=reserve)
            if at_start and is_named:
                return session, resuming.Opening(settings)
            choice = session.saved_choice
            opening = resuming.opening(settings, choice, Consent(), answering=answering, at_once=not is_named)
            return session, opening

        def loaded(found: tuple[ChatSession, resuming.Opening]) -> None:
            screen.use_session(found[0], retick=True)
            if screen.settings is settings:
                screen.model.go_on(found[1])

        self._jobs.do(load, loaded, self._complain)

    def bring_back_unsent(self) -> None:
        """Go on with what was written in this folder before anything was asked, if there is something; else
        say where a question waits."""
        from docstra_tui.session.chat import ChatSession

        llm = self._screen.model.llm or NoModel()
        store, root = self._screen.store, str(self._screen.root)
        reserve = self._screen.settings.answer.reserve
        first = self._screen.session

        def find() -> ChatSession | str | None:
            found = store.without_turns(root)
            if found is None:
                return store.left_in(root)
            return ChatSession.resume(llm, store, found, model=self._screen.model.name, reserve=reserve)

        def found(session: ChatSession | str | None) -> None:
            if isinstance(session, str):
                title = sanitize_line(session)
                self._screen.notify(f"A question in “{title}” was not sent. F3 brings it back.")
            elif session is not None and self._screen.session is first and not self._screen.turns.queue.busy:
                self._screen.use_session(session, retick=False)

        self._jobs.do(find, found, lambda error: None)

    def resume(self, name: str) -> bool:
        """`open_session`; False while something is asked here, or waits to be."""
        if self._is_needed():
            return False
        self.open_session(name)
        return True

    def new_session(self) -> bool:
        """Begin an empty conversation with the files that are ticked; False while something is asked here,
        or waits to be."""
        if self._is_needed():
            return False
        self._screen.use_session(self._screen.fresh_session(), retick=False)
        return True

    def _offer_sessions(self, found: Sequence[SessionSummary]) -> None:
        here = self._screen.session.id if self._screen.session is not None else None
        found = [one for one in found if one.turns or one.id != here]
        choices = [
            Choice(summary.id, summary.title or f"not sent: {summary.unsent}", _when(summary))
            for summary in found
        ]
        if not choices:
            self._screen.notify("No session of this folder is saved yet.")
            return
        self._screen.app.push_screen(
            ChoiceScreen("Open session", choices), lambda value: self.open_session(value) if value else None
        )

    # Models

    def model(self, name: str) -> bool | None:
        """The model of that name, else a list; False where that cannot be done now."""
        if name:
            return self.take_model(name)
        self.choose_model()
        return None

    def choose_model(self) -> None:
        """Offer the models of this machine; any name can be typed."""
        if not self._is_busy():
            self._jobs.do(_installed, self._offer_models, self._complain)

    def _offer_models(self, choices: list[Choice]) -> None:
        def taken(name: str | None) -> None:
            if name:
                self.take_model(name)

        self._screen.app.push_screen(
            ChoiceScreen(
                "Switch model",
                choices,
                placeholder="narrow the list, or type a hub id, a folder or a .gguf file",
                free_text=True,
            ),
            taken,
        )

    def take_model(self, name: str) -> bool:
        """Let this model answer from now on; False while an answer is being written."""
        if self._is_busy():
            return False
        settings = self._screen.settings
        model = msgspec.structs.replace(settings.model, name=name, revision="")
        remote = msgspec.structs.replace(settings.remote, base_url="")
        self._screen.open_model(msgspec.structs.replace(settings, model=model, remote=remote))
        return True

    # Themes

    def theme(self, name: str) -> None:
        """The theme of that name, else a list. Raises `UsageError`."""
        if name:
            self.take_theme(name)
        else:
            self.choose_theme()

    def choose_theme(self) -> None:
        """Offer the themes; the screen wears each one that the cursor is on."""
        app = self._screen.app
        before = app.theme
        choices = [
            Choice(name, name, "dark" if spec.dark else "light") for name, spec in app.theme_specs.items()
        ]

        def moved(name: str | None) -> None:
            app.theme = name or before

        def taken(name: str | None) -> None:
            if name:
                self.take_theme(name)
            else:
                app.theme = before

        app.push_screen(ChoiceScreen("Switch theme", choices, at=before, moved=moved), taken)

    def take_theme(self, name: str) -> None:
        """Wear this theme, here and in the folders where none was chosen. Raises `UsageError`."""
        app, root = self._screen.app, self._screen.root
        if name not in app.theme_specs:
            raise UsageError(f"There is no theme {name!r}.", f"There are: {', '.join(app.theme_specs)}.")
        app.theme = name

        def keep() -> None:
            from docstra_tui.workspace import theme_choice

            theme_choice.keep(root, name)

        self._jobs.do(keep, lambda _: None, lambda error: None, key="theme")

    def _is_busy(self) -> bool:
        if self._screen.turns.queue.busy:
            self._screen.notify("An answer is being written. Esc stops it first.", severity="warning")
            return True
        return False

    def _is_needed(self) -> bool:
        """True while something is asked in this session, or waits to be."""
        if self._is_busy():
            return True
        if self._screen.turns.queue.waiting:
            self._screen.notify("A question waits here. Esc gives it back first.", severity="warning")
            return True
        return False

    def _complain(self, error: Exception) -> None:
        hint = error.hint if isinstance(error, DocstraError) else ""
        message = error.message if isinstance(error, DocstraError) else str(error)
        self._screen.notify(sanitize_line(f"{message} {hint}".strip())[:400], severity="error")


def _installed() -> list[Choice]:
    from docstra_tui.llm.files.catalog import installed_models

    return [
        Choice(model.name, model.name, f"{model.kind} {figures.size(model.size)}".strip())
        for model in installed_models()
    ]


def _when(summary: SessionSummary) -> str:
    turns = f"{summary.turns} turn{'' if summary.turns == 1 else 's'}"
    if summary.turns and summary.unsent:
        turns += ", words not sent"
    return f"{turns} · {figures.moment(summary.updated)}"


def open_files(session: ChatSession) -> tuple[Pick, ...]:
    """The files of a chat and the lines of files, to be ticked again."""
    return tuple(Pick(item.path, item.start_line, item.end_line) for item in session.context if item.path)
