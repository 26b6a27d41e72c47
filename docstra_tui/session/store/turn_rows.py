"""Turns and their files as rows, and back. Every function is inside somebody's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from docstra_tui.error_forms import from_wire, to_wire
from docstra_tui.llm.answer import FinishReason, Usage
from docstra_tui.llm.items import ContextItem, digest_of
from docstra_tui.session.sent_settings import from_list, to_json
from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.owner import is_owner
from docstra_tui.session.store.values import (
    figure,
    json_value,
    path_bytes,
    path_text,
    storable,
    text_of,
    unknown,
)
from docstra_tui.session.tree import LAST_ASKED, Node, TurnTree
from docstra_tui.session.turns import LABEL, LOST, WITHOUT_TEXT, Placed, SavedTurn, Status

STATUSES = frozenset(get_args(Status))
REASONS = frozenset((*get_args(FinishReason), None))

NOTHING = digest_of("")

TURN_COLUMNS = (
    "SELECT id, asked, question, task, fields, model, answer, status, error, finish_reason, "
    "prompt_tokens, completion_tokens, reused_tokens, thinking_tokens, ttft_s, tokens_per_s, thinking_s, "
    "left_out, thinking, settings FROM turns"
)
MOST_AT_ONCE = 256
"""Turns that are read with one look: SQLite takes only so many numbers."""


def write_turn(
    connection: sqlite3.Connection, session_id: str, turn: SavedTurn, owner: str, with_items: bool
) -> None:
    """Make the turn's row what `turn` says. Its items never change: they are written once."""
    connection.execute(
        "INSERT INTO turns (id, session_id, asked, question, task, fields, model, answer, status, owner, "
        "error, finish_reason, prompt_tokens, completion_tokens, reused_tokens, ttft_s, tokens_per_s, "
        "left_out, thinking, thinking_s, thinking_tokens, parent, settings) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET "
        "model = excluded.model, answer = excluded.answer, status = excluded.status, owner = excluded.owner, "
        "error = excluded.error, finish_reason = excluded.finish_reason, "
        "prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, "
        "reused_tokens = excluded.reused_tokens, ttft_s = excluded.ttft_s, "
        "tokens_per_s = excluded.tokens_per_s, thinking = excluded.thinking, "
        "thinking_s = excluded.thinking_s, thinking_tokens = excluded.thinking_tokens, "
        "settings = excluded.settings",
        (
            turn.id,
            session_id,
            turn.asked,
            storable(turn.question),
            storable(turn.task),
            json.dumps(dict(turn.fields), default=str),
            storable(turn.model),
            storable(turn.answer),
            turn.status,
            owner if turn.status == "streaming" else "",
            None if turn.error is None else json.dumps(to_wire(turn.error), default=str),
            turn.finish_reason,
            turn.usage.prompt_tokens,
            turn.usage.completion_tokens,
            turn.usage.reused_tokens,
            turn.ttft_s,
            turn.tokens_per_s,
            json.dumps(turn.left_out),
            storable(turn.thinking),
            turn.thinking_s,
            turn.usage.thinking_tokens,
            turn.parent,
            to_json(turn),
        ),
    )
    if with_items:
        placed = [*turn.earlier, *(Placed(turn.id, item) for item in turn.context)]
        _write_items(connection, turn.id, placed)


def _write_items(connection: sqlite3.Connection, turn_id: int, placed: Iterable[Placed]) -> None:
    for position, place in enumerate(placed):
        item = place.item
        if item.detail not in WITHOUT_TEXT:
            connection.execute(
                "INSERT OR IGNORE INTO contents (sha256, content) VALUES (?, ?)",
                (item.sha256, storable(item.content)),
            )
        path = None if item.path is None else path_bytes(item.path)
        connection.execute(
            "INSERT OR REPLACE INTO items (turn_id, position, entered, path, language, start_line, "
            "end_line, sha256, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                turn_id,
                position,
                place.turn_id,
                path,
                storable(item.language),
                item.start_line,
                item.end_line,
                item.sha256,
                storable(item.detail),
            ),
        )


def is_there(connection: sqlite3.Connection, number: int) -> bool:
    """Whether a turn has its row."""
    return connection.execute("SELECT 1 FROM turns WHERE id = ?", (number,)).fetchone() is not None


def read_nodes(connection: sqlite3.Connection, session_id: str) -> list[Node]:
    """Every turn of a session by its place, those that are deleted among them: an index has all of it."""
    rows = connection.execute(
        "SELECT id, parent, asked, deleted FROM turns WHERE session_id = ?", (session_id,)
    )
    return [
        Node(
            number,
            parent if isinstance(parent, int) else LAST_ASKED,
            moment(asked),
            is_owner(text_of(deleted)),
        )
        for number, parent, asked, deleted in rows
    ]


def read_turns(
    connection: sqlite3.Connection, numbers: Sequence[int], tree: TurnTree, characters: int | None = None
) -> list[SavedTurn]:
    """The turns of these numbers, in their order; with `characters`, only the last with about so many."""
    items = Items(connection)
    found: list[SavedTurn] = []
    read, left, count = 0, len(numbers), 1
    while left and (characters is None or read < characters):
        some = numbers[max(0, left - count) : left]
        left -= len(some)
        count = min(2 * count, MOST_AT_ONCE)  # where few are wanted, few are read
        marks = ", ".join("?" * len(some))
        rows = {row[0]: row for row in connection.execute(f"{TURN_COLUMNS} WHERE id IN ({marks})", some)}
        placed = items.of(some)
        for number in reversed(some):
            if number not in rows or (characters is not None and read >= characters):
                continue
            turn = _turn(rows[number], placed.get(number, []))
            turn.parent = tree.parent(number)
            found.append(turn)
            read += len(turn.question) + len(turn.answer) + len(turn.thinking)
        if characters is not None:  # of long ones no more at once than are still wanted
            count = max(1, min(count, (characters - read) * len(found) // max(1, read)))
    return found[::-1]


def _turn(row: tuple[Any, ...], placed: list[Placed]) -> SavedTurn:
    """A turn as it was saved; what a damaged disk took of it is empty, and named in `damage`."""
    turn_id, asked, question, task, fields, model, answer, status, error, reason, *figures = row
    left_out, thinking, settings = figures[7:]
    lost: list[str] = []
    shown = text_of(question, lost, "the question")
    with_which = "the settings it was sent with"
    told = None if settings is None else json_value(settings, list, lost, with_which)
    sent, gone_on_with, is_whole = from_list((None,) if told is None else told)
    if not is_whole:
        unknown(None, lost, with_which)
    words = json_value(fields, dict, lost, "how it was asked")
    turn = SavedTurn(
        question=shown,
        # Without what its template was filled with, the words that are shown are what can be sent again.
        task="answer_question" if words is None else text_of(task, lost, "the kind of task"),
        fields={"question": shown} if words is None else words,
        context=tuple(place.item for place in placed if place.turn_id == turn_id),
        earlier=tuple(place for place in placed if place.turn_id != turn_id),
        answer=text_of(answer, lost, "the answer"),
        status=status if status in STATUSES else unknown("interrupted", lost, "how it ended"),
        error=None if error is None else from_wire(json_value(error, dict, lost, "what went wrong") or {}),
        finish_reason=reason if reason in REASONS else unknown(None, lost, "why it ended"),
        usage=Usage(*(figure(value, int) for value in figures[:4])),
        ttft_s=figure(figures[4], float),
        tokens_per_s=figure(figures[5], float),
        thinking=text_of(thinking, lost, "the thinking"),
        thinking_s=figure(figures[6], float),
        left_out=tuple(str(one) for one in json_value(left_out, list, lost, "what was not sent") or ()),
        model=text_of(model, lost, "the model's name"),
        settings=sent,
        gone_on_with=gone_on_with,
        asked=moment(asked),
        id=turn_id,
    )
    lost.extend(item.label for item in turn.context if item.detail == LOST)
    turn.damage = tuple(lost)
    return turn


class Items:
    """The items of turns. Nearly every turn has those of the one before it: each is one object, and its
    content is read once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[Any, ...], Placed] = {}
        self._contents: dict[object, str | None] = {NOTHING: ""}

    def of(self, numbers: Sequence[int]) -> dict[int, list[Placed]]:
        """Those that were sent with some turns."""
        marks = ", ".join("?" * len(numbers))
        found: dict[int, list[Placed]] = {}
        for number, *row in self._connection.execute(
            "SELECT turn_id, entered, path, language, start_line, end_line, sha256, detail FROM items "
            f"WHERE turn_id IN ({marks}) ORDER BY turn_id, position",
            numbers,
        ).fetchall():
            mark = tuple(row)
            found.setdefault(number, []).append(self._known.get(mark) or self._placed(mark))
        return found

    def _placed(self, row: tuple[Any, ...]) -> Placed:
        entered, path, language, start, end, sha256, detail = row
        is_label = detail == LABEL
        content = self._content(sha256) if not is_label else None
        item = ContextItem(
            content or "",
            None if path is None else path_text(path),
            text_of(language),
            figure(start, int),
            figure(end, int),
            text_of(sha256),
            text_of(detail) if content is not None or is_label else LOST,
        )
        place = self._known[row] = Placed(entered, item)
        return place

    def _content(self, sha256: object) -> str | None:
        """None where a damaged disk has it no more, or not as it was."""
        if sha256 not in self._contents:
            row = self._connection.execute(
                "SELECT content FROM contents WHERE sha256 = ?", (sha256,)
            ).fetchone()
            text = text_of(row[0]) if row is not None else ""
            self._contents[sha256] = text if text and digest_of(text) == sha256 else None
        return self._contents[sha256]
