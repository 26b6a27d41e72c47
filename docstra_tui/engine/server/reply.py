"""One answer on its way from the inference thread to the event loop.

The sink never waits and never blocks the model; what comes close together goes out together.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from itertools import groupby

from docstra_tui.engine.server.model import Job, Model
from docstra_tui.llm.answer import Event, Finished, Reading, Reframed, Thought, Usage
from docstra_tui.llm.messages import Prompt
from docstra_tui.llm.sampling import Sampling
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written

GATHER_SECONDS = 0.015
"""One event a token cost 9 % of the speed at 120 tokens/s, and nothing at 10."""

Part = str | Thought | Reframed | Reading
"""What an answer is made of until it ends."""


class Reply:
    """The answer to one request. Make it in the event loop, `submit` it, iterate `parts`, `close` it.

    How far the prompt is read is among the parts where somebody `wants_reading`.
    """

    def __init__(self, *, wants_reading: bool = False) -> None:
        self._wants_reading = wants_reading
        self._loop = asyncio.get_running_loop()
        self._events: deque[Event | BaseException] = deque()
        self._came = asyncio.Event()
        self._waking = False
        self._job: Job | None = None
        self._closed = False
        self._started = time.monotonic()
        self._first: float | None = None
        self._last = 0.0
        self.end: Finished | BaseException | None = None
        """The one terminal event, once it was read."""

    async def submit(
        self,
        model: Model,
        prompt: Prompt,
        *,
        max_tokens: int | None,
        sampling: Sampling,
        stable: int = 0,
        think: Think = "auto",
        batch: bool = False,
        compact: bool = False,
        written: Written | None = None,
    ) -> None:
        """Queue it. Rendering 100k tokens takes a while, so a thread does it. Raises what `submit` raises."""

        def run() -> None:
            self._job = model.submit(
                prompt,
                self._take,
                max_tokens=max_tokens,
                sampling=sampling,
                stable=stable,
                think=think,
                batch=batch,
                compact=compact,
                written=written,
            )
            if self._closed:  # the client went while the prompt was rendered
                self._job.cancel()

        await asyncio.to_thread(run)

    async def parts(self) -> AsyncIterator[Part]:
        """As they come, the first piece at once; ends when `end` is known."""
        while self.end is None:
            await self._came.wait()
            self._came.clear()
            self._waking = False
            came = self._drain()
            for part in came:
                yield part
            if came and not isinstance(came[-1], Reading) and self.end is None:
                await asyncio.sleep(GATHER_SECONDS)  # never between what was read and the first piece

    def close(self) -> None:
        """Cancel it unless it has ended."""
        self._closed = True
        if self.end is None and self._job is not None:
            self._job.cancel()

    def abort(self, error: BaseException) -> None:
        """End it here and now with an error, whatever the model does."""
        self.close()
        self._events.clear()
        self._events.append(error)
        self._came.set()

    @property
    def usage(self) -> Usage:
        return self.end.usage if isinstance(self.end, Finished) else Usage()

    @property
    def ttft_s(self) -> float | None:
        """Seconds from queueing to the first piece, thought or text."""
        return None if self._first is None else self._first - self._started

    @property
    def tokens_per_s(self) -> float | None:
        tokens = self.usage.completion_tokens
        if tokens is None or tokens < 2 or self._first is None or self._last <= self._first:
            return None
        return (tokens - 1) / (self._last - self._first)

    def _take(self, event: Event | BaseException) -> None:
        """In the inference thread."""
        now = time.monotonic()
        if isinstance(event, str | Thought):
            if not (event if isinstance(event, str) else event.text):
                return
            self._first = self._first or now
            self._last = now
        elif isinstance(event, Reading) and not self._wants_reading:
            return
        self._events.append(event)
        if not self._waking:
            self._waking = True
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody listens
                self._loop.call_soon_threadsafe(self._came.set)

    def _drain(self) -> list[Part]:
        found: list[Part] = []
        while self._events and self.end is None:
            event = self._events.popleft()
            if isinstance(event, Finished | BaseException):
                self.end = event
            else:
                found.append(event)
        return [_joined(kind, same) for kind, same in groupby(found, type)]


def _joined(kind: type[Part], parts: Iterable[Part]) -> Part:
    """Parts of one kind, one behind the other, as one."""
    if kind is str:
        return "".join(part for part in parts if isinstance(part, str))
    if kind is Thought:
        return Thought("".join(part.text for part in parts if isinstance(part, Thought)))
    return list(parts)[-1]
