"""A backend whose model is scripted: what the line-based faces are tested against."""

from __future__ import annotations

from dataclasses import replace

from docstra_tui.address import parse
from docstra_tui.llm.http.gate import Gate
from docstra_tui.session.outgoing import Outgoing
from docstra_tui.workspace.models.backend import Status
from tests.fakes import FakeLLM

READY = Status("ready", model="hub/fake", device="cpu", dtype="float32", window=8192)


class FakeBackend:
    """Plays enqueued statuses, the last of them for ever, and counts what is done to it."""

    def __init__(self, llm: FakeLLM | None = None, *statuses: Status, host: str = "") -> None:
        self.llm = llm or FakeLLM()
        self.label = "fake"
        self.host = host
        self.outgoing = Outgoing() if host else None
        self.gate = Gate(parse(f"http://{host}/v1"), is_open=False) if host else None
        self.farewell = "fake stays loaded."
        self.statuses = list(statuses) or [READY]
        self.closed = 0
        self.restarts = 0
        self.is_running = False
        self.opened_with: list[object] = []

    def __call__(self, settings: object, *, oneshot: bool = False) -> FakeBackend:
        """As `open_backend`."""
        self.opened_with.append((settings, oneshot))
        return self

    def status(self) -> Status:
        if self.gate is not None and not self.gate.is_open:
            return Status("waiting")
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def restart(self) -> None:
        self.restarts += 1
        self.statuses = [READY]

    def close(self) -> None:
        self.closed += 1


def loading(phase: str = "read", done: int | None = 34, total: int | None = 100) -> Status:
    """A status of a model on its way."""
    return replace(READY, state="loading", phase=phase, done=done, total=total)
