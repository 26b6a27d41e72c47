"""What of the saved sessions can be looked for, read from their file: few rows at a time, for whoever waits
behind us writes there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.owner import is_owner
from docstra_tui.session.store.values import path_text, text_of
from docstra_tui.text import shown_name

Part = Literal["question", "answer", "file"]
PARTS: tuple[Part, ...] = ("question", "answer", "file")
"""Where in a turn words can stand."""

_SIZE = "coalesce(length(question) + length(answer), 0)"


@dataclass(frozen=True)
class TurnText:
    """A turn that has ended."""

    turn: int
    session: str
    question: str
    answer: str
    files: tuple[str, ...]
    """Names of those that entered the conversation with it, ready to show."""
    size: int
    """Of question and answer; another one means that the answer went on."""

    @property
    def parts(self) -> tuple[str, str, str]:
        """Its texts, in the order of `PARTS`."""
        return self.question, self.answer, "\n".join(self.files)


@dataclass(frozen=True)
class Stand:
    """What there is to be found now."""

    sessions: dict[str, float] = field(default_factory=dict)
    """When each was changed last (seconds since 1970)."""
    turns: dict[int, str] = field(default_factory=dict)
    """The session of each, the latest first; nothing that is deleted, nothing that is being written."""
    written: frozenset[int] = frozenset()
    """What is being written, or gone on with: found when it has ended."""


def read_stand(connection: sqlite3.Connection) -> Stand:
    """Without a look at any text: an index of the file has all of it."""
    deleted = {
        session for session, by in connection.execute("SELECT id, deleted FROM sessions") if _is_marked(by)
    }
    sessions = {
        session: moment(updated)
        for session, updated in connection.execute("SELECT id, updated FROM sessions")
        if isinstance(session, str) and session not in deleted
    }
    there = {
        number: session
        for number, session, by in connection.execute(
            "SELECT id, session_id, deleted FROM turns ORDER BY asked DESC"
        )
        if session in sessions and not _is_marked(by)
    }
    streaming = {
        number for (number,) in connection.execute("SELECT id FROM turns WHERE status = 'streaming'")
    }
    turns = {number: session for number, session in there.items() if number not in streaming}
    return Stand(sessions, turns, frozenset(there.keys() & streaming))


def read_sizes(connection: sqlite3.Connection, session: str) -> dict[int, int]:
    """The sizes of a session's turns, to see which of them grew."""
    return dict(connection.execute(f"SELECT id, {_SIZE} FROM turns WHERE session_id = ?", (session,)))


def read_texts(connection: sqlite3.Connection, numbers: Sequence[int]) -> list[TurnText]:
    """The texts of these turns, in their order; without those that are gone, deleted or being written."""
    marks = ", ".join("?" * len(numbers))
    files: dict[int, list[str]] = {}
    for number, path in connection.execute(
        f"SELECT turn_id, path FROM items WHERE turn_id IN ({marks}) AND entered = turn_id "
        "AND path IS NOT NULL ORDER BY turn_id, position",
        numbers,
    ):
        files.setdefault(number, []).append(shown_name(path_text(path)))
    found = {
        number: TurnText(
            number,
            text_of(session),
            text_of(question),
            text_of(answer),
            tuple(dict.fromkeys(files.get(number, ()))),
            size,
        )
        for number, session, question, answer, size, by, session_by in connection.execute(
            f"SELECT turns.id, session_id, question, answer, {_SIZE}, turns.deleted, sessions.deleted "
            "FROM turns JOIN sessions ON sessions.id = session_id "
            f"WHERE turns.id IN ({marks}) AND status != 'streaming'",
            numbers,
        )
        if not _is_marked(by) and not _is_marked(session_by)
    }
    return [found[number] for number in numbers if number in found]


def batches(numbers: Iterable[int], count: int) -> Iterable[list[int]]:
    """So many at a time."""
    batch: list[int] = []
    for number in numbers:
        batch.append(number)
        if len(batch) == count:
            yield batch
            batch = []
    if batch:
        yield batch


def _is_marked(deleted_by: object) -> bool:
    return is_owner(text_of(deleted_by))
