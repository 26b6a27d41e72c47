"""A backend without an engine: its status is set by the test, its model says what was enqueued."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App

from docstra_tui.address import parse
from docstra_tui.llm.http.gate import Gate
from docstra_tui.session.outgoing import Outgoing
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp
from docstra_tui.tui.driver.terminal_driver import TypedEvents
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.terminal.key_bytes import KeyBytes
from tests.fakes import FakeLLM

READY = Status(
    "ready",
    model="Org/Fake-1B",
    device="cpu",
    dtype="bfloat16",
    window=8192,
    memory_used=400_000_000,
    memory_total=16_000_000_000,
)


def send_bytes(app: App[Any], data: bytes) -> None:
    """What a terminal sends in one, as the driver hands it over: all of it before anything is done."""
    meaning, reader = TypedEvents(), KeyBytes()
    for typed in (*reader.feed(data, 0.0), *reader.tick(10.0)):
        for event in meaning.of(typed):
            app.post_message(event)


class FakeBackend:
    """What a test says is so, is so."""

    def __init__(self, *statuses: Status, host: str = "") -> None:
        self.llm: Any = FakeLLM()
        self.label = "Fake-1B"
        self.host = host
        self.outgoing = Outgoing() if host else None
        self.gate = Gate(parse(f"http://{host}/v1"), is_open=False) if host else None
        self.farewell = "Fake-1B stays loaded."
        self.restarts = 0
        self.is_running = False
        self.closed = False
        self.now = statuses[0] if statuses else READY

    def status(self) -> Status:
        is_closed = self.gate is not None and not self.gate.is_open
        return Status("waiting") if is_closed else self.now

    def restart(self) -> None:
        self.restarts += 1
        self.now = READY

    def close(self) -> None:
        self.closed = True


class Backends:
    """Opens what it is given, in order; records the settings that were asked for."""

    def __init__(self, *backends: FakeBackend | Exception) -> None:
        self._backends = list(backends)
        self.asked: list[Settings] = []

    def __call__(self, settings: Settings) -> Any:
        self.asked.append(settings)
        found = self._backends.pop(0) if len(self._backends) > 1 else self._backends[0]
        if isinstance(found, Exception):
            raise found
        return found


def project(base: Path) -> Path:
    """A small folder to look at."""
    root = base / "project"
    (root / "pkg").mkdir(parents=True)
    (root / "pkg" / "client.py").write_text("def get():\n    return 1\n")
    (root / "pkg" / "config.py").write_text("TIMEOUT = 5\n")
    (root / "README.md").write_text("# Hello\n")
    return root


async def until(pilot: Any, condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Let the app work until `condition` holds; fails with what is on the screen."""
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it never became so; the screen says:\n" + screen_text(pilot.app))
        await pilot.pause(0.02)


def is_idle(app: App[Any]) -> bool:
    """Nothing that came waits to be done, and nothing that was done waits to be drawn."""
    shown = app.screen
    waits = app.message_queue_size or any(screen._layout_required for screen in app.screen_stack)
    return not (waits or shown._scroll_required or shown._repaint_required or shown._dirty_widgets)


def screen_text(app: DocstraApp) -> str:
    """What is on the screen, line by line."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)
