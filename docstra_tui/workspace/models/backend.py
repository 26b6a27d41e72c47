"""Who answers, as the faces see it: our own engine, or another server. Needs no torch and no screen."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import msgspec

from docstra_tui import address
from docstra_tui.engine.client import lifecycle
from docstra_tui.engine.client.protocol import STARTER, State, Stats
from docstra_tui.errors import DocstraError, EngineDied, ServerLoading, StrangeEngine, from_wire
from docstra_tui.llm.http.gate import Gate
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.session.outgoing import Outgoing
from docstra_tui.settings import Settings

READY_SECONDS = 30.0
"""How long a server that answered is taken to be there."""

MISSING_SECONDS = 3.0
"""How often one that did not answer is asked again."""


@dataclass(frozen=True)
class Status:
    """One look at a backend."""

    state: State | Literal["waiting"]
    """`waiting`: nothing goes to this host before somebody says yes."""
    phase: str = ""
    """While loading: `start`, `find`, `download`, `read`, `convert`, `place`; a sentence about a server."""
    done: int | None = None
    total: int | None = None
    """Bytes of the phase (tensors for `place`); None when unknown."""
    error: DocstraError | None = None
    """Why the state is `failed`."""
    model: str = ""
    device: str = ""
    dtype: str = ""
    reason: str = ""
    """Why this device."""
    notes: tuple[str, ...] = ()
    """What a user should know about this model, sentences."""
    window: int | None = None
    """Tokens."""
    memory_used: int | None = None
    memory_total: int | None = None
    """Bytes on the model's device."""
    queue: int = 0
    """Requests that wait for their turn."""


class Backend(Protocol):
    """What answers. `status` is for a worker thread, a few times a second; the rest returns at once,
    `restart` apart."""

    @property
    def llm(self) -> RemoteLLM: ...
    @property
    def label(self) -> str:
        """The model's name, for the title bar."""

    @property
    def gate(self) -> Gate | None:
        """What everything for another server passes; None for our engine."""

    @property
    def outgoing(self) -> Outgoing | None:
        """What was agreed to of that which may be secret; None where nothing leaves this machine."""

    @property
    def host(self) -> str:
        """The remote host, always shown; empty for our engine and for loopback."""

    @property
    def farewell(self) -> str:
        """One line for the restored terminal: what stays, for how long, how to free it. Often empty."""

    def status(self) -> Status:
        """Never raises: what is wrong is in it."""

    @property
    def is_running(self) -> bool:
        """True while there is an engine of ours, which a restart would end for every terminal."""

    def restart(self) -> None:
        """Start again what died, or what misbehaves: a process that is still there is ended first.

        Raises `EngineError`.
        """

    def close(self) -> None:
        """Let go; the engine stays hot."""


def open_backend(settings: Settings, *, oneshot: bool = False) -> Backend:
    """The backend these settings ask for; our engine is found or started, and may still be loading.

    Raises `EngineError`, `SettingsError`, `UnsafePath`.
    """
    if settings.remote.base_url:
        return ServerBackend(settings)
    return EngineBackend(settings, oneshot=oneshot)


class EngineBackend:
    """Our own engine process, attached to for as long as this lives."""

    host = ""
    gate = None
    outgoing = None

    def __init__(self, settings: Settings, *, oneshot: bool = False) -> None:
        self._settings = settings
        self._oneshot = oneshot
        self._engine = lifecycle.connect(settings, oneshot=oneshot)
        self._engine.attach()
        self.llm = RemoteLLM(
            socket=self._engine.socket,
            max_tokens=settings.answer.max_tokens,
            temperature=settings.answer.temperature,
        )
        self._last = Status("loading", phase="start", model=self._engine.identity.model)
        self._minutes = 0.0
        self._lock = threading.Lock()

    @property
    def engine(self) -> lifecycle.Engine:
        """The process behind it."""
        return self._engine

    @property
    def label(self) -> str:
        name = self._last.model or self._engine.identity.model
        return name.rstrip("/").rpartition("/")[2] or STARTER

    @property
    def farewell(self) -> str:
        if self._engine.identity.owner or self._last.state == "failed" or not self._engine.alive:
            return ""
        where = f" on {self._last.device}" if self._last.device else ""
        stays = "stays loaded" if self._last.state == "ready" else "goes on loading, and stays"
        return (
            f"{self.label} {stays}{where} for {_minutes(self._minutes)}. "
            "To free it now: docstra-tui engine stop"
        )

    def status(self) -> Status:
        engine = self._engine
        try:
            status = _as_status(stats := engine.stats())
            self._minutes = stats.health.leave_after_minutes
        except (EngineDied, StrangeEngine) as error:
            if self._last.state == "failed":
                return self._last  # it told why, and left
            status = replace(self._last, state="failed", phase="", queue=0, error=error)
        except DocstraError:
            return self._last  # alive, only busy: importing torch takes a second of no answers
        if engine is self._engine:  # not restarted meanwhile
            self._last = status
        return status

    @property
    def is_running(self) -> bool:
        return self._last.state != "failed" and self._engine.alive

    def restart(self) -> None:
        with self._lock:
            old = self._engine
            if self.is_running:  # else another terminal may have started it again already
                old.stop()
            self._engine = lifecycle.connect(self._settings, oneshot=self._oneshot)
            self._engine.attach()
            old.detach()
            self._last = Status("loading", phase="start", model=self._engine.identity.model)

    def close(self) -> None:
        self._engine.detach()
        self.llm.close()


class ServerBackend:
    """Another OpenAI-compatible server; it is nobody's to start or stop.

    Its gate is closed where it is another machine: whoever asks the user opens it.
    """

    farewell = ""

    def __init__(self, settings: Settings) -> None:
        remote = settings.remote
        self.outgoing = Outgoing()
        self.gate = Gate(address.parse(remote.base_url), is_open=False, look=self.outgoing.look)
        self.llm = RemoteLLM(
            model=settings.model.name or None,
            gate=self.gate,
            max_tokens=settings.answer.max_tokens,
            temperature=settings.answer.temperature,
            context=remote.context,
            wait_seconds=remote.wait_seconds,
            key_over_http=remote.key_over_http,
        )
        self.host = "" if self.gate.address.is_this_machine else self.gate.address.shown
        self._patience = remote.wait_seconds
        self._last = Status("loading", phase=f"waiting for {self.llm.server}")
        self._loading_since: float | None = None
        self._ask_again_at = 0.0

    @property
    def label(self) -> str:
        return self.llm.model_name.rstrip("/").rpartition("/")[2] or self.llm.server

    def status(self) -> Status:
        if not self.gate.is_open:
            return Status("waiting", model=self.llm.model_name)
        if time.monotonic() < self._ask_again_at:
            return self._last
        try:
            self.llm.check()
            status = Status("ready", model=self.llm.model_name, window=self.llm.known_window)
            self._loading_since = None
        except ServerLoading as error:
            status = self._loading(error)
        except DocstraError as error:
            status = Status("failed", error=error, model=self.llm.model_name)
        pause = READY_SECONDS if status.state == "ready" else MISSING_SECONDS
        self._ask_again_at = time.monotonic() + pause
        self._last = status
        return status

    def _loading(self, error: DocstraError) -> Status:
        """The server is there and loads its model: it is waited for as long as for an answer."""
        now = time.monotonic()
        since = self._loading_since = self._loading_since or now
        if now - since > self._patience:
            return Status("failed", error=error, model=self.llm.model_name)
        return Status("loading", phase=f"{self.llm.server} loads its model", model=self.llm.model_name)

    is_running = False

    def restart(self) -> None:
        self._ask_again_at, self._loading_since = 0.0, None

    def close(self) -> None:
        self.llm.close()


def _as_status(stats: Stats) -> Status:
    health = stats.health
    error = None if health.error is None else from_wire(msgspec.to_builtins(health.error))
    return Status(
        state=health.state,
        phase=health.phase,
        done=health.done,
        total=health.total,
        error=error,
        model=health.model,
        device=health.device,
        dtype=health.dtype,
        reason=health.reason,
        notes=health.notes,
        window=health.window,
        memory_used=stats.memory_used,
        memory_total=stats.memory_total,
        queue=health.queue,
    )


def _minutes(minutes: float) -> str:
    if minutes >= 1:
        return f"{minutes:g} minute{'' if minutes == 1 else 's'}"
    return f"{minutes * 60:.0f} seconds"
