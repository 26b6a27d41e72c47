"""A disk that is full, locked, slow or gone is told of, and loses nothing of what was said."""

from __future__ import annotations

import resource
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.store import database, session_rows
from docstra_tui.session.store import writer as writing
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.session.stored import on_disk, say, until


def test_a_full_disk_is_told_and_nothing_is_lost(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    say(store, session_id, "before")
    assert store.flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    try:
        started = time.monotonic()
        say(store, session_id, "during " + "x" * 100_000)
        assert time.monotonic() - started < 5
        assert store.problem and not store.problem.lower().startswith("not saved")  # the faces say so
        assert not store.flush(0.5)
        assert [turn.question[:6] for turn in store.load(session_id).turns] == ["before", "during"]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    until(lambda: store.problem is None)
    assert [row[0][:6] for row in on_disk(path)] == ["before", "during"]


def test_a_read_only_folder_is_told_and_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite3.connect

    def refuse(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr(sqlite3, "connect", refuse)
    store = SessionStore()
    session_id = store.create("/p", "m")
    say(store, session_id, "kept")
    assert "cannot be written" in (store.problem or "")
    assert [one.title for one in store.sessions()] == ["kept"]
    assert store.load("last").turns[0].answer == "answer"
    monkeypatch.setattr(sqlite3, "connect", real)
    until(lambda: store.problem is None)
    store.close()
    assert on_disk(path) == [("kept", "answer", "done")]


def test_a_file_that_another_program_holds_is_waited_for_then_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "WAIT_SECONDS", 0.6)
    monkeypatch.setattr(database, "BUSY_MS", 100)
    store = SessionStore()
    session_id = store.create("/p", "m")
    assert store.sessions() == []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        say(store, session_id, "kept")
        assert time.monotonic() - started < 3
        assert store.problem
        until(lambda: "locked" in (store.problem or ""))
        other.execute("ROLLBACK")
        until(lambda: store.problem is None)
    store.close()
    assert on_disk(path) == [("kept", "answer", "done")]


def test_leaving_does_not_wait_for_a_disk_that_hangs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SessionStore()
    session_id = store.create("/p", "m")
    assert store.sessions() == []
    release = threading.Event()
    monkeypatch.setattr(session_rows, "write_session", lambda *_: release.wait(30))
    monkeypatch.setattr(writing, "WAIT_SECONDS", 0.3)
    started = time.monotonic()
    say(store, session_id, "kept")
    assert "does not answer" in (store.problem or "")
    store.close(timeout=0.3)
    assert time.monotonic() - started < 2
    release.set()


def test_a_file_deleted_while_open_is_made_again(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    item = ContextItem("text", "a.py")
    store.begin_turn(session_id, SavedTurn("first", context=(item,)))
    for _ in range(2):
        path.unlink()
        say(store, session_id, "next")
        assert store.flush()
    assert [row[0] for row in on_disk(path)] == ["first", "next", "next"]
    assert on_disk(path, "SELECT content FROM contents") == [("text",)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_resumed_session_survives_deletion_too(path: Path) -> None:
    before = SessionStore()
    session_id = before.create("/p", "m")
    before.begin_turn(session_id, SavedTurn("old", context=(ContextItem("text", "a.py"),)))
    before.close()
    store = SessionStore()
    store.load(session_id)
    path.unlink()
    say(store, session_id, "new")
    store.close()
    assert [row[0] for row in on_disk(path)] == ["old", "new"]
    again = SessionStore()
    assert again.load(session_id).turns[0].context[0].content == "text"
    again.close()
