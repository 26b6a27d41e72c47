"""Reading prompts ahead: while nobody asks, the engine reads what the next question will begin with.

A real request takes over within a layer; when it is done, reading goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

from docstra_tui.engine.server.host import Host
from docstra_tui.engine.server.model import Job

if TYPE_CHECKING:
    from docstra_tui.llm.measure import Measure
    from docstra_tui.llm.messages import Prompt
    from docstra_tui.llm.thinking.wish import Think


class AheadReader:
    """One wish a client; the newest one counts. Belongs to the event loop."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._wishes: dict[str, _Wish] = {}

    async def read(
        self, client: str, prompt: Prompt, stable: int, think: Think, *, compact: bool = False
    ) -> Measure:
        """Read `prompt` up to `stable` characters of its last message; how much of it is cached then.

        Returns early when the same client wishes something newer. Cancelling this coroutine ends the
        reading too. Raises why there is no model.
        """
        wish = _Wish()
        older, self._wishes[client] = self._wishes.get(client), wish
        if older is not None:
            older.drop()
        try:
            await self._host.ready()
            while True:
                measure, was_put_aside = await self._once(wish, prompt, stable, think, compact)
                is_done = measure.cached is None or measure.cached >= measure.tokens
                if is_done or wish.is_dropped or not was_put_aside:
                    return measure
        finally:
            wish.drop()
            if self._wishes.get(client) is wish:
                del self._wishes[client]

    async def measured(self, ids: list[int], *, compact: bool = False) -> Measure | None:
        """How much of it need not be read again, and what there is room for; None while there is no model."""
        model = self._host.model
        return (
            None
            if model is None
            else await asyncio.to_thread(partial(model.measure_ids, ids, compact=compact))
        )

    async def _once(
        self, wish: _Wish, prompt: Prompt, stable: int, think: Think, compact: bool
    ) -> tuple[Measure, bool]:
        """One stretch of reading: how far it came, and whether a question put it aside."""
        model = await self._host.ready()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Measure] = loop.create_future()

        def heard(measure: Measure) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens
                loop.call_soon_threadsafe(_resolve, ended, measure)

        begin = partial(model.submit_warm, prompt, stable, heard, think=think, compact=compact)
        job = await asyncio.to_thread(begin)
        wish.begin(job)
        measure = await ended
        return measure, job.is_cancelled()


def _resolve(future: asyncio.Future[Measure], measure: Measure) -> None:
    if not future.done():
        future.set_result(measure)


class _Wish:
    """What one client wants read, until it is dropped."""

    def __init__(self) -> None:
        self.is_dropped = False
        self._job: Job | None = None

    def begin(self, job: Job) -> None:
        self._job = job
        if self.is_dropped:
            job.cancel()

    def drop(self) -> None:
        self.is_dropped = True
        if self._job is not None:
            self._job.cancel()
