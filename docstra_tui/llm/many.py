"""Many questions at once: several of them on their way, and each answer as it ends.

    for answered in Many(llm, ["What is a lock?", "What is a semaphore?"]):
        print(answered.index, answered.text)

Whoever answers may put those that are on their way together; a server that cannot has a queue.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from docstra_tui import background
from docstra_tui.error_forms import from_wire, to_wire
from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import AnswerStream
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.messages import Prompt
from docstra_tui.llm.prompt import Conversation
from docstra_tui.llm.thinking.wish import Think

IN_FLIGHT = 6
"""Questions on their way at once: enough for an engine to put together, and no crowd for anybody else's."""


@dataclass(frozen=True)
class Answered:
    """How one of many questions ended."""

    index: int
    """Which of the questions it was, from 0."""
    stream: AnswerStream | None
    """The answer, read to its end; None where there is not even the beginning of one."""
    error: DocstraError | None = None
    """Why it is no whole answer; None also where it was cancelled."""

    @property
    def text(self) -> str:
        """What came of the answer."""
        return self.stream.text if self.stream is not None else ""

    @property
    def is_whole(self) -> bool:
        """False for what failed or was cancelled."""
        return self.error is None and self.stream is not None and self.stream.finish_reason != "cancelled"


class Many:
    """Asks, and gives each answer when it ends: in no order that is known before.

    `questions` are prompts as `generate` takes them; up to `in_flight` are on their way at once. `max_tokens`
    and `think` are for each of them; None is the model's own.

    Iterated in one thread; `cancel` is for any. Nothing is raised: what went wrong with one is its
    `Answered.error` and ends no other; whoever sees one that will meet all of them says so with `cancel`.
    """

    def __init__(
        self,
        llm: BaseLLM,
        questions: Sequence[Prompt | Conversation],
        *,
        in_flight: int = IN_FLIGHT,
        max_tokens: int | None = None,
        think: Think | None = None,
    ) -> None:
        self._llm = llm
        self._questions = questions
        self._in_flight = max(1, in_flight)
        self._max_tokens = max_tokens
        self._think = think
        self._ended: queue.SimpleQueue[Answered] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._next = 0
        self._running: dict[int, AnswerStream] = {}
        self._is_cancelled = False

    def __iter__(self) -> Iterator[Answered]:
        """Those that were asked, each once: all, unless somebody cancels. Leaving it cancels the rest."""
        asked = ended = 0
        try:
            while True:
                while asked - ended < self._in_flight and (index := self._take()) is not None:
                    asked += 1
                    self._ask(index)
                if asked == ended:
                    return
                answered = self._ended.get()
                ended += 1
                yield answered
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Ask nothing more, and stop what is being answered. Never blocks."""
        with self._lock:
            self._is_cancelled = True
            running = list(self._running.values())
        for stream in running:
            stream.cancel()

    def _take(self) -> int | None:
        with self._lock:
            if self._is_cancelled or self._next == len(self._questions):
                return None
            self._next += 1
            return self._next - 1

    def _ask(self, index: int) -> None:
        """Have a thread of its own read the answer to its end, whatever that is."""
        reading = background.begin(lambda: self._read(index), "one of many")
        reading.add_done_callback(lambda done: self._end(index, done))

    def _read(self, index: int) -> None:
        question = self._questions[index]
        if isinstance(question, Conversation):
            prompt: Prompt = question.messages
            stable = question.stable
        else:
            prompt, stable = question, 0
        stream = self._llm.stream(
            prompt, max_tokens=self._max_tokens, stable=stable, think=self._think, batch=True
        )
        with self._lock:
            self._running[index] = stream
            is_cancelled = self._is_cancelled
        if is_cancelled:
            stream.cancel()
        for _ in stream:
            pass

    def _end(self, index: int, done: Future[None]) -> None:
        with self._lock:
            stream = self._running.pop(index, None)
        error = done.exception()
        if error is not None and not isinstance(error, DocstraError):
            error = from_wire(to_wire(error))
        self._ended.put(Answered(index, stream, error))
