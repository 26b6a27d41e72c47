"""The model that answers, for whichever face: opened, watched, started again, exchanged for another one.

Everything but `Sessions` that has to know who answers asks this. Calls belong on the face's thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from docstra_tui.background import begin
from docstra_tui.errors import DocstraError
from docstra_tui.llm.thinking import wish
from docstra_tui.remotes import NAME
from docstra_tui.session.turns import ON
from docstra_tui.workspace.jobs import Deliver
from docstra_tui.workspace.models.consent import Consent
from docstra_tui.workspace.models.monitor import EngineMonitor
from docstra_tui.workspace.models.own_templates import give_templates

if TYPE_CHECKING:
    from docstra_tui.address import Address
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.llm.keeping import KvCache
    from docstra_tui.llm.thinking.wish import Think
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.outgoing import Outgoing
    from docstra_tui.session.turns import ModelChoice
    from docstra_tui.settings import Settings
    from docstra_tui.workspace.models.backend import Backend, Status
    from docstra_tui.workspace.models.listener import ModelListener
    from docstra_tui.workspace.models.opening import OpenBackend


class AnsweringModel:
    """What answers here, and what may be sent to it."""

    listener: ModelListener
    """Set before anything is opened."""

    def __init__(self, settings: Settings, open_backend: OpenBackend, deliver: Deliver) -> None:
        self.settings = settings
        """What is in force; another model puts its own in their place."""
        self.status: Status | None = None
        """The last look; None while a backend is being opened."""
        self.offered: Settings | None = None
        """What a session was with, where that is another model and was not opened."""
        self.think: Think = wish.parse(settings.answer.think)
        """How much whatever answers is to think before it does."""
        self.kv_cache: KvCache = settings.answer.kv_cache
        """How exactly it is to keep what it reads."""
        self.consent = Consent()
        self._open_backend = open_backend
        self._monitor = EngineMonitor(self, deliver)
        self._session: ChatSession | None = None
        self._is_as_asked = False
        """True while what is open is what the settings ask for."""
        self.template_error: DocstraError | None = None
        """Why it was not given the user's own templates; None when it was."""

    # Who it is

    @property
    def backend(self) -> Backend | None:
        """None before it is open."""
        return self._monitor.backend

    @property
    def llm(self) -> BaseLLM | None:
        """Who answers; None before a backend is open."""
        return self.backend.llm if self.backend is not None else None

    @property
    def is_ready(self) -> bool:
        """True while it can answer."""
        return self.status is not None and self.status.state == "ready"

    @property
    def is_running(self) -> bool:
        """True while there is an engine of ours, which a restart would end for every terminal."""
        return self._is_as_asked and self.backend is not None and self.backend.is_running

    @property
    def wanted(self) -> str:
        """The model's name as it was asked for; empty where the server decides."""
        server = self.settings.server
        return server.model if server is not None else self.settings.model.name or "starter"

    @property
    def is_starter(self) -> bool:
        """True for the small one that comes along."""
        return self.settings.model.name in ("", "starter") and self.settings.server is None

    @property
    def name(self) -> str:
        """Who answers, as it calls itself."""
        if self.status is not None and self.status.model:
            return self.status.model
        return self.backend.label if self.backend is not None else self.wanted

    @property
    def label(self) -> str:
        """Its name where there is little room."""
        return self.backend.label if self.backend is not None else self.wanted

    @property
    def remote(self) -> str:
        """What somebody called the server that answers; empty for our engine, and for one without a name."""
        name = self.settings.remote.name
        return name if self.settings.server is not None and NAME.fullmatch(name) else ""

    @property
    def told_name(self) -> str:
        """Who answers, and where that is not our engine: as it is saved with each answer."""
        where = self.remote or self.host
        return f"{self.name}{ON}{where}" if where and self.name != where else self.name

    @property
    def farewell(self) -> str:
        """What to say of it at the end; often empty."""
        return self.backend.farewell if self.backend is not None else ""

    @property
    def choice(self) -> ModelChoice:
        """How what answers can be opened again; empty before a backend is open."""
        from docstra_tui.session.turns import ModelChoice
        from docstra_tui.workspace.models.choice import choice_of

        return choice_of(self.settings, self.name) if self.backend is not None else ModelChoice()

    # Where it is, and what may go there

    @property
    def address(self) -> Address | None:
        """Where another server is, also before the backend is open; None for our engine."""
        if self.backend is not None:
            return self.backend.gate.address if self.backend.gate is not None else None
        server = self.settings.server
        if server is None:
            return None
        from docstra_tui.address import parse

        return parse(server.base_url)

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
        return there is None or there.is_plainly_here or self.consent.is_given(there)

    def admit(self, there: Address, *, for_good: bool) -> None:
        """Somebody said yes to a host: what waited for it begins by itself."""
        self.consent.give(there, for_good=for_good)
        if self.backend is not None:
            self.consent.admit(self.backend)
        self.listener.model_admitted()
        self.look_now()

    # Opening it, and letting it go

    def open(self, settings: Settings | None = None) -> None:
        """Open what the settings ask for, in the background; other ones are in force from now on."""
        wanted = settings or self.settings
        self._is_as_asked = False
        self._take(wanted)
        self._monitor.open(lambda: self._opened_with(wanted))

    def open_now(self, settings: Settings | None = None) -> None:
        """The same, and wait. Raises what keeps it from being opened; then all is as it was."""
        wanted = settings or self.settings
        backend = self._opened_with(wanted)
        self._take(wanted)
        self._monitor.open_now(lambda: backend)

    def offer(self, settings: Settings | None, words: str = "") -> None:
        """What a session was with, and how to say so; None: it is this one, or another session."""
        self.offered = settings
        self.listener.model_offered(words)

    def wish(self, think: Think) -> None:
        """So much is to be thought from now on, whatever answers."""
        self.think = think
        if self.llm is not None:
            self.llm.think = think
        self.listener.model_wished()

    def keep(self, kv_cache: KvCache) -> None:
        """What is read is kept so from now on, whatever answers."""
        self.kv_cache = kv_cache
        if self.llm is not None:
            self.llm.kv_cache = kv_cache
        self.listener.model_wished()

    def typed(self) -> None:
        """Somebody types: a model that was parked comes back meanwhile."""
        if self.status is not None and self.status.parked and self.llm is not None:
            self.status = replace(self.status, parked=False)  # once is enough
            begin(self.llm.wake, "wake")

    def restart(self) -> None:
        """Start the engine again, or try again to open what could not be opened; in the background."""
        if not self._is_as_asked:
            self.open()
            return
        self._wait_for_it()
        self._count_start()
        self._monitor.restart()

    def restart_now(self) -> None:
        """The same, and wait. Raises what the backend raises."""
        self._wait_for_it()
        self._count_start()
        self._monitor.restart_now()

    def close(self) -> None:
        """Let it go; its engine stays hot."""
        self._monitor.close()

    def _opened_with(self, settings: Settings) -> Backend:
        backend = self.consent.admit(self._open_backend(settings))
        self.template_error = next(iter(give_templates(backend.llm).values()), None)
        return backend

    def _take(self, settings: Settings) -> None:
        self._monitor.forget()  # first: what is told of the one before would be taken for this one's
        if settings is not self.settings:
            self.settings = settings
            self.offer(None)
        self._wait_for_it()

    def _wait_for_it(self) -> None:
        self._monitor.forget()
        self.status = None
        self.listener.model_awaited()

    def _count_start(self) -> None:
        if self._session is not None:
            self._session.engine_restarted()

    # Asking how it is

    def keep_looking(self, is_busy: bool) -> None:
        """Look often, or seldom: whether something happens."""
        self._monitor.is_busy = is_busy

    def look_now(self) -> None:
        """Ask for the status at once."""
        self._monitor.look_now()

    def status_now(self, seconds: float) -> Status | None:
        """The status of a look that begins now, or the last one after `seconds`. Blocks; for a face whose
        thread is told at once."""
        self._monitor.look_now()
        self._monitor.wait_for_look(seconds)
        return self.status

    def next_status(self, seconds: float) -> Status | None:
        """The status after the next look, or after `seconds`. Blocks, as above."""
        self._monitor.wait_for_next_look(seconds)
        return self.status

    # The session that it answers in

    def answer_in(self, session: ChatSession) -> None:
        """What is asked there is asked of this model from now on."""
        self._session = session
        session.llm = self.llm or session.llm
        self._tell_session()

    def _tell_session(self) -> None:
        if self._session is not None:
            self._session.model = self.told_name
            self._session.choice = self.choice

    # What the monitor reports

    def backend_opened(self, backend: Backend) -> None:
        """A backend can be used; its model may still be loading."""
        self._is_as_asked = True
        backend.llm.think = self.think
        backend.llm.kv_cache = self.kv_cache
        if self._session is not None:
            self._session.llm = backend.llm
        self._tell_session()
        self.listener.model_opened()

    def backend_looked_at(self, status: Status) -> None:
        """The backend said something new."""
        before, self.status = self.status, status
        self._tell_session()
        self.listener.model_looked_at(before)

    def backend_lost(self, error: DocstraError) -> None:
        """It could not be opened, asked or started."""
        self.listener.model_lost(error)
