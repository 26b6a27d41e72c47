"""The doctor in the inline chat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui.errors import DeviceUnavailable
from docstra_tui.workspace.doctor import examination
from docstra_tui.workspace.doctor.check import Check
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend
from tests.repl.story import chat


def test_it_is_offered_and_prints_what_does_not_work(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roots: list[Path] = []

    def within(root: Path, settings: object, seconds: float | None = None) -> list[Check]:
        roots.append(root)
        return [
            Check("python", "ok", "3.11"),
            Check("cuda", "fail", "The driver\x1b[2J is too old", "update the driver"),
        ]

    monkeypatch.setattr(examination, "examine_within", within)
    error = DeviceUnavailable("The driver is too old.", "Update it.")
    backend = FakeBackend(FakeLLM(), replace(READY, state="failed", error=error))
    shown = chat(project, backend, "Why?\r/doctor\r")
    assert "/doctor looks for the cause." in shown
    assert "fail  cuda    The driver␛[2J is too old" in shown
    assert "→ update the driver" in shown
    assert "1 thing does not work." in shown
    assert roots == [project]
