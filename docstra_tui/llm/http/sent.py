"""What of a request is worth keeping beside its words: read from its body, as that goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docstra_tui.llm.answer import Setting
from docstra_tui.llm.http.manners import INSTEAD, thinking
from docstra_tui.llm.thinking.wish import Think

UNTOLD = frozenset(
    (
        *("messages", "stream", "stream_options", "return_progress", "docstra"),
        *("continue_final_message", "add_generation_prompt"),
    )
)
"""Words, how the answer comes, what only our own engine reads, and that an answer is gone on with."""

MOST = 60
"""Settings of one request."""


def settings_of(
    body: Mapping[str, Any], think: Think, server: str, quote: Callable[[str], str]
) -> dict[str, Setting]:
    """By their names in the request, those that stand in others behind a dot: without what was left out since
    the server refused it. `think` is the wish that its fields stand for; `server` is empty for our engine. A
    model is named as a server listed it: all words pass `quote`."""
    own = body.get("docstra")
    extras: Mapping[str, Any] = own if isinstance(own, dict) else {}
    told: dict[str, Setting] = {"server": server} if server else {}
    other = {new: old for old, new in INSTEAD.items()}
    for name, value in body.items():
        if name not in UNTOLD:
            told |= dict(_flat(other.get(name, name), value, quote))
    is_wished = any(name in body for name in thinking(think, is_llama_server=True))
    told["think"] = (think if is_wished else "auto") if server else extras.get("think", "auto")
    if not server:
        told["kv_cache"] = "int8" if extras.get("compact") else "full"
    return dict(list(told.items())[:MOST])


def _flat(name: str, value: Any, quote: Callable[[str], str]) -> Iterator[tuple[str, Setting]]:
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _flat(f"{name}.{inner}", one, quote)
    elif value is None or isinstance(value, str | int | float | bool):
        yield name, quote(value) if isinstance(value, str) else value
