"""Whatever becomes of a ticked file is a state with its reason, and the snapshot stays what it was."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.context.files import states
from docstra_tui.context.files.states import Ticked, refresh, tick


def settled(root: Path, name: str, text: str = "one\ntwo\nthree\n", **lines: int) -> Ticked:
    """A file written long ago, ticked."""
    (root / name).write_text(text)
    an_hour_ago = time.time() - 3600
    os.utime(root / name, (an_hour_ago, an_hour_ago))
    return tick(root, name, **lines)


def only(found: list[Ticked]) -> Ticked:
    assert len(found) == 1
    return found[0]


def test_a_file_nobody_touched_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = settled(tmp_path, "a.py")
    monkeypatch.setattr(states, "read_file", lambda *_, **__: pytest.fail("it was read again"))
    assert refresh([file], tmp_path) == []
    assert file.state == states.UNCHANGED
    assert file.item is not None and file.item.content == "one\ntwo\nthree\n"


def test_a_changed_file_keeps_its_snapshot_until_it_is_updated(tmp_path: Path) -> None:
    file = settled(tmp_path, "a.py")
    (tmp_path / "a.py").write_text("else\n")
    changed = only(refresh([file], tmp_path))
    assert changed.state.kind == "changed"
    assert changed.item == file.item
    assert changed.newer is not None and changed.newer.content == "else\n"
    assert refresh([changed], tmp_path) == []

    updated = changed.updated()
    assert (updated.state, updated.item, updated.newer) == (states.UNCHANGED, changed.newer, None)
    assert refresh([updated], tmp_path) == []


def test_a_change_that_was_taken_back_is_none(tmp_path: Path) -> None:
    file = settled(tmp_path, "a.py")
    (tmp_path / "a.py").write_text("else\n")
    changed = only(refresh([file], tmp_path))
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    back = only(refresh([changed], tmp_path))
    assert (back.state, back.newer) == (states.UNCHANGED, None)


def test_a_change_outside_the_picked_lines_is_none(tmp_path: Path) -> None:
    file = settled(tmp_path, "a.py", start_line=1, end_line=2)
    (tmp_path / "a.py").write_text("one\ntwo\nother\nmore\n")
    assert refresh([file], tmp_path) == []
    (tmp_path / "a.py").write_text("new\ntwo\n")
    assert only(refresh([file], tmp_path)).state.kind == "changed"
    (tmp_path / "a.py").write_text("")
    gone = only(refresh([file], tmp_path))
    assert gone.state.kind == "unreadable"
    assert "no line 1" in gone.state.reason


def test_a_write_that_leaves_size_and_time_alone_is_seen(tmp_path: Path) -> None:
    file = settled(tmp_path, "a.py")
    before = os.stat(tmp_path / "a.py")
    (tmp_path / "a.py").write_text("two\none\nthree\n")
    os.utime(tmp_path / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert only(refresh([file], tmp_path)).state.kind == "changed"


def test_a_file_written_just_now_is_read_again_to_be_sure(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n")
    file = tick(tmp_path, "a.py")
    assert file.stamp is not None
    calls = []
    read = states.read_file

    def counted(*args: object, **options: object) -> object:
        calls.append(args)
        return read(*args, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "read_file", counted)
        assert refresh([file], tmp_path) == []
    assert len(calls) == 1


def test_deleted_and_there_again(tmp_path: Path) -> None:
    file = settled(tmp_path, "a.py")
    (tmp_path / "a.py").unlink()
    gone = only(refresh([file], tmp_path))
    assert (gone.state.kind, gone.item) == ("deleted", file.item)
    assert "a.py" in gone.state.reason
    assert not gone.state.is_sendable
    assert refresh([gone], tmp_path) == []
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    assert only(refresh([gone], tmp_path)).state == states.UNCHANGED


def test_every_other_end_of_a_file_has_its_reason(tmp_path: Path) -> None:
    def after(name: str) -> tuple[str, str]:
        file = settled(tmp_path, name)
        path = tmp_path / name
        path.unlink()
        {
            "pipe": lambda: os.mkfifo(path),
            "link": lambda: path.symlink_to("/etc/passwd"),
            "folder": lambda: path.mkdir(),
            "binary": lambda: path.write_bytes(b"\x7fELF\0\0"),
            "huge": lambda: os.truncate(path, 5_000_000_000) if path.touch() is None else None,
        }[name]()
        state = only(refresh([file], tmp_path)).state
        assert not state.is_sendable
        return state.kind, state.reason

    start = time.monotonic()
    assert after("pipe") == ("unreadable", "pipe is a named pipe.")
    assert after("link") == ("unreadable", "link is a link.")
    assert after("folder") == ("unreadable", "folder is a folder.")
    assert after("binary")[0] == "binary"
    kind, reason = after("huge")
    assert kind == "huge"
    assert "5,000,000,000 bytes" in reason
    assert time.monotonic() - start < 5


def test_a_folder_above_that_became_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "src").mkdir()
    file = settled(tmp_path, "src/a.py")
    (tmp_path / "src").rename(tmp_path / "old")
    (tmp_path / "src").symlink_to("old")
    assert only(refresh([file], tmp_path)).state.kind == "unreadable"


def test_a_file_that_may_no_longer_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused by the system, as root is not by a mode of 000."""
    file = settled(tmp_path, "a.py")
    (tmp_path / "a.py").write_text("changed, so it is read again\n")
    real = os.open

    def refuse(path: Any, *arguments: Any, **named: Any) -> int:
        if path == "a.py":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path, *arguments, **named)

    monkeypatch.setattr(os, "open", refuse)
    assert only(refresh([file], tmp_path)).state.kind == "unreadable"


def test_ticking_never_raises(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("x" * 2000)
    found = {
        name: tick(tmp_path, name, max_bytes=1000).state.kind
        for name in ("pipe", "missing", "../outside", "/etc/passwd", "large", "a\0b", "")
    }
    assert found == {
        "pipe": "unreadable",
        "missing": "deleted",
        "../outside": "unreadable",
        "/etc/passwd": "unreadable",
        "large": "huge",
        "a\0b": "unreadable",
        "": "unreadable",
    }


def test_a_huge_file_is_read_when_the_user_says_so(tmp_path: Path) -> None:
    (tmp_path / "large").write_text("x" * 2000)
    file = tick(tmp_path, "large", max_bytes=1000)
    assert (file.state.kind, file.state.size, file.item) == ("huge", 2000, None)
    assert refresh([file], tmp_path, max_bytes=1000) == []
    read = only(refresh([file], tmp_path, max_bytes=5000))
    assert read.state == states.UNCHANGED
    assert read.item is not None and len(read.item.content) == 2000
