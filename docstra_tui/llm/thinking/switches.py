"""The variables and words by which chat templates let thinking be switched.

Which of them a template has, a trial finds out: this table only says what is worth trying, best first.
"""

from __future__ import annotations

from dataclasses import dataclass

Value = bool | int | str


@dataclass(frozen=True)
class Variable:
    """One name, and the values that mean off and on; of words only those that a template itself writes."""

    name: str
    off: tuple[Value, ...]
    on: tuple[Value, ...]


EFFORT = "reasoning_effort"
"""The one that also says how hard to think."""

VARIABLES = (
    Variable("enable_thinking", (False,), (True,)),
    Variable("thinking", (False,), (True,)),
    Variable("thinking_mode", ("disabled", "chat", "off"), ("enabled", "thinking", "on")),
    Variable(EFFORT, ("none", "no_think", "minimal"), ("high", "medium")),
    Variable("reasoning_strength", ("none", "off"), ("high", "medium")),
    Variable("thinking_budget", (0,), (-1,)),
)

WORDS = (("/no_think", "/think"),)
"""Off and on, said behind the system text."""
