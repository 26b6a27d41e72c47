"""What was asked, across all sessions. Every function is inside somebody's transaction."""

from __future__ import annotations

import sqlite3

from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.values import path_bytes, path_text, text_of
from docstra_tui.session.turns import Asked
from docstra_tui.text import disarm

MOST = 5_000
"""Turns that are looked at, the latest first."""
CHARACTERS = 8_000_000
"""No more of questions than this is held."""


LATEST = """
    SELECT question, task, turns.asked, root
    FROM (SELECT id FROM turns WHERE deleted = '' {about} ORDER BY asked DESC LIMIT ?) AS latest
    JOIN turns ON turns.id = latest.id JOIN sessions ON sessions.id = session_id
    WHERE sessions.deleted = '' ORDER BY turns.asked DESC
"""
"""Which are the latest, an index tells: of the others no row is read."""
ABOUT = "AND session_id IN (SELECT id FROM sessions WHERE root = ?)"


def read_asked(connection: sqlite3.Connection, root: str | None = None, most: int = MOST) -> list[Asked]:
    """The latest questions, or those about a folder, each text once, the newest first."""
    about = () if root is None else (path_bytes(root),)
    rows = connection.execute(LATEST.format(about=ABOUT if about else ""), (*about, most))
    found: dict[str, Asked] = {}
    held = 0
    for question, task, asked, root in rows:
        text = disarm(as_written(text_of(question), text_of(task)))  # a session may be of somebody else
        if not text.strip() or text in found:
            continue
        held += len(text)
        if held > CHARACTERS:
            break
        found[text] = Asked(text, moment(asked), path_text(root))
    return list(found.values())


def as_written(question: str, task: str) -> str:
    """What one writes to ask it again: of a question to each part of the files, the question."""
    if task in (PART, JOIN):
        words, _, _ = question.rpartition("\n\n(")
        return f"/each {words}" if words else ""
    return question
