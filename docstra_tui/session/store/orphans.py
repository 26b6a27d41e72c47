"""Turns and waiting questions whose session a damaged disk took."""

from __future__ import annotations

import secrets
import sqlite3

from docstra_tui.session.store.values import Value
from docstra_tui.session.turns import title_of


def adopt_orphans(connection: sqlite3.Connection) -> None:
    """Give turns and waiting questions whose session is gone one of their own, named after the first."""
    groups: dict[Value, list[tuple[str, int, Value, Value, Value]]] = {}
    for table, number, session_id, *what in connection.execute(
        "SELECT 'turns', id, session_id, asked, question, model FROM turns "
        "WHERE session_id NOT IN (SELECT id FROM sessions) UNION ALL "
        "SELECT 'waiting', id, session_id, accepted, question, '' FROM waiting "
        "WHERE session_id NOT IN (SELECT id FROM sessions) ORDER BY 4, 2"
    ).fetchall():
        groups.setdefault(session_id, []).append((table, number, *what))
    for session_id, asked in groups.items():
        (_, _, first, question, model), (_, _, last, _, _) = asked[0], asked[-1]
        # One that is no text any more cannot be compared with anything: it gets another.
        named = session_id if isinstance(session_id, str) else secrets.token_hex(6)
        connection.execute(
            "INSERT INTO sessions (id, root, model, title, draft, created, updated) "
            "VALUES (?, x'', ?, ?, '', ?, ?)",
            (named, model, title_of(_shown(question)), first, last),
        )
        if named != session_id:
            for table, number, *_ in asked:
                connection.execute(f"UPDATE {table} SET session_id = ? WHERE id = ?", (named, number))


def _shown(text: Value) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
