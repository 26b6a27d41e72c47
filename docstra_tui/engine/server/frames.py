"""What goes out: JSON, and an answer in OpenAI's shapes, whole or event by event."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from docstra_tui.error_forms import to_wire
from docstra_tui.llm.answer import Reading, Usage

END = b"data: [DONE]\n\n"
"""What follows an answer's last event."""


class Frames:
    """One answer's frames: each says the same of where it comes from."""

    def __init__(self, model_name: str, kind: str) -> None:
        """`kind` is `chat.completion` or `chat.completion.chunk`."""
        self._frame: dict[str, Any] = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": kind,
            "created": int(time.time()),
            "model": model_name,
            "choices": [],
        }
        self._began: tuple[float, int] | None = None
        """When reading the prompt began, and how much of it was cached."""

    def whole(self, text: str, thinking: str, reason: str | None, usage: Usage) -> Response:
        """The answer to who did not want it streamed."""
        message = {"role": "assistant", "content": text}
        if thinking:
            message["reasoning_content"] = thinking
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        return as_json(self._frame | {"choices": [choice], "usage": _spelt(usage)})

    def chunk(self, delta: dict[str, str], reason: str | None = None) -> bytes:
        """A piece of it, or with a reason its end."""
        self._frame["choices"] = [{"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}]
        return _event(self._frame)

    def reading(self, reading: Reading) -> bytes:
        """How far the prompt is read, as llama.cpp says it; `seconds_left` is ours."""
        now = time.monotonic()
        self._began = self._began or (now, reading.done)
        since, cached = self._began
        progress: dict[str, Any] = {
            "total": reading.total,
            "cache": cached,
            "processed": reading.done,
            "time_ms": round(1000 * (now - since)),
        }
        if reading.seconds_left is not None:
            progress["seconds_left"] = round(reading.seconds_left, 3)
        return self._aside({"prompt_progress": progress})

    def reframed(self) -> bytes:
        """All the text so far was thinking: only our own client has a word for that."""
        return self._aside({"docstra": {"reframed": True}})

    def who(self, facts: Mapping[str, str | float]) -> bytes:
        """Who answers, and on what."""
        return self._aside({"docstra": {"who": facts}})

    def _aside(self, said: dict[str, Any]) -> bytes:
        """A chunk without a piece of the answer."""
        choice = {"index": 0, "delta": {}, "finish_reason": None, "logprobs": None}
        return _event(self._frame | {"choices": [choice]} | said)

    def usage(self, usage: Usage) -> bytes:
        """Its tokens, for who wanted them."""
        return _event(self._frame | {"choices": [], "usage": _spelt(usage)})

    @staticmethod
    def error(error: BaseException) -> bytes:
        """How it ended instead."""
        return _event({"error": to_wire(error)})


def as_json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _event(value: Any) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def _spelt(usage: Usage) -> dict[str, Any]:
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    spelt: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.reused_tokens or 0},
    }
    if usage.thinking_tokens is not None:
        spelt["completion_tokens_details"] = {"reasoning_tokens": usage.thinking_tokens}
    return spelt
