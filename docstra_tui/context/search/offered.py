"""Files that are offered for a question: nouns, for who only hears of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A file that is offered for a question."""

    path: str
    """Relative to the project."""
    reason: str
    """Why, in a few words; it holds names out of files and must be made safe before it is shown."""
    score: float
    """Of the best one 1; of no meaning across questions."""
    lines: tuple[int, int] | None
    """The lines that fit best, both counted in."""


def sayable(text: str) -> str:
    """With a question mark for each byte that is not UTF-8, which neither SQLite nor a message takes."""
    return text.encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is offered, best first."""

    files: tuple[Suggestion, ...]
    is_complete: bool
    """False where the index had only a part of the project."""
