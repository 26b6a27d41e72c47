"""Asking beside what was asked: which turn a command means, and what is said about it. For both faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstra_tui.errors import UsageError
from docstra_tui.key_hints import press
from docstra_tui.llm.sampling import GREEDY

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Settings
    from docstra_tui.session.chat import ChatSession

ELSEWHERE = "Another program has this session open: what you ask here stands beside what is asked there."
NOTHING_DELETED = "Nothing was deleted here."
SAME_AGAIN = (
    "At temperature 0 the same question over the same files has the same answer. "
    "/edit asks it in other words; --temperature 0.7, at the next start, gives others."
)


@dataclass(frozen=True)
class Editing:
    """What is written now is asked in the place of a turn, which stays as it is."""

    turn_id: int
    parent: int
    """The turn before it."""
    number: int
    """From 1, as the conversation shows it."""
    was: str
    """What one would type to ask it as it was."""

    @property
    def words(self) -> str:
        """What to say while it is so."""
        return f"question {self.number} is written anew: {press('composer.send')} asks it beside the first"

    def line(self, text: str) -> str:
        """The command that asks `text` there: what comes back where it is not asked, also after a crash."""
        return text if text.startswith("/edit ") else f"/edit {self.number} {text}"


def turn_at(session: ChatSession, text: str) -> tuple[int, int]:
    """The turn that a number (from 1) means, of no number the last; with that number. Raises `UsageError`."""
    numbers = session.branches.numbers
    if not numbers:
        raise UsageError("Nothing was asked yet.", "Ask something first.")
    if not text:
        return numbers[-1], len(numbers)
    number = int(text) if len(text) < 10 and text.isascii() and text.isdigit() else 0
    if not 0 < number <= len(numbers):
        raise UsageError(f"There is no question {text}.", f"They are numbered from 1 to {len(numbers)}.")
    return numbers[number - 1], number


def says_the_same(session: ChatSession, turn_id: int) -> str:
    """Why another answer to a turn will be no other; empty where it may be. Raises `DocstraError`."""
    turn = session.branches.find(turn_id)
    is_same = turn.status == "done" and turn.model == session.model and _may_be_cold(turn.settings)
    return SAME_AGAIN if is_same and session.llm.temperature < GREEDY else ""


def _may_be_cold(settings: Settings | None) -> bool:
    """False for what was answered at a temperature, or at the one that a server has by itself."""
    heat = 0.0 if settings is None else settings.get("temperature")
    return isinstance(heat, int | float) and heat < GREEDY


def number_of(session: ChatSession, turn_id: int) -> int:
    """Which one of the conversation it is, from 1; 0 where it is none."""
    numbers = session.branches.numbers
    return numbers.index(turn_id) + 1 if turn_id in numbers else 0


def number_and_words(text: str) -> tuple[str, str]:
    """`3 why not?` as the number of a turn and the words behind it; either may be missing."""
    first, _, rest = text.partition(" ")
    return (first, rest.strip()) if first.isascii() and first.isdigit() else ("", text.strip())


def begin_editing(session: ChatSession, turn_id: int) -> Editing:
    """Write a question anew. May block. Raises `DocstraError`."""
    branches = session.branches
    request = branches.edit(turn_id, "")
    return Editing(turn_id, request.parent or 0, number_of(session, turn_id), branches.written(turn_id))


def next_beside(session: ChatSession, turn_id: int) -> int:
    """The next of the turns in the place of one, behind the last the first. Raises `UsageError` where it is
    alone."""
    beside = session.branches.beside(turn_id)
    if len(beside) < 2:
        number = number_of(session, turn_id)
        raise UsageError(f"Nothing stands beside question {number}.", "/retry or /edit puts something there.")
    return beside[(beside.index(turn_id) + 1) % len(beside)]


def place_of(session: ChatSession, turn_id: int) -> str:
    """`question 3, 2 of 4`: which of the turns in its place it is."""
    beside = session.branches.beside(turn_id)
    place = f", {beside.index(turn_id) + 1} of {len(beside)}" if len(beside) > 1 else ""
    return f"question {number_of(session, turn_id)}{place}"


def deleted(number: int) -> str:
    """What to say when a turn is gone."""
    return f"Question {number} is deleted with its answer. /undo takes that back until the program ends."


def undone(session: ChatSession, turn_id: int) -> str:
    """What to say when it is there again."""
    return f"Question {number_of(session, turn_id)} is there again."
