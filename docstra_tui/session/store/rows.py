"""Turns and sessions as rows of the database, and back. Every function is inside somebody's transaction.

SQLite refuses text with lone surrogates (a file's odd name, a pasted byte); such text is kept as
bytes, and paths always are.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable
from typing import Any, TypeVar, get_args

from docstra_tui.errors import from_wire, to_wire
from docstra_tui.llm.answer import FinishReason, Usage
from docstra_tui.llm.items import ContextItem, digest_of
from docstra_tui.session.store.damage import moment
from docstra_tui.session.store.owner import is_alive
from docstra_tui.session.turns import (
    LOST,
    ModelChoice,
    Placed,
    SavedTurn,
    SessionSummary,
    Status,
    StoredSession,
    WaitingQuestion,
    title_of,
)

STATUSES = frozenset(get_args(Status))
REASONS = frozenset((*get_args(FinishReason), None))

LARGEST_FIGURE = 1e9
"""Of tokens, seconds or tokens a second; more than this is damage."""

NOTHING = digest_of("")

T = TypeVar("T", dict[str, Any], list[Any])
N = TypeVar("N", int, float)
V = TypeVar("V")


WAITING_SECONDS = 60.0
"""A question that waits in a process which cannot be asked for life (another host, a container that is made
anew) comes back after so long: whoever resumes its session misses it more than they mind seeing it twice."""


def write_session(
    connection: sqlite3.Connection, session: StoredSession, owner: str, with_draft: bool = True
) -> None:
    """Make the session's row what `session` says; its turns are written one by one. Without its draft, one
    that is there stays."""
    choice = session.choice
    connection.execute(
        "INSERT INTO sessions (id, root, model, title, draft, created, updated, server, wanted, revision, "
        "quant, owner) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET model = excluded.model, title = excluded.title, "
        "draft = CASE WHEN ? THEN excluded.draft ELSE draft END, updated = max(updated, excluded.updated), "
        "server = excluded.server, wanted = excluded.wanted, revision = excluded.revision, "
        "quant = excluded.quant, owner = excluded.owner",
        (
            session.id,
            _path_bytes(session.root),
            _storable(session.model),
            _storable(session.title),
            _storable(session.draft),
            session.created,
            session.updated,
            *map(_storable, (choice.server, choice.name, choice.revision, choice.quant)),
            owner,
            with_draft,
        ),
    )


def write_waiting(
    connection: sqlite3.Connection, session_id: str, question: WaitingQuestion, owner: str
) -> None:
    """A question waits."""
    connection.execute(
        "INSERT OR REPLACE INTO waiting (id, session_id, accepted, question, owner) VALUES (?, ?, ?, ?, ?)",
        (question.id, session_id, question.accepted, _storable(question.text), owner),
    )


def drop_waiting(connection: sqlite3.Connection, question_id: int) -> None:
    """A question became a turn, or went back to whoever wrote it."""
    connection.execute("DELETE FROM waiting WHERE id = ?", (question_id,))


def write_turn(
    connection: sqlite3.Connection, session_id: str, turn: SavedTurn, owner: str, with_items: bool
) -> None:
    """Make the turn's row what `turn` says. Its items never change: they are written once."""
    connection.execute(
        "INSERT INTO turns (id, session_id, asked, question, task, fields, model, answer, status, owner, "
        "error, finish_reason, prompt_tokens, completion_tokens, reused_tokens, ttft_s, tokens_per_s, "
        "left_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET "
        "model = excluded.model, answer = excluded.answer, status = excluded.status, owner = excluded.owner, "
        "error = excluded.error, finish_reason = excluded.finish_reason, "
        "prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens, "
        "reused_tokens = excluded.reused_tokens, ttft_s = excluded.ttft_s, "
        "tokens_per_s = excluded.tokens_per_s",
        (
            turn.id,
            session_id,
            turn.asked,
            _storable(turn.question),
            _storable(turn.task),
            json.dumps(dict(turn.fields), default=str),
            _storable(turn.model),
            _storable(turn.answer),
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
        ),
    )
    if with_items:
        placed = [*turn.earlier, *(Placed(turn.id, item) for item in turn.context)]
        _write_items(connection, turn.id, placed)


def read_session(
    connection: sqlite3.Connection, session_id: str, characters: int | None = None
) -> StoredSession | None:
    """The session, or of its turns the latest with about so many `characters`; None when there is none."""
    row = connection.execute(
        "SELECT root, model, title, draft, created, updated, server, wanted, revision, quant "
        "FROM sessions WHERE id = ?",
        (session_id,),
    ).fetchone()
    if row is None:
        return None
    root, model, title, draft, created, updated, *choice = row
    turns = _read_turns(connection, session_id, characters=characters)
    [known] = connection.execute("SELECT count(*) FROM turns WHERE session_id = ?", (session_id,)).fetchone()
    return StoredSession(
        session_id,
        _text(title),
        _path(root),
        _text(model),
        _text(draft),
        moment(created),
        moment(updated),
        tuple(turns),
        known - len(turns),
        ModelChoice(*map(_text, choice)),
        _left_waiting(connection, session_id, moment(updated)),
    )


def read_without_turns(connection: sqlite3.Connection, root: str) -> str | None:
    """The latest session about `root` in which nothing was asked yet and which no living process has."""
    rows = connection.execute(
        "SELECT id, owner, updated FROM sessions WHERE root = ? "
        "AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id) ORDER BY updated DESC",
        (_path_bytes(root),),
    )
    return next((str(one) for one, owner, at in rows if not is_alive(_text(owner), moment(at))), None)


def read_left_in(connection: sqlite3.Connection, root: str) -> str | None:
    """The title of the latest session about `root` with turns, in which a question waits and whose process
    is gone."""
    rows = connection.execute(
        "SELECT title, waiting.owner, updated FROM waiting JOIN sessions ON sessions.id = session_id "
        "WHERE root = ? AND EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id) "
        "ORDER BY updated DESC",
        (_path_bytes(root),),
    )
    return next((_text(title) for title, owner, at in rows if not is_alive(_text(owner), moment(at))), None)


def _left_waiting(
    connection: sqlite3.Connection, session_id: str, updated: float
) -> tuple[WaitingQuestion, ...]:
    """What waits and whose process is gone. What became a turn waits no more."""
    rows = connection.execute(
        "SELECT question, accepted, id, owner FROM waiting WHERE session_id = ? "
        "AND id NOT IN (SELECT id FROM turns WHERE session_id = ?) ORDER BY accepted, id",
        (session_id, session_id),
    )
    return tuple(
        WaitingQuestion(_text(question), moment(accepted), number)
        for question, accepted, number, owner in rows
        if not is_alive(_text(owner), updated, WAITING_SECONDS)
    )


def read_turns_before(
    connection: sqlite3.Connection, session_id: str, asked: float, count: int
) -> list[SavedTurn]:
    """The last `count` turns that were asked before another was."""
    return _read_turns(connection, session_id, before=asked, count=count)


def read_summaries(connection: sqlite3.Connection) -> list[SessionSummary]:
    """Every session in which something was said or typed, the latest first."""
    rows = connection.execute(
        "SELECT sessions.id, title, root, sessions.model, updated, count(turns.id), "
        "coalesce((SELECT question FROM waiting WHERE session_id = sessions.id ORDER BY accepted LIMIT 1), "
        "draft) AS unsent FROM sessions "
        "LEFT JOIN turns ON turns.session_id = sessions.id GROUP BY sessions.id "
        "HAVING count(turns.id) > 0 OR unsent != '' ORDER BY updated DESC"
    )
    return [
        SessionSummary(
            session_id,
            _text(title),
            _path(root),
            _text(model),
            moment(updated),
            turns,
            title_of(_text(unsent)),
        )
        for session_id, title, root, model, updated, turns, unsent in rows
        if isinstance(session_id, str)
    ]


def delete_session(connection: sqlite3.Connection, session_id: str) -> None:
    """Remove a session, its turns, and the contents that no other turn shows."""
    connection.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
    connection.execute("DELETE FROM contents WHERE sha256 NOT IN (SELECT sha256 FROM items)")


def drop_if_empty(connection: sqlite3.Connection, session_id: str) -> None:
    """Remove a session in which nothing was said and nothing is typed any more."""
    connection.execute(
        "DELETE FROM sessions WHERE id = ? AND draft = '' "
        "AND NOT EXISTS (SELECT 1 FROM turns WHERE session_id = sessions.id) "
        "AND NOT EXISTS (SELECT 1 FROM waiting WHERE session_id = sessions.id)",
        (session_id,),
    )


def _write_items(connection: sqlite3.Connection, turn_id: int, placed: Iterable[Placed]) -> None:
    for position, place in enumerate(placed):
        item = place.item
        connection.execute(
            "INSERT OR IGNORE INTO contents (sha256, content) VALUES (?, ?)",
            (item.sha256, _storable(item.content)),
        )
        path = None if item.path is None else _path_bytes(item.path)
        connection.execute(
            "INSERT OR REPLACE INTO items (turn_id, position, entered, path, language, start_line, "
            "end_line, sha256, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                turn_id,
                position,
                place.turn_id,
                path,
                _storable(item.language),
                item.start_line,
                item.end_line,
                item.sha256,
                _storable(item.detail),
            ),
        )


def _read_turns(
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
        "prompt_tokens, completion_tokens, reused_tokens, ttft_s, tokens_per_s, left_out "
        "FROM turns WHERE session_id = ? AND (? IS NULL OR asked < ?) ORDER BY asked DESC, id DESC LIMIT ?",
        (session_id, before, before, count),
    )
    wanted: list[tuple[Any, ...]] = []
    read = 0
    for row in rows:
        wanted.append(row)
        read += sum(len(text) for text in (row[2], row[6]) if isinstance(text, str | bytes))
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
    left_out = figures[5]
    lost: list[str] = []
    shown = _text(question, lost, "the question")
    words = _json(fields, dict, lost, "how it was asked")
    turn = SavedTurn(
        question=shown,
        # Without what its template was filled with, the words that are shown are what can be sent again.
        task="answer_question" if words is None else _text(task, lost, "the kind of task"),
        fields={"question": shown} if words is None else words,
        context=tuple(place.item for place in placed if place.turn_id == turn_id),
        earlier=tuple(place for place in placed if place.turn_id != turn_id),
        answer=_text(answer, lost, "the answer"),
        status=status if status in STATUSES else _unknown("interrupted", lost, "how it ended"),
        error=None if error is None else from_wire(_json(error, dict, lost, "what went wrong") or {}),
        finish_reason=reason if reason in REASONS else _unknown(None, lost, "why it ended"),
        usage=Usage(*(_figure(value, int) for value in figures[:3])),
        ttft_s=_figure(figures[3], float),
        tokens_per_s=_figure(figures[4], float),
        left_out=tuple(str(one) for one in _json(left_out, list, lost, "what was not sent") or ()),
        model=_text(model, lost, "the model's name"),
        asked=moment(asked),
        id=turn_id,
    )
    lost.extend(item.label for item in turn.context if item.detail == LOST)
    turn.damage = tuple(lost)
    return turn


def _text(value: object, lost: list[str] | None = None, name: str = "") -> str:
    """A stored text; of one that a damaged disk changed what can be read."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return _unknown(value.decode("utf-8", "replace"), lost, name)
    return _unknown("" if value is None else str(value), lost, name)


def _json(value: object, kind: type[T], lost: list[str], name: str) -> T | None:
    """A stored JSON value of a kind; None where it is none any more."""
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, kind) else _unknown(None, lost, name)


def _figure(value: object, kind: type[N]) -> N | None:
    """A stored number; None where it is none, or none that can be true."""
    if not isinstance(value, int | float) or not 0 <= value < LARGEST_FIGURE:
        return None
    return kind(value)


def _unknown(instead: V, lost: list[str] | None, name: str) -> V:
    if lost is not None:
        lost.append(name)
    return instead


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
        if (text := _text(content)) and digest_of(text) == sha256
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
                None if path is None else _path(path),
                _text(language),
                _figure(start, int),
                _figure(end, int),
                _text(sha256),
                _text(detail) if content is not None else LOST,
            )
            place = known[mark] = Placed(entered, item)
        items.setdefault(turn_id, []).append(place)
    return items


def _storable(text: str) -> str | bytes:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _path(value: object) -> str:
    """A stored path; empty where it is none any more."""
    return os.fsdecode(value) if isinstance(value, bytes) else ""


def _path_bytes(path: str) -> bytes:
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # not from this file system
        return path.encode("utf-8", "replace")
