"""The app's own screen over a folder: how long keys in the tree take, and how long they stall its loop.

No model is behind it: none is needed to look for files.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from benchmarks.places import own_places
from docstra_tui.errors import ModelNotFound
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.tui.app import DocstraApp

SIZE = (120, 40)
SECONDS = 60.0
"""Longest wait for anything."""

Stalls = Callable[[Callable[[], Awaitable[object]]], Awaitable[tuple[float, float]]]


class Screen:
    """The app, in the hands of somebody who looks for files."""

    def __init__(self, app: DocstraApp, pilot: Pilot[Any]) -> None:
        self._pilot = pilot
        self.tree = app.main.tree_view
        self.typed: list[float] = []
        """Seconds from each letter of a query to its rows."""

    async def list_again(self) -> None:
        """The root folder, and a walk through its rows."""
        await self._pilot.press("home")
        self.tree.model.listings.clear()
        await self._pilot.press("r")
        await self._until(lambda: "" in self.tree.model.listings)
        for key in ("end", "pageup", "pageup", "home", "pagedown", "down"):
            await self._pilot.press(key)

    async def index(self) -> None:
        """The first query, while everything is still being listed."""
        finder = self.tree.screen.files.finder  # type: ignore[attr-defined]
        await self._pilot.press("slash", "p", "y")
        await self._until(lambda: finder.is_complete)
        await self._pilot.press("escape", "f2")

    async def type(self, queries: tuple[str, ...]) -> None:
        """Letter by letter, each after the rows of the one before."""
        for query in queries:
            await self._pilot.press("slash")
            for letter in query.replace(" ", ""):
                key = {"/": "slash", ".": "full_stop", "_": "underscore"}.get(letter, letter)
                sought = (self.tree.sought or "") + letter
                start = time.perf_counter()
                # `press` waits for much more than the rows: until every widget has nothing to do.
                pressed = asyncio.create_task(self._pilot.press(key))
                await self._until(partial(self._has_rows_of, sought))
                self.typed.append(time.perf_counter() - start)
                await pressed
            await self._pilot.press("escape", "f2")

    def _has_rows_of(self, query: str) -> bool:
        return self.tree.sought == query and self.tree.has_found

    async def tick(self) -> None:
        """The first folder and all that is below it, read and walked through, then no longer."""
        picks = self.tree.screen.selection  # type: ignore[attr-defined]
        await self._pilot.press("home", "space")
        await self._until(lambda: len(self.tree.ticked) > 1)
        await self._until(lambda: len(picks.now.files) == len(self.tree.ticked))
        await self._pilot.press("t", "down", "down", "up", "t", "home", "right", "down", "home")
        await self._pilot.press("space")
        await self._until(lambda: not self.tree.ticked)

    async def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError
            await asyncio.sleep(0.002)


def measure_screen(
    root: Path, stalls_during: Stalls, queries: tuple[str, ...], *, has_folders: bool
) -> tuple[dict[str, float], list[float]]:
    """The longest stall of each thing done, in seconds, and the seconds of each letter typed."""

    def no_model(settings: Settings) -> Any:
        raise ModelNotFound("There is no model.", "None is needed.")

    async def run() -> tuple[dict[str, float], list[float]]:
        with own_places("docstra-tree-") as places:
            store = SessionStore(places / "sessions.db")
            app = DocstraApp(Settings(), root, no_model, store)
            async with app.run_test(size=SIZE) as pilot:
                screen = Screen(app, pilot)
                await pilot.press("f2")
                await screen.list_again()
                stalls = {}
                _, stalls["list"] = await stalls_during(screen.list_again)
                _, stalls["index"] = await stalls_during(screen.index)
                _, stalls["filter"] = await stalls_during(lambda: screen.type(queries))
                if has_folders:
                    _, stalls["tick"] = await stalls_during(screen.tick)
            store.close()
            return stalls, screen.typed

    return asyncio.run(run())
