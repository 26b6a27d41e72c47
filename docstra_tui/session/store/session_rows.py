"""Sessions as rows, and back. Every function is inside somebody's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.owner import is_alive
from docstra_tui.session.store.turn_rows import read_nodes, read_turns, write_turn
from docstra_tui.session.store.values import path_bytes, path_text, storable, text_of
from docstra_tui.session.store.waiting_rows import left_waiting
from docstra_tui.session.tree import NO_TURN, TurnTree
from docstra_tui.session.turns import ModelChoice, SavedTurn, SessionSummary, StoredSession, title_of


def write_session(
    connection: sqlite3.Connection,
    session: StoredSession,
    owner: str,
    with_draft: bool = True,
    with_tip: bool = True,
) -> None:
    """Make the session's row what `session` says; its turns are written one by one. Without its draft, one
    that is there stays, and so does its tip; a title that is there stays always, but for one that somebody
    gives it. One that another program deleted is there again."""
    choice = session.choice
    connection.execute(
        "INSERT INTO sessions (id, root, model, title, draft, created, updated, server, wanted, revision, "
        "quant, owner, tip, titled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET model = excluded.model, "
        "title = CASE WHEN excluded.titled OR title = '' THEN excluded.title ELSE title END, "
        "titled = max(titled, excluded.titled), deleted = '', "
        "draft = CASE WHEN ? THEN excluded.draft ELSE draft END, "
        "tip = CASE WHEN ? THEN excluded.tip ELSE tip END, updated = max(updated, excluded.updated), "
        "server = excluded.server, wanted = excluded.wanted, revision = excluded.revision, "
        "quant = excluded.quant, owner = excluded.owner",
        (
            session.id,
            path_bytes(session.root),
            storable(session.model),
            storable(session.title),
            storable(session.draft),
            session.created,
            session.updated,
            *map(storable, (choice.server, choice.name, choice.revision, choice.quant)),
            owner,
            session.tip,
            session.is_titled,
            with_draft,
            with_tip,
        ),
    )


def insert_session(
    connection: sqlite3.Connection, session: StoredSession, turns: Sequence[SavedTurn]
) -> None:
    """Add a session that nobody has open, with all its turns. Its numbers have to be new: raises
    `sqlite3.IntegrityError` where one is taken."""
    taken = connection.execute("SELECT 1 FROM sessions WHERE id = ?", (session.id,)).fetchone()
    for turn in turns:
        taken = taken or connection.execute("SELECT 1 FROM turns WHERE id = ?", (turn.id,)).fetchone()
    if taken:
        raise sqlite3.IntegrityError("a number is taken")
    write_session(connection, session, "")
    for turn in turns:
        write_turn(connection, session.id, turn, "", with_items=True)


def read_session(
    connection: sqlite3.Connection, session_id: str, characters: int | None = None, me: str = ""
) -> StoredSession | None:
    """The session, or of its path the latest turns with about so many `characters`; None when there is
    none. `me` is who reads."""
    row = connection.execute(
        "SELECT owner, root, model, title, draft, created, updated, tip, titled, server, wanted, revision, "
        "quant FROM sessions WHERE id = ?",
        (session_id,),
    ).fetchone()
    if row is None:
        return None
    by, root, model, title, draft, created, updated, tip, titled, *choice = row
    owner = text_of(by)
    tree = TurnTree(read_nodes(connection, session_id))
    path = tree.path(tip if isinstance(tip, int) else NO_TURN)
    turns = read_turns(connection, path, tree, characters)
    return StoredSession(
        session_id,
        text_of(title),
        path_text(root),
        text_of(model),
        text_of(draft),
        moment(created),
        moment(updated),
        tuple(turns),
        len(path) - len(turns),
        ModelChoice(*map(text_of, choice)),
        left_waiting(connection, session_id, moment(updated)),
        tuple(tree.nodes.values()),
        path[-1] if path else NO_TURN,
        titled == 1,
        is_elsewhere=owner != me and is_alive(owner, moment(updated)),
    )


def read_without_turns(connection: sqlite3.Connection, root: str) -> str | None:
    """The latest session about `root` in which nothing was asked yet and which no living process has."""
    rows = connection.execute(
        "SELECT id, owner, updated FROM sessions WHERE root = ? AND deleted = '' "
        "AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id) ORDER BY updated DESC",
        (path_bytes(root),),
    )
    return next((str(one) for one, owner, at in rows if not is_alive(text_of(owner), moment(at))), None)


def read_summaries(connection: sqlite3.Connection) -> list[SessionSummary]:
    """Every session in which something was said or typed, the latest first."""
    rows = connection.execute(
        "SELECT sessions.id, title, root, sessions.model, updated, count(turns.id), "
        "coalesce((SELECT question FROM waiting WHERE session_id = sessions.id ORDER BY accepted LIMIT 1), "
        "draft) AS unsent FROM sessions "
        "LEFT JOIN turns ON turns.session_id = sessions.id AND turns.deleted = '' "
        "WHERE sessions.deleted = '' GROUP BY sessions.id "
        "HAVING count(turns.id) > 0 OR unsent != '' ORDER BY updated DESC"
    )
    return [
        SessionSummary(
            session_id,
            text_of(title),
            path_text(root),
            text_of(model),
            moment(updated),
            turns,
            title_of(text_of(unsent)),
        )
        for session_id, title, root, model, updated, turns, unsent in rows
        if isinstance(session_id, str)
    ]


def delete_session(connection: sqlite3.Connection, session_id: str) -> None:
    """Remove a session, its turns, and the contents that no other turn shows."""
    connection.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
    connection.execute("DELETE FROM contents WHERE sha256 NOT IN (SELECT sha256 FROM items)")


def rename_session(connection: sqlite3.Connection, session_id: str, title: str) -> None:
    """Somebody gave it its title."""
    connection.execute(
        "UPDATE sessions SET title = ?, titled = 1 WHERE id = ?", (storable(title), session_id)
    )


def drop_if_empty(connection: sqlite3.Connection, session_id: str) -> None:
    """Remove a session in which nothing was said and nothing is typed any more."""
    connection.execute(
        "DELETE FROM sessions WHERE id = ? AND draft = '' "
        "AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id) "
        "AND NOT EXISTS (SELECT 1 FROM waiting WHERE session_id = sessions.id)",
        (session_id,),
    )
