"""Keys are done one after another, each by what has the focus when its turn comes.

Textual puts a key into the queue of the widget that has the focus and looks its binding up when the key
has bubbled through the queues of all parents. SSH delivers typing in bursts, so the next letters would be
written before a Backspace between them has worked, or go to where the focus was. Here the next key waits
until the one before has passed every queue it goes through, and what it opened has the focus.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.events import Event, InputEvent, Key, Paste
from textual.keys import _character_to_key
from textual.message_pump import MessagePump
from textual.widgets import Input, TextArea

from docstra_tui.tui.driver.terminal_driver import alt_means

LONGEST = 1.0
"""Seconds that a key may take before the next one has its turn all the same, if the app had time for it."""
PART = 0.05
"""Of that time, looked at by itself."""
LATE = 0.2
"""What of a part it may end too late: then the app, or the machine, was busy with something."""
BUSY = 0.1
"""What a part counts in which the app was busy: a stopped or slow program must not spend all of the time that
a key has, for the next one would go to where the focus was."""
ROUNDS = 3
"""A key may post a message, which may move the focus, which may post another."""

Handle = Callable[[Any], Awaitable[None]]


class Patience:
    """Ends a wait when the app had `LONGEST` for it."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._part = LONGEST * PART
        self._left = LONGEST
        self._begin()

    def end(self) -> None:
        """The wait is over."""
        self._timer.cancel()

    def _begin(self) -> None:
        self._due = self._loop.time() + self._part
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        late = self._loop.time() - self._due
        self._left -= self._part * (BUSY if late > self._part * LATE else 1)
        if self._left > 0:
            self._begin()
        else:
            self._limit.reschedule(self._loop.time())


class Keyboard:
    """The keys of one app, in the order in which they came."""

    def __init__(self, app: App[Any], handle: Handle) -> None:
        self._app = app
        self._handle = handle
        """What Textual does with an input event."""
        self._waiting: deque[InputEvent | Paste] = deque()
        self._working: asyncio.Task[None] | None = None
        self._unfinished: list[asyncio.Event] = []
        """What the key that is being done still waits for."""
        self._is_held = False
        self.of_alt: frozenset[str] = frozenset()
        """Keys with Alt that mean something by themselves, wherever the focus is."""
        self.doing = ""
        """The key that is being done; empty between two."""

    @property
    def is_idle(self) -> bool:
        """True while no key is done and none waits."""
        return self._working is None and not self._waiting

    @property
    def has_more(self) -> bool:
        """True while keys that came already wait for their turn."""
        return bool(self._waiting)

    def wait_for(self, done: asyncio.Event) -> None:
        """The key that is being done is not done before this is."""
        self._unfinished.append(done)

    def hold(self) -> None:
        """Keep what is typed: nobody is there yet whom it could be for."""
        self._is_held = True

    def let_go(self) -> None:
        """Do what was typed meanwhile, and whatever comes."""
        self._is_held = False
        self._app.call_later(self._next)

    async def take(self, event: InputEvent | Paste) -> None:
        """Do `event`, or keep it until those before it are done."""
        self._waiting.append(event)
        if self._working is None:
            await self._next()

    async def _next(self) -> None:
        """In the app's own task, as Textual has it."""
        self._working, self.doing = None, ""
        while self._waiting and self._working is None and not self._is_held:
            event = self._waiting.popleft()
            if isinstance(event, Key):
                first, *rest = self._meant(event)
                self._waiting.extendleft(reversed(rest))
                event = first
                self.doing = event.key
            path = list(self._path())
            await self._handle(event)
            if _is_written(event, path[0]) and self._waiting and _is_written(self._waiting[0], path[0]):
                continue  # one queue keeps them in order
            if isinstance(event, (Key, Paste)):
                self._working = asyncio.create_task(self._wait(event, path))

    def _meant(self, key: Key) -> list[Key]:
        """Escape with letters behind it comes as Alt and a letter: that it is in a question only, where
        Escape would stop an answer."""
        if not (key.key.startswith("alt+") and key.character is not None and key.is_printable):
            return [key]
        if key.key in self.of_alt:
            return [Key(key.key, None)]
        focused, named = self._app.focused, alt_means(key.character)
        if named is not None and isinstance(focused, (Input, TextArea)):
            return [named]
        if isinstance(focused, TextArea):
            return [key]
        return [Key("escape", "\x1b"), Key(_character_to_key(key.character), key.character)]

    def _path(self) -> Iterator[MessagePump]:
        """The queues that a key goes through now."""
        try:
            node: DOMNode | None = self._app.focused or self._app.screen
        except ScreenStackError:  # the app is leaving
            node = self._app
        while node is not None:
            yield node
            node = node.parent

    async def _wait(self, event: Key | Paste, path: list[MessagePump]) -> None:
        """Until `event` is done; then the next one."""
        patience = None
        try:
            async with asyncio.timeout(None) as limit:
                patience = Patience(limit)
                await self._settle(event, path)
        except TimeoutError:
            self._unfinished.clear()
        finally:
            if patience is not None:
                patience.end()
            self._app.call_later(self._next)

    async def _settle(self, event: Key | Paste, path: list[MessagePump]) -> None:
        if event.is_forwarded:
            for node in path:
                await _passed(node)
                if event._stop_propagation:
                    break
            if event._stop_propagation and _is_written(event, path[0]):
                return  # it moves nothing
        while self._unfinished:
            await self._unfinished.pop().wait()
        for _ in range(ROUNDS):
            path = list(self._path())
            for node in path:
                await _passed(node)
            if path == list(self._path()):
                return


def _is_written(event: Event, target: MessagePump) -> bool:
    """True for a letter in a field for text."""
    return isinstance(event, Key) and event.is_printable and isinstance(target, (Input, TextArea))


async def _passed(node: MessagePump) -> None:
    """Until everything that is in the queue of `node` is done."""
    passed = asyncio.Event()
    if node.call_later(passed.set):
        await passed.wait()
