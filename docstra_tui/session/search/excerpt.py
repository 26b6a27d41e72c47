"""Of a line what is worth showing."""

from __future__ import annotations

LONGEST = 240
BEFORE = 60
"""Characters in front of what was looked for, where the line is longer."""


def excerpt(line: str, at: int) -> str:
    """The line; of a longer one what is around `at`, with … for the rest."""
    if len(line) <= LONGEST:
        return line
    start = max(0, min(at - BEFORE, len(line) - LONGEST))
    end = start + LONGEST
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")
