"""That this engine goes, for everyone who waits for something of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import TypeVar

from docstra_tui.errors import EngineDied

T = TypeVar("T")


class Leaving:
    """Begins once, and is heard by all who wait. Belongs to the event loop."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        return self._begun.is_set()

    def begin(self) -> None:
        self._begun.set()

    async def within(self, seconds: float) -> None:
        """Wait for it, but no longer than that."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), seconds)

    async def unless_first(self, wait: Awaitable[T]) -> T:
        """What `wait` gives; where the engine goes first, it is cancelled. Raises `EngineDied` then."""
        task = asyncio.ensure_future(wait)
        leaving = asyncio.ensure_future(self._begun.wait())
        try:
            await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise stopped()
        finally:
            task.cancel()
            leaving.cancel()


def stopped() -> EngineDied:
    """What everyone hears who still waited."""
    return EngineDied("The engine was stopped.", "Start it again (F9, in chat /restart) and ask again.")
