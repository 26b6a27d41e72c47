"""Who is the engine, and what is left in the folder."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from docstra_tui import paths
from docstra_tui.engine.client import census, old_logs, place, starting
from docstra_tui.engine.client.identity import EngineIdentity, EngineOptions, LockNote
from docstra_tui.engine.client.place import Place
from docstra_tui.errors import EngineError, UnsafePath

IDENTITY = EngineIdentity(model="m")
NOTE = LockNote(pid=1, identity=IDENTITY, log="/log")


def claim() -> Place:
    taken = Place.claim(IDENTITY.socket, NOTE)
    assert taken is not None
    return taken


def test_one_place_has_one_engine_and_is_free_again_when_it_leaves() -> None:
    first = claim()
    assert Place.claim(IDENTITY.socket, NOTE) is None
    first.leave()
    assert list(IDENTITY.socket.parent.iterdir()) == []
    claim().leave()


def test_socket_and_lock_are_private_whatever_the_umask() -> None:
    before = os.umask(0)
    try:
        taken = claim()
        with taken.listen():
            modes = {path.name: path.stat().st_mode & 0o777 for path in IDENTITY.socket.parent.iterdir()}
            folder = IDENTITY.socket.parent.stat().st_mode & 0o777
    finally:
        os.umask(before)
        taken.leave()
    assert set(modes.values()) == {0o600} and folder == 0o700


def test_a_dead_engines_socket_is_taken_over() -> None:
    paths.private_folder(IDENTITY.socket.parent)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(IDENTITY.socket))
    taken = claim()
    with taken.listen(), socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(IDENTITY.socket))
    taken.leave()


def test_a_cleaner_that_empties_the_folder_is_noticed() -> None:
    taken = claim()
    with taken.listen():
        assert taken.keep() is True
    for path in IDENTITY.socket.parent.iterdir():
        path.unlink()
    IDENTITY.socket.parent.rmdir()
    assert taken.keep() is None
    with taken.listen():
        assert taken.keep() is True
        assert Place.claim(IDENTITY.socket, NOTE) is None
    taken.leave()


def test_an_engine_that_lost_its_lock_to_another_is_told() -> None:
    old = claim()
    place.lock_path(IDENTITY.socket).unlink()
    new = claim()
    assert old.keep() is False
    old.leave()
    assert paths.is_locked(place.lock_path(IDENTITY.socket))
    new.leave()


def test_a_path_that_is_too_long_is_said_before_the_system_cuts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCSTRA_RUNTIME_DIR", "/tmp/" + "x" * 90)
    with pytest.raises(EngineError, match="too long"):
        Place.claim(IDENTITY.socket, NOTE)


def test_a_folder_that_others_can_enter_is_refused(own_places: Path) -> None:
    paths.private_folder(IDENTITY.socket.parent).chmod(0o755)
    with pytest.raises(UnsafePath):
        Place.claim(IDENTITY.socket, NOTE)


def test_looking_whether_a_lock_is_held_makes_nothing() -> None:
    paths.private_folder(IDENTITY.socket.parent)
    assert not paths.is_locked(place.lock_path(IDENTITY.socket))
    assert list(IDENTITY.socket.parent.iterdir()) == []


def test_old_logs_go_and_those_of_living_engines_stay(tmp_path: Path) -> None:
    now = 1_000 * 86400.0
    ages = {f"engine-{number}.log": number / 24 for number in range(1, old_logs.MOST + 3)}
    ages |= {"engine-lives.log": 400, "engine-old.log.1": 31, "failures.log": 400, "engine-x.txt": 400}
    for name, days in ages.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (now - days * 86400,) * 2)
    (tmp_path / "engine-link.log").symlink_to("failures.log")
    removed = old_logs.remove(tmp_path, {tmp_path / "engine-lives.log"}, now)
    beyond = {f"engine-{number}.log" for number in (old_logs.MOST + 1, old_logs.MOST + 2)}
    assert {path.name for path in removed} == beyond | {"engine-old.log.1"}
    assert {path.name for path in tmp_path.iterdir()} == {*ages, "engine-link.log"} - beyond - {
        "engine-old.log.1"
    }


def test_an_engine_that_starts_removes_what_dead_ones_left() -> None:
    mine = claim()
    folder = paths.runtime_dir()
    for name in (f"{0:016x}.lock", f"{0:016x}.sock", f"{1:016x}.sock"):
        (folder / name).write_bytes(b"{")
    census.sweep()
    assert {path.name for path in folder.iterdir()} == {place.lock_path(IDENTITY.socket).name}
    mine.leave()


def test_what_other_programs_have_beside_it_stays() -> None:
    """The folder that somebody names may be one that others use, with sockets and locks of their own."""
    folder = paths.private_folder(IDENTITY.socket.parent)
    theirs = {"docker.sock", "uv.lock", f"{1:08x}.sock", f"{1:016x}.lock.old"}
    for name in (*theirs, f"{2:016x}.sock"):
        (folder / name).touch()
    assert census.list_engines() == [] and {path.name for path in folder.iterdir()} == theirs


def test_a_folder_that_is_not_ours_alone_is_not_cleaned() -> None:
    left = paths.private_folder(IDENTITY.socket.parent) / f"{2:016x}.sock"
    left.touch()
    left.parent.chmod(0o755)
    assert census.list_engines() == [] and left.exists()


def test_a_log_that_was_just_opened_is_no_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its engine has no place yet, by which others would know that it lives."""
    log = paths.private_folder(paths.private_folder(paths.state_dir()) / "logs") / "engine-a.log"
    log.touch()
    os.utime(log, (0, 0))
    monkeypatch.setattr(
        starting.subprocess, "Popen", lambda *args, **options: SimpleNamespace(wait=lambda: 0)
    )
    starting.start(EngineOptions(IDENTITY, str(IDENTITY.socket), str(log)))
    assert old_logs.remove(log.parent, ()) == [] and log.exists()
