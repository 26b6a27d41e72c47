"""Nobody else reads what is saved, and what is deleted is gone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from docstra_tui.errors import StoreError
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.session.stored import on_disk, say


def test_a_deleted_session_is_gone_with_its_contents(store: SessionStore, path: Path) -> None:
    keep, drop = store.create("/p", "m"), store.create("/p", "m")
    shared, own = ContextItem("shared", "s.py"), ContextItem("own secret words", "o.py")
    store.begin_turn(keep, SavedTurn("keep", context=(shared,)))
    store.begin_turn(drop, SavedTurn("drop", context=(shared, own)))
    store.delete(drop[:9])
    assert [one.id for one in store.sessions()] == [keep]
    assert on_disk(path, "SELECT content FROM contents") == [("shared",)]
    assert b"own secret words" not in path.read_bytes()
    with pytest.raises(StoreError):
        store.delete(drop)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_nobody_else_can_read_it(mask: int, path: Path) -> None:
    old = os.umask(mask)
    try:
        with_journal: set[int] = set()
        store = SessionStore()
        session_id = store.create("/p", "m")
        for number in range(3):
            store.begin_turn(session_id, SavedTurn(str(number)))
            with_journal |= {stat.S_IMODE(os.stat(one).st_mode) for one in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(old)
    assert with_journal == {0o600}
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o700


def test_an_open_file_is_closed_to_others_and_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    SessionStore().close()
    path.chmod(0o644)
    SessionStore().close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    store = SessionStore()
    say(store, store.create("/p", "m"), "q")
    assert "link" in (store.problem or "")
    store.close()


def test_the_words_of_a_deleted_session_are_gone_from_the_file(store: SessionStore, path: Path) -> None:
    secret = store.create("/p", "m")
    for number in range(20):
        item = ContextItem(f"contents-{number} " * 300, f"f{number}.py")
        turn = SavedTurn(f"hidden-question-{number}", context=(item,))
        store.begin_turn(secret, turn)
        turn.answer, turn.status = f"hidden-answer-{number} " * 400, "done"
        store.end_turn(turn.id, turn)
    kept = store.create("/p", "m")
    say(store, kept, "this one stays")
    assert store.flush()
    assert b"hidden-answer-7" in path.read_bytes() and b"contents-7" in path.read_bytes()

    store.delete(secret)

    data = path.read_bytes()
    assert b"hidden-" not in data and b"contents-" not in data and b"this one stays" in data
