"""Answers of older programs, which kept what the model thought as a part of the answer.

Their text is all that is known of them, so they are read as that of a server which tells nothing apart. An
answer that is about such marks is left as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from docstra_tui.llm.thinking import families
from docstra_tui.llm.thinking.whole import parted
from docstra_tui.session.store.values import storable, text_of


def take_thinking_out(connection: sqlite3.Connection, turns: Collection[int] | None = None) -> None:
    """Keep it apart, of these turns or of all that have ended."""
    marks = {mark for family in families.of_any_model() for mark in (*family.open, *family.close)}
    found = connection.execute("SELECT id, status FROM turns WHERE thinking = '' AND answer <> ''").fetchall()
    for number, status in found:
        if status == "streaming" if turns is None else number not in turns:
            continue  # what an older program is still writing is written whole by it again
        # One by one: all answers of years are more than a program should hold.
        row = connection.execute("SELECT answer, finish_reason FROM turns WHERE id = ?", (number,))
        text, reason = row.fetchone()
        damage: list[str] = []
        answer = text_of(text, damage, "answer")
        if damage or not any(mark in answer for mark in marks):
            continue
        thought, rest = parted(answer, is_whole=reason == "stop")
        if rest != answer:
            connection.execute(
                "UPDATE turns SET thinking = ?, answer = ? WHERE id = ?",
                (storable(thought), storable(rest), number),
            )
