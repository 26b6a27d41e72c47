"""Chat completion chunks out of a server's events: tolerant of what servers really send, within limits.

Knows nothing of sockets: it is handed decoded events and gives text, the end, or an error.
"""

from __future__ import annotations

import json
from typing import Any

from docstra_tui.errors import RemoteError
from docstra_tui.llm.answer import Usage

LONGEST_ANSWER = 2_000_000
"""Characters; a server that says more is not answering a question."""

MOST_BAD_EVENTS = 5
"""Unreadable events that are skipped before it is called an error."""


THINKING = ("reasoning_content", "reasoning")
"""Where servers put what a model says before its answer."""


class ErrorEvent(Exception):
    """The server said in the stream that it failed; `body` is what it said, as it came."""

    def __init__(self, body: Any) -> None:
        super().__init__("the server reported an error")
        self.body = body


class ChunkReader:
    """Reads one answer's events in order."""

    def __init__(self) -> None:
        self.reason = ""
        """The server's own word for the end; empty before it."""
        self.usage = Usage()
        self.has_text = False
        """True once something was said that is not only blank."""
        self.has_thought = False
        self.has_refused = False
        self.is_telling = False
        """True where the last event held text or thinking."""
        self.failure: Any = None
        """What the server said of an answer that it could not finish."""
        self.is_done = False
        """True after `[DONE]`: nothing more is to come."""
        self._bad = 0
        self._characters = 0

    @property
    def is_complete(self) -> bool:
        """True once the server has said that the answer is over."""
        return bool(self.reason) or self.is_done

    def read(self, event: str, data: str) -> str:
        """The text of one event, often none. Raises `ErrorEvent`, `RemoteError`."""
        self.is_telling = False
        if not data.strip():  # some servers keep a connection alive with empty events
            return ""
        if data.strip() == "[DONE]":
            self.is_done = True
            return ""
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
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
        return self.take(chunk)

    def take(self, chunk: dict[str, Any]) -> str:
        """The text of a chunk, or of a whole completion. Raises `ErrorEvent`, `RemoteError`."""
        if is_error(chunk):
            raise ErrorEvent(chunk)
        if isinstance(chunk.get("usage"), dict):
            self.usage = usage_of(chunk["usage"])
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return ""
        text, thinking = self._said(choice)
        self.is_telling = bool(text or thinking)
        self.has_text = self.has_text or bool(text.strip())
        self.has_thought = self.has_thought or bool(thinking.strip())
        if choice.get("finish_reason"):
            self.reason = str(choice["finish_reason"])
        if choice.get("error"):
            self.failure = choice
        self._characters += len(text) + len(thinking)
        if self._characters > LONGEST_ANSWER:
            raise RemoteError(
                f"The answer has more than {LONGEST_ANSWER:,} characters and was stopped.",
                "Ask for less, or lower max_tokens.",
            )
        return text

    def _said(self, choice: dict[str, Any]) -> tuple[str, str]:
        """What a choice adds to the answer, and to the thinking before it."""
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            whole = choice.get("message")
            delta = whole if isinstance(whole, dict) and not self.has_text else {}
        text = delta.get("content") or choice.get("text")
        thinking = next((delta[name] for name in THINKING if isinstance(delta.get(name), str)), "")
        if isinstance(text, list):
            parts = [part for part in text if isinstance(part, dict)]
            thinking += "".join(str(part) for part in parts if part.get("type") == "thinking")
            text = "".join(str(part.get("text", "")) for part in parts if part.get("type") == "text")
        if not text and isinstance(delta.get("refusal"), str):
            text = delta["refusal"]
            self.has_refused = self.has_refused or bool(text)
        return text if isinstance(text, str) else "", thinking


def is_error(chunk: dict[str, Any]) -> bool:
    """True for what says that the server failed, in one of the shapes in use."""
    return bool(chunk.get("error")) or chunk.get("object") == "error"


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
