"""A prompt that does not fit, in the words of many servers: how long it is, and how long it may be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from docstra_tui.llm.measure import is_size

KINDS = ("exceed_context_size_error", "context_length_exceeded")
"""How servers mark this error, whatever else they say."""

LIMITS = (
    r"context (?:length|size|window)(?: is| of)?(?: only)? \(?(\d+)",
    r"(\d+) maximum context length",
    r"must have less than (\d+) tokens",
    r"must be <= (\d+)",
    r"tokens > (\d+) maximum",
)
PROMPTS = (
    r"(?:request|input|prompt) \((\d+) tokens\)",
    r"(\d+) (?:tokens )?(?:in|from) the (?:input )?messages",
    r"request has (\d+) input tokens",
    r"contains (?:at least )?(\d+) (?:input |prompt )?tokens",
    r"messages resulted in (\d+) tokens",
    r"keep the first (\d+) tokens",
    r"too long: (\d+) tokens",
    r"Given: (\d+)",
)

LONGEST_LOOK = 6000
"""Characters of a server's words."""

LONGEST_NUMBER = 15


@dataclass(frozen=True)
class Overflow:
    """What a server said of a prompt and its window."""

    limit: int
    prompt: int | None
    """Tokens; None where it did not say."""


def find(body: Any, words: str) -> Overflow | None:
    """An error's body and its words as such an error; None for any other."""
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else body if isinstance(body, dict) else {}
    if any(error.get(name) in KINDS for name in ("type", "code")):
        window, prompt = error.get("n_ctx"), error.get("n_prompt_tokens")
        if is_size(window):
            return Overflow(window, prompt if is_size(prompt) else None)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", words[:LONGEST_LOOK])
    limit = _first(LIMITS, text)
    return None if not limit else Overflow(limit, _first(PROMPTS, text))


def find_in(content: bytes, words: str) -> Overflow | None:
    """`find` for a body as it came."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    return find(body, words)


def _first(patterns: tuple[str, ...], text: str) -> int | None:
    found = (re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
    return next((int(match[1][:LONGEST_NUMBER]) for match in found if match is not None), None)
