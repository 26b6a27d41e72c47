"""An answer as it is written: a live iterator of text that anyone can stop.

Knows nothing about where the text comes from: a model in this process or a server on a socket hands
it a source of events. Needs no torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from docstra_tui.errors import DocstraError, NoAnswer
from docstra_tui.llm.written import Written

FinishReason = Literal["stop", "length", "filtered", "failed", "cancelled"]
"""`filtered`: somebody kept the rest of it back; `failed`: the server said that it could not go on."""


@dataclass(frozen=True)
class Usage:
    """Tokens of one request; None where the server did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reused_tokens: int | None = None
    """Prompt tokens that came from the cache instead of being read again."""
    thinking_tokens: int | None = None
    """Those of `completion_tokens` that are no answer."""


@dataclass(frozen=True)
class Thought:
    """A piece of what the model thinks before it answers; never part of the answer."""

    text: str


@dataclass(frozen=True)
class Reframed:
    """All the text so far was thinking: its end came without a beginning."""


Setting = str | int | float | bool | None
Settings = Mapping[str, Setting]
"""What a request says beside its words, and who answers, by name; nothing secret is among it."""


@dataclass(frozen=True)
class Sent:
    """The request went out as these say; once more where it was asked in another way, or more is known."""

    settings: Settings


@dataclass(frozen=True)
class Reading:
    """How far the prompt is read, in tokens."""

    done: int
    """Those that came from the cache among them."""
    total: int
    seconds_left: float | None = None
    """An estimate; None where there is none yet."""


@dataclass(frozen=True)
class Finished:
    """The one terminal event of an answer whose writing came to an end."""

    reason: FinishReason | None
    """None where nobody knows."""
    usage: Usage = Usage()
    problem: DocstraError | None = None
    """Why what came is no whole answer all the same."""


Event = str | Thought | Reframed | Reading | Finished
"""What an answer is made of; a `Finished` is the last."""


@dataclass(frozen=True)
class Listener:
    """Who hears what of an answer is no text of it; called in the thread that iterates the answer."""

    on_thinking: Callable[[str], None] | None = None
    """A piece of thinking came."""
    on_reframed: Callable[[], None] | None = None
    """All pieces of text so far were thinking, and moved there."""
    on_reading: Callable[[Reading], None] | None = None
    """More of the prompt is read."""
    on_sent: Callable[[Settings], None] | None = None
    """The request went out so."""


SILENT = Listener()


class AnswerSource(Protocol):
    """Where an answer comes from. `next_event` runs in the reader's thread, `cancel` in any."""

    def next_event(self) -> Event | Sent:
        """Block until there is something to tell, or the end. Raises what went wrong; is not called after
        either."""

    def cancel(self) -> None:
        """Stop writing, now. Never blocks, may be called often and late."""


class AnswerStream(Iterator[str]):
    """Pieces of text, live. `str()`, `print` and f-strings drain it and give the whole answer.

    Closing it, leaving its `with` block, or dropping it cancels the generation. What goes wrong is
    raised where it is iterated, and that an answer without text is none (`NoAnswer`); what came before
    stays in `text` and `thinking`. After the end the figures are filled in.
    """

    def __init__(
        self,
        source: AnswerSource,
        *,
        started: float | None = None,
        written: Written | None = None,
        listener: Listener = SILENT,
    ) -> None:
        """`written` is what there is of the answer already: only what follows it comes."""
        self._source = source
        self._has_begun = written is not None and not written.is_thinking
        self._listener = listener
        self._pieces: list[str] = []
        self._thoughts: list[str] = []
        self._started = time.monotonic() if started is None else started
        self._first: float | None = None
        self._last: float | None = None
        self._first_thought: float | None = None
        self._thought_end: float | None = None
        self._ended = False
        self.finish_reason: FinishReason | None = None
        """None while it runs and after an error that nobody gave a word for."""
        self.usage = Usage()
        """Filled in at the end."""
        self.reading: Reading | None = None
        """How far the prompt is read; None where nobody told."""
        self.settings: Settings | None = None
        """Those that went out with the request, and who answers, as far as that is told; None before it is on
        its way, and for a model in this process."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while not self._ended:
            event: Event | Sent | None = None
            try:
                event = self._source.next_event()
            finally:
                if event is None:
                    self._ended = True
                    self._source.cancel()
            if isinstance(event, Finished):
                self._end(event)
            elif isinstance(event, str):
                if event:
                    self._mark_time()
                    self._pieces.append(event)
                    return event
            else:
                self._hear(event)
        raise StopIteration

    def _end(self, end: Finished) -> None:
        self._ended = True
        self.finish_reason = end.reason
        self.usage = end.usage
        problem = end.problem or self._no_text()
        if problem is not None:
            raise problem

    def _hear(self, event: Thought | Reframed | Reading | Sent) -> None:
        """What is no text of the answer."""
        listener = self._listener
        if isinstance(event, Thought):
            if event.text:
                self._thought_end = self._mark_time()
                if self._first_thought is None:
                    self._first_thought = self._thought_end
                self._thoughts.append(event.text)
                if listener.on_thinking is not None:
                    listener.on_thinking(event.text)
        elif isinstance(event, Reframed):
            if self._pieces:
                self._first_thought, self._thought_end = self._first, self._last
                self._thoughts += self._pieces
                self._pieces = []
                if listener.on_reframed is not None:
                    listener.on_reframed()
        elif isinstance(event, Sent):
            self.settings = event.settings
            if listener.on_sent is not None:
                listener.on_sent(event.settings)
        else:
            self.reading = event
            if listener.on_reading is not None:
                listener.on_reading(event)

    def _mark_time(self) -> float:
        self._last = time.monotonic()
        if self._first is None:
            self._first = self._last
        return self._last

    def _no_text(self) -> NoAnswer | None:
        """An answer that says nothing is none, unless somebody stopped it, or there was some of it before."""
        has_text = self._has_begun or any(piece.strip() for piece in self._pieces)
        if self.finish_reason == "cancelled" or has_text:
            return None
        has_thought = any(piece.strip() for piece in self._thoughts)
        if self.finish_reason == "length" and has_thought:
            return NoAnswer(
                "The model used its whole budget for thinking; no answer came.",
                "Raise --max-tokens or turn thinking off.",
            )
        if self.finish_reason == "length":
            return NoAnswer("The answer reached its limit before any text came.", "Allow more: --max-tokens.")
        if has_thought:
            return NoAnswer("The model only thought; no answer came.", "Ask again.")
        return NoAnswer("The model ended its answer without any text.", "Ask again, or in other words.")

    @property
    def text(self) -> str:
        """What has come of the answer so far."""
        return "".join(self._pieces)

    @property
    def thinking(self) -> str:
        """What the model has thought so far; stays after an error. Empty where it does not think."""
        return "".join(self._thoughts)

    @property
    def thinking_s(self) -> float | None:
        """Seconds from the first thought to the last; None without any."""
        if self._first_thought is None or self._thought_end is None:
            return None
        return self._thought_end - self._first_thought

    @property
    def ended(self) -> bool:
        """True once the terminal event was read, or an error raised."""
        return self._ended

    @property
    def ttft_s(self) -> float | None:
        """Seconds from sending to the first piece, a thought or text; None when there was none."""
        return None if self._first is None else self._first - self._started

    @property
    def tokens_per_s(self) -> float | None:
        """`(completion_tokens - 1)` over the seconds from the first to the last piece, thoughts included."""
        tokens = self.usage.completion_tokens
        if tokens is None or tokens < 2 or self._first is None or self._last is None:
            return None
        seconds = self._last - self._first
        return (tokens - 1) / seconds if seconds > 0 else None

    def cancel(self) -> None:
        """Ask the generation to stop; the pieces already written can still be read. Any thread."""
        self._source.cancel()

    def close(self) -> None:
        """Cancel, and read no further."""
        self._source.cancel()
        if not self._ended:
            self._ended = True
            self.finish_reason = "cancelled"

    def __enter__(self) -> AnswerStream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_ended", True):
            self._source.cancel()

    def __str__(self) -> str:
        for _ in self:
            pass
        return self.text

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __repr__(self) -> str:
        state = self.finish_reason or ("failed" if self._ended else "running")
        return f"<AnswerStream {state}, {len(self.text)} characters>"
