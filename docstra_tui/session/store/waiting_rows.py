"""Waiting questions as rows, and back. Every function is inside somebody's transaction."""

from __future__ import annotations

import sqlite3

from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.owner import is_alive
from docstra_tui.session.store.values import path_bytes, storable, text_of
from docstra_tui.session.turns import WaitingQuestion

WAITING_SECONDS = 60.0
"""A question that waits in a process which cannot be asked for life (another host, a container that is made
anew) comes back after so long: whoever resumes its session misses it more than they mind seeing it twice."""


def write_waiting(
    connection: sqlite3.Connection, session_id: str, question: WaitingQuestion, owner: str
) -> None:
    """A question waits."""
    connection.execute(
        "INSERT OR REPLACE INTO waiting (id, session_id, accepted, question, owner) VALUES (?, ?, ?, ?, ?)",
        (question.id, session_id, question.accepted, storable(question.text), owner),
    )


def drop_waiting(connection: sqlite3.Connection, question_id: int) -> None:
    """A question became a turn, or went back to whoever wrote it."""
    connection.execute("DELETE FROM waiting WHERE id = ?", (question_id,))


def left_waiting(
    connection: sqlite3.Connection, session_id: str, updated: float
) -> tuple[WaitingQuestion, ...]:
    """What waits and whose process is gone. What became a turn waits no more."""
    rows = connection.execute(
        "SELECT question, accepted, id, owner FROM waiting WHERE session_id = ? "
        "AND id NOT IN (SELECT id FROM turns WHERE session_id = ?) ORDER BY accepted, id",
        (session_id, session_id),
    )
    return tuple(
        WaitingQuestion(text_of(question), moment(accepted), number)
        for question, accepted, number, owner in rows
        if not is_alive(text_of(owner), updated, WAITING_SECONDS)
    )


def read_left_in(connection: sqlite3.Connection, root: str) -> str | None:
    """The title of the latest session about `root` with turns, in which a question waits and whose process
    is gone."""
    rows = connection.execute(
        "SELECT title, waiting.owner, updated FROM waiting JOIN sessions ON sessions.id = session_id "
        "WHERE root = ? AND sessions.deleted = '' "
        "AND EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id) ORDER BY updated DESC",
        (path_bytes(root),),
    )
    return next(
        (text_of(title) for title, owner, at in rows if not is_alive(text_of(owner), moment(at))), None
    )
