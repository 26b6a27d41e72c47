"""What goes once goes, however long the process stood still."""

from __future__ import annotations

from itertools import count

import pytest
from textual import timer as timers_of_textual
from textual._context import active_app
from textual.app import App
from textual.timer import Timer

from docstra_tui.tui.driver import timers


@pytest.mark.parametrize("repeat", [0, 2])
async def test_a_timer_that_goes_once_goes_late(monkeypatch: pytest.MonkeyPatch, repeat: int) -> None:
    timers.install()
    clock = count(0, 10)  # ten seconds between two looks at it
    monkeypatch.setattr(timers_of_textual._time, "get_time", lambda: float(next(clock)))
    gone: list[int] = []
    app: App[None] = App()
    token = active_app.set(app)
    try:
        await Timer(app, 0.01, callback=lambda: gone.append(1), repeat=repeat)._run()
    finally:
        active_app.reset(token)
    assert len(gone) == (1 if repeat == 0 else 0)  # of others some may be left out, as Textual does
