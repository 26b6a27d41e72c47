"""A prompt for people: its exact text in the part that is reused and the part that is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.llm.prompt import Message


@dataclass(frozen=True)
class PromptShown:
    """What the next question would send."""

    cached_text: str
    """As the model reads it, control tokens included; not yet safe to show."""
    new_text: str
    budget: Budget
    why: str
    """The first place where it is new, and why; empty where only what was added is. Not yet safe to show."""


def as_text(messages: Sequence[Message]) -> str:
    """The messages where nobody tells how the model's template puts them."""
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)
