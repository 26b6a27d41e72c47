"""A damaged file is set aside, and the conversation goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docstra_tui.session.store.sessions import SessionStore
from tests.session.stored import on_disk, say, until


def damage_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 3] = b"\xa5" * 8192
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"this is no database, " * 500),
        lambda path: path.write_bytes(path.read_bytes()[: 4096 * 2 + 100]),
        damage_middle,
    ],
    ids=["garbage", "cut", "flipped"],
)
def test_a_damaged_file_is_set_aside_and_both_paths_are_told(
    damage: Callable[[Path], object], path: Path
) -> None:
    before = SessionStore()
    say(before, before.create("/p", "m"), "old " + "x" * 20_000)
    before.close()
    damage(path)

    store = SessionStore()
    say(store, store.create("/p", "m"), "new")
    assert store.flush() and store.problem is None
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    assert store.notice and str(aside) in store.notice and str(path) in store.notice
    assert store.sessions()[0].title == "new"
    store.close()


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.touch(0o600)
    store = SessionStore()
    say(store, store.create("/p", "m"), "q")
    assert store.flush() and store.problem is None and store.notice is None
    store.close()


def test_damage_found_while_running_keeps_what_was_said(store: SessionStore, path: Path) -> None:
    session_id = store.create("/p", "m")
    say(store, session_id, "said")
    assert store.flush()
    with open(path, "r+b") as file:  # the same file, as a failing disk would do it
        file.write(b"\xa5" * path.stat().st_size)
    say(store, session_id, "more")
    until(lambda: store.problem is None)
    assert store.notice
    assert [row[0] for row in on_disk(path)] == ["said", "more"]
