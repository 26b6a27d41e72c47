"""What tests of saved sessions say, and what the disk has of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.fakes import FakeLLM

PROJECT = Path(__file__).parents[2]
ROOT = Path("/project")


def until(claim: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def say(store: SessionStore, session_id: str, question: str, answer: str = "answer") -> SavedTurn:
    turn = SavedTurn(question, fields={"question": question})
    store.begin_turn(session_id, turn)
    store.add_piece(turn.id, answer)
    turn.answer, turn.status = answer, "done"
    store.end_turn(turn.id, turn)
    return turn


TURNS = "SELECT question, answer, status FROM turns ORDER BY asked"


def on_disk(path: Path, query: str = TURNS) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def waits(path: Path) -> list[str]:
    return [row[0] for row in on_disk(path, "SELECT question FROM waiting ORDER BY accepted")]


def again(which: str = "last") -> tuple[ChatSession, SessionStore]:
    """The session as another program finds it."""
    store = SessionStore()
    return ChatSession.resume(FakeLLM("fine"), store, which), store
