"""Chat completion chunks out of a server's events: tolerant of what servers really send, within limits.

Knows nothing of sockets: it is handed decoded events and gives text, the end, or an error.
"""

from __future__ import annotations

import json
from typing import Any, cast

from docstra_tui.errors import RemoteError
from docstra_tui.llm.answer import Finished, FinishReason, Usage

LARGEST_EVENT = 1024 * 1024
"""Bytes of one event; httpx2's EventSource enforces it."""

LONGEST_ANSWER = 2_000_000
"""Characters; a server that says more is not answering a question."""

MOST_BAD_EVENTS = 5
"""Unreadable events that are skipped before it is called an error."""


class ErrorEvent(Exception):
    """The server said in the stream that it failed; `body` is what it said, as it came."""

    def __init__(self, body: Any) -> None:
        super().__init__("the server reported an error")
        self.body = body


class ChunkReader:
    """Reads one answer's events in order."""

    def __init__(self) -> None:
        self._reason: FinishReason | None = None
        self._usage = Usage()
        self._bad = 0
        self._characters = 0
        self.is_done = False
        """True after `[DONE]`: nothing more is to come."""

    def read(self, event: str, data: str) -> str:
        """The text of one event, often none. Raises `ErrorEvent`, `RemoteError`."""
        if data.strip() == "[DONE]":
            self.is_done = True
            return ""
        try:
            chunk = json.loads(data)
        except ValueError:
            chunk = None
        if event == "error":
            raise ErrorEvent(chunk if chunk is not None else data)
        if not isinstance(chunk, dict):
            self._bad += 1
            if self._bad > MOST_BAD_EVENTS:
                raise RemoteError(
                    f"The server sent {self._bad} events that cannot be read.",
                    "Is it an OpenAI-compatible server?",
                )
            return ""
        if chunk.get("error"):
            raise ErrorEvent(chunk)
        return self.take(chunk, "delta")

    def take(self, chunk: dict[str, Any], part: str) -> str:
        """The text of a chunk (`part` is `delta`) or of a whole completion (`message`)."""
        if isinstance(chunk.get("usage"), dict):
            self._usage = usage_of(chunk["usage"])
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return ""
        if choice.get("finish_reason"):
            self._reason = reason_of(choice["finish_reason"])
        delta = choice.get(part)
        text = delta.get("content") if isinstance(delta, dict) else None
        if not isinstance(text, str):
            return ""
        self._characters += len(text)
        if self._characters > LONGEST_ANSWER:
            raise RemoteError(
                f"The answer has more than {LONGEST_ANSWER:,} characters and was stopped.",
                "Ask for less, or lower max_tokens.",
            )
        return text

    def end(self) -> Finished | None:
        """The terminal event once the server has said that the answer is complete, else None."""
        if self._reason is None and not self.is_done:
            return None
        return Finished(self._reason or "stop", self._usage)


def reason_of(reason: Any) -> FinishReason:
    """Our three words for the many that servers use; unknown ones mean a proper stop."""
    known = {"length": "length", "max_tokens": "length", "cancelled": "cancelled", "abort": "cancelled"}
    return cast(FinishReason, known.get(str(reason), "stop"))


def usage_of(usage: dict[str, Any]) -> Usage:
    """OpenAI's usage; whatever is missing or odd is unknown."""
    details = usage.get("prompt_tokens_details")
    return Usage(
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        _count(details.get("cached_tokens")) if isinstance(details, dict) else None,
    )


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
