"""The pictures of README.md and docs/: the real app over a real session, drawn by the app itself.

Usage: python -m tools.pictures [FOLDER]. Who answers is a small server on this machine; no model is loaded,
nothing is fetched, and two runs draw the same bytes.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from docstra_tui import settings
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.tui.app import DocstraApp
from docstra_tui.tui.screens.choice import ChoiceScreen
from docstra_tui.workspace.models.opening import open_backend

from . import project

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SIZE = (112, 34)
WINDOW = 32_768
SECONDS = 30.0
"""Longest wait for something to be shown."""
FETCHED = re.compile(r"\s*@font-face \{.*?\n    \}", re.DOTALL)
"""Rich has a page's reader fetch a font; the one that is there will do."""


class Server(BaseHTTPRequestHandler):
    """Names a model, and counts a token for each four letters."""

    def do_GET(self) -> None:
        self._say({"data": [{"id": project.MODEL, "max_model_len": WINDOW}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        letters = sum(len(str(message["content"])) for message in asked["messages"])
        self._say({"count": letters // 4, "max_model_len": WINDOW})

    def _say(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        with suppress(ConnectionError):  # the app left meanwhile
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its own name
        """Nobody reads it."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of the server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/v1"
        listening.shutdown()


@contextmanager
def own_places() -> Iterator[Path]:
    """A home with nothing in it but the project, `~/src/weather`."""
    with tempfile.TemporaryDirectory(prefix="dt-pictures-") as base:
        for place in ("RUNTIME", "STATE", "CONFIG", "CACHE"):
            os.environ[f"DOCSTRA_{place}_DIR"] = f"{base}/{place.lower()}"
        os.environ["HOME"] = base
        os.environ["TZ"] = "UTC"
        time.tzset()
        root = Path(base) / "src" / "weather"
        project.write(root)
        yield root


class Camera:
    """Looks at the app, and draws what it shows."""

    def __init__(self, app: DocstraApp, pilot: Any, folder: Path) -> None:
        self.app = app
        self._pilot = pilot
        self._folder = folder

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait; the clock of the pictures has no part in it. Raises `TimeoutError`."""
        end = time.monotonic() + SECONDS
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"it never became so; the screen says:\n{self.text}")
            await self._pilot.pause(0.02)

    async def shows(self, *words: str) -> None:
        """Wait until all of it is on the screen."""
        await self.until(lambda: all(word in self.text for word in words))

    @property
    def text(self) -> str:
        """What is on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    async def take(self, name: str) -> None:
        """Draw the screen into a file, when it has come to rest."""
        before = ""
        while before != (now := self.app.export_screenshot()):
            before = now
            await self._pilot.pause(0.3)
        (self._folder / f"{name}.svg").write_text(drawn(now))


def drawn(svg: str) -> str:
    """A picture that fetches nothing, and keeps its indents in viewers that take them off (librsvg)."""
    svg = FETCHED.sub("", svg).replace("<svg ", '<svg xml:space="preserve" ', 1)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


async def main(folder: Path) -> None:
    """All pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with own_places() as root, server() as url:
        store = SessionStore()
        project.ask(store, root, url)
        app = DocstraApp(settings.load({"remote.base_url": url}), root, open_backend, store, "last")
        async with app.run_test(size=SIZE) as pilot:
            camera = Camera(app, pilot, folder)
            await conversation(camera)
            await offers(camera)
            await prompt(camera)
            await themes(camera)
        store.close()


async def conversation(camera: Camera) -> None:
    """Files that are ticked, and an answer about them."""
    await camera.shows("ready", "Which test is missing?", "2 ticked", "tokens")
    await camera.press("f2", "down", "right")
    await camera.shows("☑ client.py")
    await camera.press("f6", "home")
    await camera.shows("What happens on a day without a network?")
    await camera.press("escape")
    await camera.take("conversation")


async def offers(camera: Camera) -> None:
    """Files that a question is likely about, beside one of them."""
    await camera.press(*"When is the service out of reach?")
    await camera.shows("── Ctrl+N service.py")
    await camera.press("ctrl+n")
    await camera.shows("Files for:", "class Unreachable", "Space ticks")
    await camera.take("offers")
    await camera.press("escape", "ctrl+u")
    await camera.shows("Ask about 2 files")


async def prompt(camera: Camera) -> None:
    """The next prompt, to the letter."""
    await camera.press("f8")
    await camera.shows("weather/cache.py")
    await camera.until(lambda: camera.app.screen is not camera.app.main)
    await camera.take("prompt")
    await camera.press("escape")
    await camera.until(lambda: camera.app.screen is camera.app.main)


async def themes(camera: Camera) -> None:
    """The list of themes, over the light one."""
    await camera.press(*"/theme", "enter")
    await camera.until(lambda: isinstance(camera.app.screen, ChoiceScreen))
    await camera.press(*"pap")
    await camera.until(lambda: camera.app.theme == "paper")
    await camera.press(*["backspace"] * 3)
    while camera.app.theme != "paper":
        await camera.press("down")
    await camera.take("themes")
    await camera.press("escape")
    await camera.until(lambda: camera.app.screen is camera.app.main)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER))
