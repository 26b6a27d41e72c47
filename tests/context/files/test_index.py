"""A project's files are found by a few letters, best first, also while they are still being listed."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from docstra_tui.context.files import index
from docstra_tui.context.files.ignore import IgnoreRules, NothingIgnored
from docstra_tui.context.files.index import FileIndex
from docstra_tui.workspace.files.finder import Finder, Found


def fill(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


def filled(root: Path, **options: bool | int) -> FileIndex:
    made = FileIndex(root, IgnoreRules(root), **options)  # type: ignore[arg-type]
    assert made.fill()
    return made


def test_only_what_can_be_picked_is_found(tmp_path: Path) -> None:
    fill(tmp_path, "a.py", "src/b.py", "src/deep/c.py", "build/d.py", "e.log", ".hidden", ".git/config")
    (tmp_path / ".gitignore").write_text("build/\n*.log\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "up").symlink_to("/")

    assert sorted(filled(tmp_path).paths) == ["a.py", "src/b.py", "src/deep/c.py"]
    assert ".hidden" in list(filled(tmp_path, show_hidden=True).paths)
    folders = [path for path in filled(tmp_path, with_folders=True).paths if path.endswith("/")]
    assert sorted(folders) == ["src/", "src/deep/"]
    assert filled(tmp_path, with_folders=True).filter("deep") == ["src/deep/", "src/deep/c.py"]


def test_odd_names_are_found_and_distinct(tmp_path: Path) -> None:
    names = ["new\nline.py", "new line.py", "esc\x1b.py", "ÄÖ.py", "İx.py", "sp ace/a b.py"]
    fill(tmp_path, *names)
    (tmp_path / os.fsdecode(b"bad\xff.py")).write_text("x")
    found = filled(tmp_path)
    assert sorted(found.filter("py")) == sorted([*names, "bad\udcff.py"])
    assert set(found.filter("newline")) == {"new\nline.py", "new line.py"}
    assert found.filter("äö") == ["ÄÖ.py"]


def test_a_folder_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    gone = FileIndex(tmp_path / "gone", IgnoreRules(tmp_path / "gone"))
    assert gone.fill()
    assert (len(gone), gone.error) == (0, "No such file or directory")
    assert filled(tmp_path).error == ""


def test_a_limit_is_told(tmp_path: Path) -> None:
    fill(tmp_path, *(f"{n}.py" for n in range(20)))
    cut = filled(tmp_path, limit=10)
    assert (len(cut), cut.has_more) == (10, True)
    assert not filled(tmp_path, limit=20).has_more


class Looking:
    """A finder whose screen is this thread."""

    def __init__(self, root: Path) -> None:
        self._calls: queue.Queue[Callable[[], None]] = queue.Queue()
        self.told: list[Found] = []
        self.finder = Finder(root, self.told.append, self._calls.put)

    def until(self, is_so: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not is_so():
            self._calls.get(timeout=max(0.01, end - time.monotonic()))()

    def is_found(self) -> bool:
        return bool(self.told) and self.told[-1].is_complete

    def settle(self) -> None:
        """Do what the jobs have to say until they are silent."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._calls.get(timeout=0.2)()


def test_who_looks_for_a_file_is_told_that_not_all_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, *(f"{n}.py" for n in range(20)))
    for limit, is_partial in ((10, True), (20, False)):
        monkeypatch.setitem(FileIndex.__init__.__kwdefaults__, "limit", limit)
        looking = Looking(tmp_path)
        looking.finder.begin(lambda: IgnoreRules(tmp_path), show_hidden=False)
        looking.until(looking.is_found)
        assert (looking.told[-1].files, looking.told[-1].is_partial) == (limit, is_partial)
        looking.finder.close()


@pytest.mark.parametrize("kind", ["raises", "none"])
def test_a_listing_that_failed_is_tried_again(tmp_path: Path, kind: str) -> None:
    fill(tmp_path, "a.py", "b.py")
    looking = Looking(tmp_path)

    def broken() -> IgnoreRules:
        if kind == "raises":
            raise RuntimeError("swapped meanwhile")
        return None  # type: ignore[return-value]

    looking.finder.begin(broken, show_hidden=False)
    looking.settle()
    assert not looking.finder.is_complete
    looking.finder.begin(lambda: IgnoreRules(tmp_path), show_hidden=False)
    looking.until(looking.is_found)
    assert looking.told[-1].files == 2
    looking.finder._filled = 0.0001  # long ago
    looking.finder.begin(broken, show_hidden=False)
    looking.settle()
    looking.finder.find("a.py")
    looking.until(lambda: looking.told[-1].query == "a.py")
    assert looking.told[-1].paths == ("a.py",), "the files of before are still found"
    looking.finder.close()


def test_the_files_that_were_asked_for_last_are_the_ones_found(tmp_path: Path) -> None:
    """Another wish arrives while the rules for the first are being read."""
    fill(tmp_path, "a.py", "b.log")
    (tmp_path / ".gitignore").write_text("*.log\n")
    looking = Looking(tmp_path)
    entered, release = threading.Event(), threading.Event()

    def slow() -> IgnoreRules:
        entered.set()
        assert release.wait(20)
        return IgnoreRules(tmp_path)

    looking.finder.begin(slow, show_hidden=False)
    assert entered.wait(20)
    looking.finder.begin(lambda: NothingIgnored(tmp_path), show_hidden=True, fresh=True)
    release.set()
    looking.until(looking.is_found)
    assert looking.told[-1].files == 3
    looking.settle()
    assert looking.finder.is_complete
    assert {found.files for found in looking.told if found.is_complete} == {3}
    looking.finder.close()


def test_it_can_be_searched_while_it_fills_and_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_FIRST", 5)
    fill(tmp_path, *(f"file_{n}.py" for n in range(50)))
    made = FileIndex(tmp_path, IgnoreRules(tmp_path))
    seen: list[tuple[int, list[str]]] = []

    def look(count: int) -> None:
        seen.append((count, made.filter("file")))
        made.stop()

    assert made.fill(look) is False
    assert [(count, len(found)) for count, found in seen] == [(5, 5)]
    assert not made.is_complete


def test_a_listing_that_hangs_keeps_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.py")
    release = threading.Event()
    scandir = os.scandir

    def slow(fd: int) -> object:
        assert release.wait(20)
        return scandir(fd)

    monkeypatch.setattr(index.os, "scandir", slow)
    made = FileIndex(tmp_path, IgnoreRules(tmp_path))
    worker = threading.Thread(target=made.fill, daemon=True)
    worker.start()
    assert made.filter("a") == []
    made.stop()
    release.set()
    worker.join(20)
    assert not worker.is_alive()


def test_typing_on_gives_what_typing_at_once_gives(tmp_path: Path) -> None:
    files = [f"{folder}/{name}" for folder in ("src", "lib", "doc") for name in ("client", "server")]
    fill(tmp_path, *(f"{name}_{number}.py" for number, name in enumerate(files)))
    one = filled(tmp_path)
    for query in ("srv", "s/c", "c l 3", "zz"):
        for end in range(1, len(query) + 1):
            one.filter(query[:end])
        assert one.filter(query) == filled(tmp_path).filter(query)
