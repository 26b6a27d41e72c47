"""A timer that goes once, goes.

Textual leaves out what a timer missed. One that goes once has nothing else: where the process stood still
for as long as the timer runs, just as that began, it would never go, and whoever waits for it waits for ever.
"""

from __future__ import annotations

from textual.timer import Timer


def install() -> None:
    """Have such a timer go late instead; harmless when called twice."""
    if getattr(Timer, "_docstra_once", False):
        return
    run = Timer._run

    async def run_late(self: Timer) -> None:
        if self._repeat == 0:
            self._skip = False
        await run(self)

    Timer._run = run_late  # type: ignore[method-assign]
    Timer._docstra_once = True  # type: ignore[attr-defined]
