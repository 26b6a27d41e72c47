"""Stand-ins for slow or far things. Answers are enqueued, calls are recorded."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from docstra_tui.errors import ContextOverflow
from docstra_tui.llm.answer import (
    SILENT,
    AnswerStream,
    Event,
    Finished,
    FinishReason,
    Listener,
    Sent,
    Usage,
)
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.measure import Measure, Room
from docstra_tui.llm.messages import Prompt, as_messages
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written


@dataclass
class Scripted:
    """One enqueued answer."""

    pieces: deque[Event | Sent | BaseException]
    reason: FinishReason
    usage: Usage
    gate: threading.Semaphore | None


@dataclass(frozen=True)
class Call:
    """One request as the model received it."""

    messages: list[Message]
    max_tokens: int | None
    temperature: float | None
    think: Think | None = None
    wished: Think = "auto"
    """How much it was to think, by this request or else by its default."""
    batch: bool = False
    written: Written | None = None
    """What there was of the answer."""

    @property
    def question(self) -> str:
        """The text of the last message."""
        return self.messages[-1]["content"]


class ScriptedSource:
    """Plays one answer; with a gate, each piece (and the end) waits for one `release()`."""

    def __init__(self, script: Scripted) -> None:
        self._script = script
        self._cancelled = threading.Event()

    def next_event(self) -> Event | Sent:
        gate = self._script.gate
        while gate is not None and not self._cancelled.is_set():
            if gate.acquire(timeout=0.01):
                break
        if self._cancelled.is_set():
            return Finished("cancelled", self._script.usage)
        if not self._script.pieces:
            return Finished(self._script.reason, self._script.usage)
        piece = self._script.pieces.popleft()
        if isinstance(piece, BaseException):
            raise piece
        return piece

    def cancel(self) -> None:
        self._cancelled.set()


class FakeLLM(BaseLLM):
    """A model that says what was enqueued; a token is a word.

    `enqueue("Hello ", "world")`, `enqueue("part", EngineDied("gone"))`, `enqueue(ContextOverflow(…))`
    (raised at once, where nothing came before it). `gate=threading.Semaphore(0)` holds every piece
    back until the test calls `gate.release()`.
    """

    def __init__(self, *answers: str, window: int | None = 8192, exact: bool = True) -> None:
        super().__init__("fake")
        self.calls: list[Call] = []
        self.closed = False
        self._window = window
        self.exact = exact
        self.woken = 0
        self.room: Room | None = None
        """What the memory that is free holds."""
        self._answers: deque[Scripted] = deque()
        for answer in answers:
            self.enqueue(answer)

    def enqueue(
        self,
        *pieces: Event | Sent | BaseException,
        reason: FinishReason = "stop",
        usage: Usage | None = None,
        gate: threading.Semaphore | None = None,
    ) -> None:
        """Say this next. A last piece that is an exception is raised after those before it."""
        count = sum(isinstance(piece, str) for piece in pieces)
        self._answers.append(Scripted(deque(pieces), reason, usage or Usage(None, count, 0), gate))

    def stream(
        self,
        prompt: Prompt,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stable: int = 0,
        think: Think | None = None,
        batch: bool = False,
        written: Written | None = None,
        listener: Listener = SILENT,
    ) -> AnswerStream:
        messages = as_messages(prompt)
        wished = self.think if think is None else think
        self.calls.append(Call(messages, max_tokens, temperature, think, wished, batch, written))
        script = self._answers.popleft() if self._answers else Scripted(deque(), "stop", Usage(), None)
        if script.pieces and isinstance(script.pieces[0], ContextOverflow):
            raise script.pieces[0]
        return AnswerStream(ScriptedSource(script), written=written, listener=listener)

    def count_tokens(self, prompt: Prompt) -> int:
        return sum(len(message["content"].split()) for message in as_messages(prompt))

    def measure(self, prompt: Prompt) -> Measure:
        room = self.room
        if room is not None and room.compact is not None and self.kv_cache == "int8":
            room = Room(room.compact, None, room.on_gpu)
        return Measure(self.count_tokens(prompt), None, room=room)

    def wake(self) -> None:
        self.woken += 1

    @property
    def window(self) -> int | None:
        return self._window

    @property
    def counts_exactly(self) -> bool:
        return self.exact

    def close(self) -> None:
        self.closed = True


def words(text: str) -> Iterable[str]:
    """`text` in pieces as a model writes it: each word with the space behind it."""
    for word in text.split(" "):
        yield word + " "
