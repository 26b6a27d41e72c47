"""An answer as it is written: a live iterator of text that anyone can stop.

Knows nothing about where the text comes from: a model in this process or a server on a socket hands
it a source of events. Needs no torch.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from docstra_tui.errors import DocstraError, NoAnswer

FinishReason = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True)
class Usage:
    """Tokens of one request; None where the server did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reused_tokens: int | None = None
    """Prompt tokens that came from the cache instead of being read again."""


@dataclass(frozen=True)
class Finished:
    """The one terminal event of an answer whose writing came to an end."""

    reason: FinishReason | None
    """None where nobody knows."""
    usage: Usage = Usage()
    problem: DocstraError | None = None
    """Why what came is no whole answer all the same."""


class AnswerSource(Protocol):
    """Where an answer comes from. `next_event` runs in the reader's thread, `cancel` in any."""

    def next_event(self) -> str | Finished:
        """Block until there is text or the end. Raises what went wrong; is not called after that."""

    def cancel(self) -> None:
        """Stop writing, now. Never blocks, may be called often and late."""


class AnswerStream(Iterator[str]):
    """Pieces of text, live. `str()`, `print` and f-strings drain it and give the whole answer.

    Closing it, leaving its `with` block, or dropping it cancels the generation. What goes wrong is
    raised where it is iterated, and that an answer without text is none (`NoAnswer`); what came before
    stays in `text`. After the end the figures are filled in.
    """

    def __init__(self, source: AnswerSource, *, started: float | None = None) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._started = time.monotonic() if started is None else started
        self._first: float | None = None
        self._last: float | None = None
        self._ended = False
        self.finish_reason: FinishReason | None = None
        """`stop`, `length` or `cancelled`; None while it runs and after an error."""
        self.usage = Usage()
        """Filled in at the end."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while not self._ended:
            event: str | Finished | None = None
            try:
                event = self._source.next_event()
            finally:
                if event is None:
                    self._ended = True
                    self._source.cancel()
            if isinstance(event, Finished):
                self._ended = True
                self.finish_reason = event.reason
                self.usage = event.usage
                problem = event.problem or self._no_text()
                if problem is not None:
                    raise problem
                break
            if event:
                self._last = time.monotonic()
                if self._first is None:
                    self._first = self._last
                self._pieces.append(event)
                return event
        raise StopIteration

    def _no_text(self) -> NoAnswer | None:
        """An answer that says nothing is none, unless somebody stopped it."""
        if self.finish_reason == "cancelled" or any(piece.strip() for piece in self._pieces):
            return None
        if self.finish_reason == "length":
            return NoAnswer("The answer reached its limit before any text came.", "Allow more: --max-tokens.")
        return NoAnswer("The model ended its answer without any text.", "Ask again, or in other words.")

    @property
    def text(self) -> str:
        """What has come so far."""
        return "".join(self._pieces)

    @property
    def ended(self) -> bool:
        """True once the terminal event was read, or an error raised."""
        return self._ended

    @property
    def ttft_s(self) -> float | None:
        """Seconds from sending to the first piece; None when there was none."""
        return None if self._first is None else self._first - self._started

    @property
    def tokens_per_s(self) -> float | None:
        """`(completion_tokens - 1)` over the seconds from the first to the last piece."""
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
