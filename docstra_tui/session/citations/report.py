"""Citations in words: a mark for each, a line for all of them, and what a program reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from docstra_tui.figures import count
from docstra_tui.session.citations.citation import Citation, Status
from docstra_tui.text import sanitize_line, shown_name

MARKS: Mapping[Status, str] = {
    "found": "✓",
    "repaired": "✓",
    "moved": "→",
    "missing": "✗",
    "ambiguous": "?",
    "changed": "?",
    "unchecked": "?",
}

_COUNTED: Mapping[Status, str] = {
    "found": "✓",
    "repaired": "✓",
    "moved": "moved",
    "changed": "changed since",
    "ambiguous": "ambiguous",
    "unchecked": "not checked",
    "missing": "✗ not found",
}
"""What stands behind a number in the line for all, in its order."""

WIDEST = 60
"""Characters of a quote in its row."""


def tally(citations: Sequence[Citation]) -> str:
    """`9 references: 7 ✓, 1 moved, 1 ✗ not found`; empty where there is none."""
    if not citations:
        return ""
    counts = Counter(_COUNTED[citation.status] for citation in citations)
    parts = [f"{counts[words]:,} {words}" for words in dict.fromkeys(_COUNTED.values()) if counts[words]]
    return f"{count(len(citations), 'reference')}: {', '.join(parts)}"


def place(citation: Citation) -> str:
    """`src/a.py:3-9`, safe to show; empty where no file is known."""
    if citation.path is None:
        return ""  # the line is only what the answer names, of a file that was not sent
    return shown_name(citation.path) + lines(citation)


def lines(citation: Citation) -> str:
    """`:3-9`, what stands behind its path; empty where no line is known."""
    first, last = citation.line, citation.end_line
    if first is None:
        return ""
    return f":{first}" if last in (None, first) else f":{first}-{last}"


def row(citation: Citation) -> str:
    """One citation as one line, safe to show: its mark, what it says, where that stands and what is to be
    known of it."""
    known = note(citation)
    return f"{head(citation)} ({known})" if known else head(citation)


def note(citation: Citation) -> str:
    """What is to be known of it, safe to show."""
    return sanitize_line(citation.note)


def head(citation: Citation) -> str:
    """Its mark, what it says and where that stands, safe to show."""
    parts = [MARKS[citation.status], short(citation.text)]
    at = place(citation)
    if at and at != parts[1]:
        parts.append(at)
    return " ".join(parts)


def short(text: str) -> str:
    """The first line of it that says something, safe to show and not too long."""
    said = [line for line in text.splitlines() if line.strip()]
    first = sanitize_line(said[0].strip()[: WIDEST + 1]) if said else ""
    return first if len(first) <= WIDEST and len(said) < 2 else first[: WIDEST - 1].rstrip() + "…"


def told(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """As JSON has them: `line` is where it stands now."""
    return [
        {
            "text": citation.text,
            "kind": citation.kind,
            "path": citation.path,
            "line": citation.line,
            "status": citation.status,
        }
        for citation in citations
    ]


def is_any_missing(citations: Sequence[Citation]) -> bool:
    """True where something is not in what was sent."""
    return any(citation.status == "missing" for citation in citations)
