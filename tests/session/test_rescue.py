"""A conversation that the disk did not take can still be read when the program is gone."""

from __future__ import annotations

import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.rescue import rescue
from docstra_tui.session.store import turn_rows
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.fakes import FakeLLM


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder


def talk(path: Path) -> tuple[ChatSession, SessionStore]:
    store = SessionStore(path)
    session = ChatSession(FakeLLM("It \udcff adds."), Path("/project"), store)
    list(session.ask("What does it do?"))
    return session, store


def test_what_is_not_saved_is_copied_where_nobody_else_reads_it(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    session, store = talk(tmp_path / "file" / "sessions.db")
    store.close()
    path = rescue(session)
    assert path is not None and path.parent == temporary
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "> What does it do?" in path.read_text() and "adds." in path.read_text()


def test_what_stands_on_other_branches_is_in_the_copy(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    session, store = talk(tmp_path / "file" / "sessions.db")
    list(session.run(session.branches.edit(session.turns[0].id, "And why?")))
    assert len(session.turns) == 1
    store.close()
    path = rescue(session)
    assert path is not None and path.read_text().index("> And why?") < path.read_text().index("> What does")


def test_what_is_saved_or_was_never_said_is_not_copied(tmp_path: Path, temporary: Path) -> None:
    session, store = talk(tmp_path / "sessions.db")
    store.close()
    assert rescue(session) is None
    (tmp_path / "file").write_text("in the way")
    store = SessionStore(tmp_path / "file" / "sessions.db")
    silent = ChatSession(FakeLLM(), Path("/project"), store)
    store.close()
    assert silent.problem and rescue(silent) is None
    assert not list(temporary.iterdir())


def test_a_disk_that_says_nothing_at_all_is_copied_too(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    store = SessionStore(tmp_path / "state" / "sessions.db")
    store.flush()
    monkeypatch.setattr(turn_rows, "write_turn", lambda *_: hangs.wait(60))
    session = ChatSession(FakeLLM("It adds."), Path("/project"), store)
    store.keep_turn(session.id or "", SavedTurn("What does it do?"))
    session.accept("And this?")
    path = rescue(session)
    hangs.set()
    store.close()
    assert path is not None and "And this?" in path.read_text()


def test_a_temporary_folder_that_takes_nothing_is_no_error(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary.rmdir()
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / "file").write_text("in the way")
    session, store = talk(tmp_path / "file" / "sessions.db")
    store.close()
    path = rescue(session)
    assert path is not None and path.parent == home
    path.unlink()
    home.rmdir()
    assert rescue(session) is None
