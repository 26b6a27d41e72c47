"""Our own engine as what answers: found or started, asked how it is, started again. Needs no torch."""

from __future__ import annotations

import threading
from dataclasses import replace

import msgspec

from docstra_tui.engine.client import lifecycle
from docstra_tui.engine.client.identity import STARTER
from docstra_tui.engine.client.wire import Stats
from docstra_tui.error_forms import from_wire
from docstra_tui.errors import DocstraError, EngineDied, StrangeEngine
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.llm.thinking import wish
from docstra_tui.settings import Settings
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.models.system_text import system_text


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
            think=wish.parse(settings.answer.think),
        )
        self.llm.kv_cache = settings.answer.kv_cache
        self.llm.prompt_builder.system = system_text(settings)
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
            self.llm.told_of_switch(stats.health.can_switch_thinking, stats.health.think_note)
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
        parked=health.parked,
    )


def _minutes(minutes: float) -> str:
    if minutes >= 1:
        return f"{minutes:g} minute{'' if minutes == 1 else 's'}"
    return f"{minutes * 60:.0f} seconds"
