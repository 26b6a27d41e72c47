"""The doctor on the screen: offered where the model is lost, and readable at both sizes."""

from __future__ import annotations

import threading

from docstra_tui.errors import DeviceUnavailable, ModelNotFound
from docstra_tui.tui.screens.doctor import DoctorScreen
from docstra_tui.workspace.doctor import examination, report
from docstra_tui.workspace.doctor.check import Check
from tests.tui.fakes import screen_text, until
from tests.tui.story import is_ready

CHECKS = [
    Check("python", "ok", "3.11 in ~/.venv"),
    Check(
        "cuda", "fail", "The NVIDIA driver is too old\x1b[2J. " + "word " * 30 + "end", "update the driver"
    ),
    Check("hub cache", "ok", "/" + "x" * 100),
    *(Check(f"number {number}", "ok", "well") for number in range(26)),
]


async def test_it_is_offered_looks_in_the_background_and_fits_the_screen(make_app, monkeypatch):
    may_end, asked = threading.Event(), []

    def within(root, settings, seconds=None):
        asked.append((root, settings))
        may_end.wait(30)
        return CHECKS

    monkeypatch.setattr(examination, "examine_within", within)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        app.main.model.listener.model_lost(ModelNotFound("There is no model.", "Look again."))
        await until(pilot, lambda: "There is no model." in screen_text(app))
        assert "/doctor" not in screen_text(app)
        app.main.model.listener.model_lost(DeviceUnavailable("The driver is too old.", "Update it."))
        await until(pilot, lambda: "/doctor looks for the cause" in " ".join(screen_text(app).split()))
        await pilot.press(*"/doctor", "enter")
        await until(pilot, lambda: "Looking…" in screen_text(app))
        assert isinstance(app.screen, DoctorScreen)
        may_end.set()
        await until(pilot, lambda: "1 thing does not work." in screen_text(app))
        await until(pilot, lambda: "→ update the driver" in screen_text(app))
        text = screen_text(app)
        assert "old␛[2J. word" in text and " end" in text  # folded, and safe
        assert "number 25" not in text
        shown = app.screen.query_one(".whole Static")
        assert shown.size.height == len(report.lines(CHECKS, shown.size.width))  # none is folded again
        await pilot.resize_terminal(120, 44)
        await until(pilot, lambda: "number 25" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, DoctorScreen))
    assert asked == [(app.main.root, app.main.model.settings)]
