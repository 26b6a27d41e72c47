"""The README's picture: the real app with the real starter model, asked about a real file.

Usage: python -m tools.screenshot docs/screenshot.svg
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from docstra_tui import settings
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.tui.app import DocstraApp
from docstra_tui.workspace.models.opening import open_backend

PROJECT = Path(__file__).resolve().parent.parent
QUESTION = "What does @docstra_tui/session/export.py do? Show a short example in Python. "
SIZE = (112, 34)


async def main(out: Path) -> None:
    """Ask, wait for the answer, save the picture."""
    with tempfile.TemporaryDirectory(prefix="dt-shot-") as base:
        for place in ("RUNTIME", "STATE", "CONFIG"):
            os.environ[f"DOCSTRA_{place}_DIR"] = f"{base}/{place.lower()}"
        os.environ["HOME"] = str(PROJECT.parent)  # the title then shows ~ and no machine's own path
        flags = {"engine.own": True, "answer.temperature": 0.0, "answer.max_tokens": 220}
        store = SessionStore()
        app = DocstraApp(settings.load(flags), PROJECT, open_backend, store)
        async with app.run_test(size=SIZE) as pilot:
            main_screen = app.main
            await until(lambda: "ready" in status(app))
            main_screen.composer.insert(QUESTION)
            await pilot.press("escape")
            await asyncio.sleep(1)
            await pilot.press("enter")
            await until(lambda: "answering" in status(app))
            await until(lambda: "answering" not in status(app))
            await asyncio.sleep(2)
            app.save_screenshot(str(out))
        store.close()


def status(app: DocstraApp) -> str:
    """The status bar's text."""
    from docstra_tui.tui.widgets.status_bar import StatusBar

    return str(app.main.query_one(StatusBar).render())


async def until(holds: object, seconds: float = 240.0) -> None:
    """Wait until `holds()` is true."""
    assert callable(holds)
    for _ in range(int(seconds / 0.1)):
        if holds():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
