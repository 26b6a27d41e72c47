"""The two apps that are compared, in a process of their own on a terminal of their own.

`python -m benchmarks.drawing_app ours|stock TOKENS RATE [TURNS]` streams the text through a view that
fills the screen and reports to file descriptor 3: a line `start`, then one of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Markdown

from benchmarks.drawing_text import pieces
from docstra_tui import themes
from docstra_tui.tui.theming.colours import textual_theme
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.view import TranscriptView

REPORT = 3
LAG_SECONDS = 0.05


def _cpu() -> float:
    """Seconds of this process, and of those that it started and that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, kinds))


class Streaming(App[None]):
    """Streams the text at a rate; the subclasses say through what."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, tokens: int, rate: float) -> None:
        super().__init__()
        for spec in themes.load_all()[0].values():
            self.register_theme(textual_theme(spec))
        self.theme = "lamp"
        self._pieces = pieces(tokens)
        self._rate = rate
        self._lag = 0.0
        self._waiting_keys: list[float] = []
        self._key_seconds: list[float] = []

    def on_mount(self) -> None:
        self.run_worker(self._stream())

    async def begin(self) -> None:
        """Before the first piece."""

    async def give(self, piece: str) -> None:
        """One piece."""

    async def end(self) -> None:
        """After the last piece."""

    async def ended(self) -> None:
        """When everything is drawn."""

    def opened(self) -> dict[str, Any]:
        """Figures from before the stream."""
        return {}

    async def _stream(self) -> None:
        await self.begin()
        await asyncio.sleep(0.5)
        watch = asyncio.create_task(self._watch())
        os.write(REPORT, b"start\n")
        start, cpu = time.monotonic(), _cpu()
        for number, piece in enumerate(self._pieces):
            wait = start + number / self._rate - time.monotonic()
            if wait > 0.001:
                await asyncio.sleep(wait)
            await self.give(piece)
        await self.end()
        await asyncio.sleep(0.3)
        watch.cancel()
        await self.ended()
        report = {
            "cpu_s": _cpu() - cpu,
            "wall_s": time.monotonic() - start,
            "lag_s": self._lag,
            "keys_s": self._key_seconds,
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            **self.opened(),
        }
        os.write(REPORT, json.dumps(report).encode() + b"\n")
        self.exit()

    async def _watch(self) -> None:
        """How late the event loop comes back to a sleeper."""
        while True:
            due = time.monotonic() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag = max(self._lag, time.monotonic() - due)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and event.time not in self._waiting_keys:
            self._waiting_keys.append(event.time)
        await super().on_event(event)

    def post_display_hook(self) -> None:
        now = time.monotonic()
        self._key_seconds += [now - pressed for pressed in self._waiting_keys]
        self._waiting_keys.clear()


class Ours(Streaming):
    """This project's view."""

    CSS = "TranscriptView { height: 1fr; }"

    def __init__(self, tokens: int, rate: float, turns: int) -> None:
        super().__init__(tokens, rate)
        self._turns = turns
        self._open_s = 0.0

    def compose(self) -> ComposeResult:
        yield TranscriptView()

    async def begin(self) -> None:
        view = self.query_one(TranscriptView)
        view.focus()
        if self._turns:
            answer = "".join(pieces(300))
            start = time.monotonic()
            view.load([ShownTurn(f"Question {n}?", f"{n}. {answer}") for n in range(self._turns)])
            self._open_s = time.monotonic() - start
        view.begin_turn("How does the client retry?")

    async def give(self, piece: str) -> None:
        self.query_one(TranscriptView).append(piece)

    async def end(self) -> None:
        self.query_one(TranscriptView).end_turn(TurnEnding())

    async def ended(self) -> None:
        self.query_one(TranscriptView).colours.close()  # what coloured the code is counted once it has ended

    def opened(self) -> dict[str, Any]:
        return {"open_s": self._open_s}


class Stock(Streaming):
    """Textual's own Markdown widget with its stream, followed at its end."""

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Markdown()

    async def begin(self) -> None:
        self.query_one(VerticalScroll).anchor()
        self._markdown_stream = Markdown.get_stream(self.query_one(Markdown))

    async def give(self, piece: str) -> None:
        await self._markdown_stream.write(piece)

    async def end(self) -> None:
        await self._markdown_stream.stop()


def main() -> None:
    """Run one app to its end."""
    name, tokens, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    turns = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    app: Streaming = Ours(tokens, rate, turns) if name == "ours" else Stock(tokens, rate)
    app.run()


if __name__ == "__main__":
    main()
