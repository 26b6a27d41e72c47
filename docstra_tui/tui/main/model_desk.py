"""Which model answers: opened, watched, said when it fails, started again.

Runs on the screen's thread; the waiting is done in `engine_watch.EngineWatch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docstra_tui import templates
from docstra_tui.errors import DocstraError, EngineDied
from docstra_tui.settings import Settings
from docstra_tui.text import sanitize_line
from docstra_tui.tui.main.engine_watch import EngineWatch
from docstra_tui.tui.main.welcome import welcome
from docstra_tui.workspace.jobs import JobQueue
from docstra_tui.workspace.models.consent import Consent

if TYPE_CHECKING:
    from docstra_tui.address import Address
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.session.outgoing import Outgoing
    from docstra_tui.session.turns import ModelChoice
    from docstra_tui.tui.main.screen import MainScreen
    from docstra_tui.workspace.models.backend import Backend, Status
    from docstra_tui.workspace.sessions.resuming import Opening


class ModelDesk:
    """The backend in use, for the main screen."""

    def __init__(
        self, screen: MainScreen, open_backend: Callable[[Settings], Backend], jobs: JobQueue
    ) -> None:
        self._screen = screen
        self._open_backend = open_backend
        self._jobs = jobs
        self._consent = Consent()
        self.watch = EngineWatch(screen.post_message)
        self.offered: Settings | None = None
        """What the session was with, where that is another model and was not opened."""
        self.status: Status | None = None
        self._has_failed = False
        """The last look; None while a backend is being opened."""

    @property
    def backend(self) -> Backend | None:
        """None before it is open."""
        return self.watch.backend

    @property
    def llm(self) -> BaseLLM | None:
        """Who answers; None before a backend is open."""
        return self.backend.llm if self.backend is not None else None

    @property
    def wanted(self) -> str:
        """The model's name as it was asked for; empty where the server decides."""
        settings = self._screen.settings
        if settings.remote.base_url and not settings.model.name:
            return ""
        return settings.model.name or "starter"

    @property
    def name(self) -> str:
        """Who answers, as it is saved with each answer."""
        if self.status is not None and self.status.model:
            return self.status.model
        return self.backend.label if self.backend is not None else self.wanted

    @property
    def choice(self) -> ModelChoice:
        """How what answers can be opened again; empty before a backend is open."""
        from docstra_tui.session.turns import ModelChoice
        from docstra_tui.workspace.models.choice import choice_of

        if self.backend is None:
            return ModelChoice()
        return choice_of(self._screen.settings, self.name)

    def go_on(self, opening: Opening) -> None:
        """Open a session's model, or offer to."""
        if opening.now is not self._screen.settings:
            self._screen.open_model(opening.now)
            self._screen.notify(sanitize_line(opening.words))
        elif opening.offered is not None:
            self.offered = opening.offered
            wanted = sanitize_line(self.wanted or "the server's model")
            hint = f"F5 opens it. A question goes to {wanted}."
            self._screen.notices.put("offer", sanitize_line(opening.words), hint, colour="$primary")

    def withdraw_offer(self) -> None:
        """Another session, or another model."""
        self.offered = None
        self._screen.notices.clear("offer")

    @property
    def address(self) -> Address | None:
        """Where another server is, also before the backend is open; None for our engine."""
        if self.backend is not None:
            return self.backend.gate.address if self.backend.gate is not None else None
        url = self._screen.settings.remote.base_url
        if not url:
            return None
        from docstra_tui.address import parse

        return parse(url)

    @property
    def host(self) -> str:
        """Where questions go when they leave this machine; known before the backend is open."""
        if self.backend is not None:
            return self.backend.host
        there = self.address
        return "" if there is None or there.is_plainly_here else there.shown

    @property
    def outgoing(self) -> Outgoing | None:
        """Who looks over what leaves this machine; None where nothing does."""
        return self.backend.outgoing if self.backend is not None else None

    @property
    def may_send(self) -> bool:
        """False while somebody has to say yes to the host first."""
        if self.backend is not None:
            return self.backend.gate is None or self.backend.gate.is_open
        there = self.address
        return there is None or there.is_plainly_here or self._consent.is_given(there)

    def admit(self, there: Address) -> None:
        """Somebody said yes to a host: what waited for it begins by itself."""
        self._consent.give(there)
        if self.backend is not None:
            self._consent.admit(self.backend)
        self.say_welcome()
        self.watch.look_now()

    def open(self) -> None:
        """Open the backend that the settings ask for; the conversation stays."""
        self._wait_for_it()
        settings, open_backend = self._screen.settings, self._open_backend
        self.watch.open(lambda: self._consent.admit(open_backend(settings)))
        self.say_welcome()

    def restart(self) -> None:
        """Start the engine again, try again to open a backend, or ask again for the yes it waits for."""
        if not self.may_send:
            self._screen.permission.for_host()
        elif self.backend is not None and self.backend.is_running:
            self._ask_to_restart()
        else:
            self._restart()

    def _ask_to_restart(self) -> None:
        """An engine that is there may be of use to somebody: whoever means it says so."""
        from docstra_tui.tui.screens.confirm import ConfirmScreen

        text = (
            "The engine is running. It is ended and loads the model again; every terminal that uses it "
            "waits for that, and what it has read is read anew."
        )
        self._screen.app.push_screen(
            ConfirmScreen("Restart the engine", text, by_enter=False),
            lambda yes: self._restart() if yes else None,
        )

    def _restart(self) -> None:
        self._screen.turns.queue.stop_answer()
        if self.backend is None:
            self.open()
        else:
            self._wait_for_it()
            if self._screen.session is not None:
                self._screen.session.engine_restarted()
            self.watch.restart()

    # What the watch reports

    def opened(self, backend: Backend) -> None:
        """A backend can be used; its model may still be loading."""
        session = self._screen.session
        if session is not None:
            session.llm = backend.llm
            session.model = self.name
            session.choice = self.choice
        self._give_templates(backend.llm)
        self._screen.picks.recount()
        self.say_welcome()

    def looked(self, status: Status) -> None:
        """The backend said something new."""
        before, self.status = self.status, status
        if self._screen.session is not None:
            self._screen.session.model = self.name
            self._screen.session.choice = self.choice
        self._screen.turns.queue.ready = status.state == "ready"
        if status.state == "failed" and status.error is not None:
            self.failed(status.error)
        else:
            self._screen.notices.clear("engine")
        self._say_notes(status)
        had_failed, self._has_failed = self._has_failed, status.state == "failed"
        if before is None or before.reason != status.reason or had_failed != self._has_failed:
            self.say_welcome()
        if before is None or (before.window, before.state) != (status.window, status.state):
            self._screen.picks.recount()
        self._screen.turns.queue.start_next()
        if status.state == "waiting" and self._screen.turns.queue.waiting:
            self._screen.permission.for_host()  # it was sent before anybody knew where it goes

    def failed(self, error: DocstraError) -> None:
        """There is no model, and this is why."""
        self._screen.turns.queue.ready = False
        if isinstance(error, EngineDied):
            self.died(error)
            return
        hint = f"{sanitize_line(error.hint)}  F4 Switch model · F9 try again".strip()
        self._screen.notices.put("engine", sanitize_line(error.message), hint)
        if self.status is None:  # nothing could be opened at all
            self._has_failed = True
            self.say_welcome()

    def died(self, error: DocstraError) -> None:
        """There was a model."""
        self._screen.turns.queue.ready = False
        self.watch.look_now()
        detail = f"{sanitize_line(error.message)} Everything said is kept. F9 starts it again."
        self._screen.notices.put("engine", "The engine stopped.", detail)

    def _say_notes(self, status: Status) -> None:
        """For as long as they hold: why this model answers later than others, say."""
        if status.notes:
            text = " ".join(sanitize_line(note) for note in status.notes)
            self._screen.notices.put("model", text, colour="$warning")
        else:
            self._screen.notices.clear("model")

    def say_welcome(self) -> None:
        """What the empty conversation says about who answers."""
        settings = self._screen.settings
        is_starter = settings.model.name in ("", "starter") and not settings.remote.base_url
        reason = self.status.reason if self.status is not None else ""
        text = welcome(
            self.wanted,
            is_starter=is_starter,
            host=self.host,
            may_send=self.may_send,
            reason=reason,
            has_failed=self._has_failed,
        )
        self._screen.conversation.welcome(text)

    def _wait_for_it(self) -> None:
        self.status = None
        self._has_failed = False
        self._screen.turns.queue.ready = False
        self._screen.notices.clear("engine")
        self._screen.notices.clear("model")

    def _give_templates(self, llm: BaseLLM) -> None:
        """A saved turn may have been made from one of the user's templates."""

        def give(known: dict[str, str]) -> None:
            for name, text in known.items():
                llm.add_template(name, text)

        self._jobs.do(
            templates.load_all, give, lambda error: self._screen.warn(sanitize_line(str(error))[:300])
        )
