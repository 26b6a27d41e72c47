"""Turns and their files as rows, and back. Every function is inside somebody's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any, get_args

from docstra_tui.error_forms import from_wire, to_wire
from docstra_tui.llm.answer import FinishReason, Usage
from docstra_tui.llm.items import ContextItem, digest_of
from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.values import (
    figure,
    json_value,
    path_bytes,
    path_text,
    storable,
    text_of,
    unknown,
)
from docstra_tui.session.turns import LOST, Placed, SavedTurn, Status

STATUSES = frozenset(get_args(Status))
REASONS = frozenset((*get_args(FinishReason), None))

NOTHING = digest_of("")


def write_turn(
    connection: sqlite3.Connection, session_id: str, turn: SavedTurn, owner: str, with_items: bool
) -> None:
    """Make the turn's row what `turn` says. Its items never change: they are written once."""
    connection.execute(
        "INSERT INTO turns (id, session_id, asked, question, task, fields, model, answer, status, owner, "
        "error, finish_reason, prompt_tokens, completion_tokens, reused_tokens, ttft_s, tokens_per_s, "
        "left_out, thinking, thinking_s, thinking_tokens) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET "
        "model = excluded.model, answer = excluded.answer, status = excluded.status, owner = excluded.owner, "
        "error = excluded.error, finish_reason = excluded.finish_reason, "
        "prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, "
        "reused_tokens = excluded.reused_tokens, ttft_s = excluded.ttft_s, "
        "tokens_per_s = excluded.tokens_per_s, thinking = excluded.thinking, "
        "thinking_s = excluded.thinking_s, thinking_tokens = excluded.thinking_tokens",
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
        ),
    )
    if with_items:
        placed = [*turn.earlier, *(Placed(turn.id, item) for item in turn.context)]
        _write_items(connection, turn.id, placed)


def _write_items(connection: sqlite3.Connection, turn_id: int, placed: Iterable[Placed]) -> None:
    for position, place in enumerate(placed):
        item = place.item
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


def read_turns(
    connection: sqlite3.Connection,
    session_id: str,
    *,
    before: float | None = None,
    count: int = -1,
    characters: int | None = None,
) -> list[SavedTurn]:
    """The latest turns (before a moment; so many; with about so many characters), oldest first."""
    rows = connection.execute(
        "SELECT id, asked, question, task, fields, model, answer, status, error, finish_reason, "
        "prompt_tokens, completion_tokens, reused_tokens, thinking_tokens, ttft_s, tokens_per_s, thinking_s, "
        "left_out, thinking "
        "FROM turns WHERE session_id = ? AND (? IS NULL OR asked < ?) ORDER BY asked DESC, id DESC LIMIT ?",
        (session_id, before, before, count),
    )
    wanted: list[tuple[Any, ...]] = []
    read = 0
    for row in rows:
        wanted.append(row)
        read += sum(len(text) for text in (row[2], row[6], row[-1]) if isinstance(text, str | bytes))
        if characters is not None and read >= characters:
            break
    rows.close()
    if not wanted:
        return []
    items = _read_items(connection, session_id, wanted[-1][1], wanted[0][1])
    return [_turn(row, items.get(row[0], [])) for row in reversed(wanted)]


def _turn(row: tuple[Any, ...], placed: list[Placed]) -> SavedTurn:
    """A turn as it was saved; what a damaged disk took of it is empty, and named in `damage`."""
    turn_id, asked, question, task, fields, model, answer, status, error, reason, *figures = row
    left_out, thinking = figures[7:]
    lost: list[str] = []
    shown = text_of(question, lost, "the question")
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
        asked=moment(asked),
        id=turn_id,
    )
    lost.extend(item.label for item in turn.context if item.detail == LOST)
    turn.damage = tuple(lost)
    return turn


def _read_items(
    connection: sqlite3.Connection, session_id: str, first: float, last: float
) -> dict[int, list[Placed]]:
    """The items of the turns asked from `first` to `last`. Nearly every turn has those of the one before
    it: each is one object, and its content is read once."""
    among = "turns.session_id = ? AND turns.asked BETWEEN ? AND ?"
    where = (session_id, first, last)
    contents = {
        sha256: text
        for sha256, content in connection.execute(
            "SELECT sha256, content FROM contents WHERE sha256 IN "
            f"(SELECT items.sha256 FROM items JOIN turns ON turns.id = turn_id WHERE {among})",
            where,
        )
        if (text := text_of(content)) and digest_of(text) == sha256
    }
    items: dict[int, list[Placed]] = {}
    known: dict[tuple[Any, ...], Placed] = {}
    rows = connection.execute(
        "SELECT turn_id, entered, path, language, start_line, end_line, sha256, detail "
        f"FROM items JOIN turns ON turns.id = turn_id WHERE {among} ORDER BY turn_id, position",
        where,
    )
    for turn_id, *what in rows:
        mark = tuple(what)
        place = known.get(mark)
        if place is None:
            entered, path, language, start, end, sha256, detail = what
            content = contents.get(sha256, "" if sha256 == NOTHING else None)
            item = ContextItem(
                content or "",
                None if path is None else path_text(path),
                text_of(language),
                figure(start, int),
                figure(end, int),
                text_of(sha256),
                text_of(detail) if content is not None else LOST,
            )
            place = known[mark] = Placed(entered, item)
        items.setdefault(turn_id, []).append(place)
    return items
