"""What was deleted and can still be taken back: marked with the process that did it, gone with that process.

Every function is inside somebody's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.owner import is_alive, is_owner
from docstra_tui.session.store.session_rows import delete_session, drop_if_empty
from docstra_tui.session.store.turn_rows import read_nodes
from docstra_tui.session.store.values import storable, text_of
from docstra_tui.session.tree import TurnTree
from docstra_tui.session.turns import title_of


def mark_turn(connection: sqlite3.Connection, number: int, owner: str) -> None:
    """A turn is deleted, by `owner`; by nobody, it is there again."""
    connection.execute("UPDATE turns SET deleted = ? WHERE id = ?", (owner, number))


def mark_session(connection: sqlite3.Connection, session_id: str, owner: str) -> None:
    """A session is deleted, by `owner`; by nobody, it is there again."""
    connection.execute("UPDATE sessions SET deleted = ? WHERE id = ?", (owner, session_id))


def any_deleted(connection: sqlite3.Connection) -> bool:
    """True where something is marked."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM turns WHERE deleted <> ''), "
        "EXISTS (SELECT 1 FROM sessions WHERE deleted <> '')"
    ).fetchone()
    return any(row)


def remove_deleted(connection: sqlite3.Connection, owner: str = "") -> None:
    """Remove what `owner` deleted; without one, what processes did that are gone. A mark that no process made
    is damage, and taken off."""
    if not owner:
        _take_off_damage(connection)
    sessions = connection.execute("SELECT id, deleted, updated FROM sessions WHERE deleted <> ''").fetchall()
    turns = connection.execute(
        "SELECT turns.id, turns.deleted, updated, session_id FROM turns "
        "JOIN sessions ON sessions.id = session_id WHERE turns.deleted <> ''"
    ).fetchall()
    is_over = _is_over(owner)
    gone = {str(number) for number, by, updated in sessions if is_over(text_of(by), moment(updated))}
    for session_id in gone:
        delete_session(connection, session_id)
    left: dict[str, list[int]] = {}
    for number, by, updated, session_id in turns:
        if session_id not in gone and is_over(text_of(by), moment(updated)):
            left.setdefault(str(session_id), []).append(number)
    for session_id, numbers in left.items():
        _remove_turns(connection, session_id, numbers)


def _is_over(owner: str) -> Callable[[str, float], bool]:
    """Whether what somebody deleted at a time can be taken back no more."""
    if owner:
        return lambda by, updated: by == owner
    return lambda by, updated: not is_alive(by, updated)


def _take_off_damage(connection: sqlite3.Connection) -> None:
    for table in ("sessions", "turns"):
        marks = connection.execute(f"SELECT rowid, deleted FROM {table} WHERE deleted <> ''").fetchall()
        for row, by in marks:
            if not is_owner(text_of(by)):
                connection.execute(f"UPDATE {table} SET deleted = '' WHERE rowid = ?", (row,))


def _remove_turns(connection: sqlite3.Connection, session_id: str, numbers: list[int]) -> None:
    """Remove turns; what follows them follows the turns before them. Contents that no other shows go too."""
    nodes = read_nodes(connection, session_id)
    tree = TurnTree(replace(node, is_deleted=node.id in numbers) for node in nodes)
    for number, node in tree.nodes.items():
        if node.parent != tree.parent(number) and not node.is_deleted:
            connection.execute("UPDATE turns SET parent = ? WHERE id = ?", (tree.parent(number), number))
    _forget_title(connection, session_id, numbers)
    for number in numbers:
        above = tree.parent(number)
        connection.execute(
            "UPDATE sessions SET tip = ? WHERE id = ? AND tip = ?", (above, session_id, number)
        )
        connection.execute("DELETE FROM turns WHERE id = ?", (number,))
    connection.execute("DELETE FROM contents WHERE sha256 NOT IN (SELECT sha256 FROM items)")
    drop_if_empty(connection, session_id)


def _forget_title(connection: sqlite3.Connection, session_id: str, numbers: list[int]) -> None:
    """A title that was the question of a turn that goes is that of the first one that stays."""
    [(title, titled)] = connection.execute("SELECT title, titled FROM sessions WHERE id = ?", (session_id,))
    rows = connection.execute(
        "SELECT id, question FROM turns WHERE session_id = ? ORDER BY asked, id", (session_id,)
    )
    gone, first = False, None
    for number, question in rows:
        if number in numbers:
            gone = gone or title_of(text_of(question)) == text_of(title)
        elif first is None:
            first = title_of(text_of(question))
    if gone and titled != 1:
        connection.execute("UPDATE sessions SET title = ? WHERE id = ?", (storable(first or ""), session_id))
