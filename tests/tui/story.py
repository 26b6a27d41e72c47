"""What every story of the app does: wait until it is ready, ask, read the last line."""

from __future__ import annotations

from tests.tui.fakes import screen_text, until


async def is_ready(pilot):
    await until(pilot, lambda: "ready" in last_line(pilot.app) and "pkg/" in screen_text(pilot.app))


def last_line(app):
    return screen_text(app).splitlines()[-1]


async def ask(pilot, text):
    await pilot.press(*text)
    await pilot.press("enter")
