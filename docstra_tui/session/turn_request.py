"""A turn that somebody asked for: what is sent, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docstra_tui.llm.items import ContextItem


@dataclass(frozen=True)
class TurnRequest:
    """From the moment it is asked for until its turn runs."""

    task: str
    """The template's name."""
    shown: str
    """The question as the conversation shows it."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The template's values."""
    focus: tuple[ContextItem, ...] = ()
    """Items that it is about, whether or not they are ticked."""
