"""Chat completion chunks out of a server's events: tolerant of what servers really send, within limits.

Knows nothing of sockets: it is handed decoded events and gives what an answer is made of, or an error.
"""

from __future__ import annotations

import json
from typing import Any, TypeGuard

from docstra_tui.errors import RemoteError
from docstra_tui.llm.answer import Event, Reading, Reframed, Thought, Usage
from docstra_tui.llm.http.endings import STOPS
from docstra_tui.llm.http.raw_thinking import RawThinking
from docstra_tui.llm.http.seam import Seam
from docstra_tui.llm.measure import is_count

LONGEST_ANSWER = 2_000_000
"""Characters; a server that says more is not answering a question."""

MOST_BAD_EVENTS = 5
"""Unreadable events that are skipped before it is called an error."""

THINKING = ("reasoning_content", "reasoning", "thinking")
"""Where servers put what a model says before its answer; of several the first that says something."""

DEEPEST = 4
"""Lists and objects around a text."""


class ErrorEvent(Exception):
    """The server said in the stream that it failed; `body` is what it said, as it came."""

    def __init__(self, body: Any) -> None:
        super().__init__("the server reported an error")
        self.body = body


class ChunkReader:
    """Reads one answer's events in order; `raw` takes out what is thinking in its text. Without one it is our
    own engine's, which has done so."""

    def __init__(self, raw: RawThinking | Seam | None = None) -> None:
        self._raw = raw
        self.model = ""
        """As the server names it."""
        self.answering: dict[str, str | float] = {}
        """What else it says of who answers, by names."""
        self.reason = ""
        """The server's own word for the end; empty before it."""
        self.usage = Usage()
        self.has_text = False
        """True once something was said that is not only blank."""
        self.has_thought = False
        self.has_refused = False
        self.is_telling = False
        """True where the last event held text or thinking, or said that more of the prompt is read."""
        self.failure: Any = None
        """What the server said of an answer that it could not finish."""
        self.is_done = False
        """True after `[DONE]`: nothing more is to come."""
        self._bad = 0
        self._characters = 0
        self._read = -1
        self._has_said = False
        """True once there was text, or what stood in its place and was thinking."""

    @property
    def is_complete(self) -> bool:
        """True once the server has said that the answer is over."""
        return bool(self.reason) or self.is_done

    def read(self, event: str, data: str) -> list[Event]:
        """What one event adds, often nothing. Raises `ErrorEvent`, `RemoteError`."""
        self.is_telling = False
        if not data.strip():  # some servers keep a connection alive with empty events
            return []
        if data.strip() == "[DONE]":
            self.is_done = True
            return []
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
            return []
        return self.take(chunk)

    def take(self, chunk: dict[str, Any]) -> list[Event]:
        """What a chunk adds, or a whole completion is. Raises `ErrorEvent`, `RemoteError`."""
        if is_error(chunk):
            raise ErrorEvent(chunk)
        if isinstance(chunk.get("usage"), dict):
            self.usage = usage_of(chunk["usage"])
        if isinstance(chunk.get("timings"), dict) and self.usage == Usage():
            self.usage = timed(chunk["timings"])
        if isinstance(chunk.get("model"), str):
            self.model = self.model or chunk["model"]
        self._hear_who(chunk)
        events: list[Event] = []
        reading = reading_of(chunk.get("prompt_progress"))
        if reading is not None:
            events.append(reading)
            self.is_telling = reading.done > self._read
            self._read = max(self._read, reading.done)
        if self._raw is None and chunk.get("docstra") == {"reframed": True}:
            events += self._heard([Reframed()])
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        return events + self._of_choice(choice) if isinstance(choice, dict) else events

    def _hear_who(self, chunk: dict[str, Any]) -> None:
        if self._raw is None:
            own = chunk.get("docstra")
            who = own.get("who") if isinstance(own, dict) else None
            if isinstance(who, dict):
                told = {name: said for name, said in who.items() if isinstance(said, str | int | float)}
                self.answering = {name: said for name, said in told.items() if said != ""}
        elif not self.answering:
            who = {"answered_by": self.model, "fingerprint": chunk.get("system_fingerprint")}
            self.answering = {name: said for name, said in who.items() if isinstance(said, str) and said}

    def rest(self) -> list[Event]:
        """What was held back, for nothing more comes. That is never known of an event by itself: some servers
        call each of them the last."""
        if self._raw is None:
            return []
        is_whole = self.reason.lower() in STOPS or (self.is_done and not self.reason)
        return self._heard(self._raw.flush(is_whole=is_whole))

    def _of_choice(self, choice: dict[str, Any]) -> list[Event]:
        text, thinking = self._said(choice)
        self.is_telling = self.is_telling or bool(text or thinking)
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
        events: list[Event] = []
        if thinking:
            events += self._raw.heard_apart(thinking) if self._raw is not None else []
            events += [] if isinstance(self._raw, Seam) else [Thought(thinking)]
        if text:
            events += self._raw.take(text) if self._raw is not None else [text]
        return self._heard(events)

    def _heard(self, events: list[Event]) -> list[Event]:
        for event in events:
            if isinstance(event, str):
                self.has_text = self.has_text or bool(event.strip())
            elif isinstance(event, Thought):
                self.has_thought = self.has_thought or bool(event.text.strip())
            elif isinstance(event, Reframed):
                self.has_text, self.has_thought = False, self.has_text or self.has_thought
        return events

    def _said(self, choice: dict[str, Any]) -> tuple[str, str]:
        """What a choice adds to the answer, and to the thinking before it."""
        delta, is_whole = choice.get("delta"), False
        if not isinstance(delta, dict):
            delta, is_whole = choice.get("message"), True
        if not isinstance(delta, dict):
            delta = {}
        text, thinking = _parted(delta.get("content") or choice.get("text"))
        thinking = next(filter(None, (words_in(delta.get(name)) for name in THINKING)), thinking)
        if not text and isinstance(delta.get("refusal"), str):
            text = delta["refusal"]
            self.has_refused = self.has_refused or bool(text)
        if is_whole:  # behind pieces that said it already
            text = "" if self._has_said else text
            thinking = "" if self.has_thought else thinking
        self._has_said = self._has_said or bool(text.strip())
        return text, thinking


def _parted(content: Any) -> tuple[str, str]:
    """The text and the thinking of a message's content, which may be a list of parts."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else "", ""
    text = thinking = ""
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else ""
        if kind in ("thinking", "reasoning"):
            thinking += words_in(part)
        elif kind in ("text", "output_text"):
            text += words_in(part)
    return text, thinking


def words_in(value: Any, depth: int = DEEPEST) -> str:
    """The text that somebody put into lists and objects."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list):
        return "".join(words_in(part, depth - 1) for part in value)
    if depth and isinstance(value, dict):
        names = ("text", "thinking", "reasoning", "content")
        return next(filter(None, (words_in(value.get(name), depth - 1) for name in names)), "")
    return ""


def reading_of(progress: Any) -> Reading | None:
    """How far the prompt is read, in llama.cpp's shape; None for anything else."""
    if not isinstance(progress, dict):
        return None
    total, done, cached = (_count(progress.get(name)) for name in ("total", "processed", "cache"))
    if not total or done is None or done > total:
        return None
    read, spent = done - (cached or 0), _count(progress.get("time_ms"))
    left = (total - done) * spent / read / 1000 if read > 0 and spent else None
    told = progress.get("seconds_left")  # by our engine, which knows how reading slows down
    return Reading(done, total, told if _is_duration(told) else left)


def is_error(chunk: dict[str, Any]) -> bool:
    """True for what says that the server failed, in one of the shapes in use."""
    return bool(chunk.get("error")) or chunk.get("object") == "error"


def usage_of(usage: dict[str, Any]) -> Usage:
    """OpenAI's usage; whatever is missing or odd is unknown."""
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    thinking = _count(completion.get("reasoning_tokens")) if isinstance(completion, dict) else None
    return Usage(
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        _count(prompt.get("cached_tokens")) if isinstance(prompt, dict) else None,
        thinking if thinking is not None else _count(usage.get("reasoning_tokens")),
    )


def _is_duration(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def timed(timings: dict[str, Any]) -> Usage:
    """llama-server's own figures, where it was not asked for OpenAI's."""
    new, cached = _count(timings.get("prompt_n")), _count(timings.get("cache_n"))
    prompt = None if new is None else new + (cached or 0)
    return Usage(prompt, _count(timings.get("predicted_n")), cached)


def _count(value: Any) -> int | None:
    return value if is_count(value) else None
