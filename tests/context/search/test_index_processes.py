"""The processes that make an index: killed, broken, stopped, in each other's way, with no place to write."""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import sys
import threading
import time
from contextlib import closing
from io import BytesIO, TextIOWrapper
from pathlib import Path

import msgspec
import pytest

from docstra_tui.context.search.index import place, process
from docstra_tui.context.search.index.builder import Builder
from docstra_tui.context.search.index.building import Progress
from docstra_tui.context.search.index.extracted import Wanted
from docstra_tui.context.search.index.project import ProjectIndex, is_too_broad
from docstra_tui.context.search.index.workers import BATCH, BROKEN, COMMAND, FAILURES, Workers
from docstra_tui.context.search.numbering import numbers
from docstra_tui.errors import NoIndex
from tests.context.search import indexed

GUARD = 60.0
"""Seconds after which a test has hung."""

FRAGILE = """
import os, sys, time
from docstra_tui.context.search import extraction
from docstra_tui.context.search.index import worker
plain = extraction.extract
def extract(path, content, *, language="", parse=True):
    if path == "hopeless.py" or (path == "crash.py" and parse):
        os.abort()
    if path == "endless.py" and parse:
        os.close(1)
    return plain(path, content, language=language, parse=parse)
worker.extract = extract
plain_facts = worker.plain_facts
def lines(path, *rest):
    if path == "hopeless.py":
        os.abort()
    return plain_facts(path, *rest)
worker.plain_facts = lines
worker.main()
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CACHE", "RUNTIME"):
        monkeypatch.setenv(f"DOCSTRA_{name}_DIR", str(tmp_path / name))
    root = tmp_path / "project"
    root.mkdir()
    return root


def paths_with(index: ProjectIndex, word: str) -> list[str]:
    return index.ask(lambda reader: indexed.paths_with(reader, word))


def test_a_file_that_breaks_its_parser_is_there_all_the_same(root: Path) -> None:
    names = ["crash.py", "endless.py", "hopeless.py", *(f"good{number}.py" for number in range(30))]
    for name in names:
        (root / name).write_text("class Walrus:\n    pass\n")
    workers = Workers(root, is_low=False, count=1, command=[*COMMAND[:2], "-c", FRAGILE])
    every = [*workers.read([Wanted(name, 1000) for name in names])]
    found = {wanted.path: rows for wanted, rows in every}
    assert sorted(wanted.path for wanted, _ in every) == sorted(names)
    assert {name for name, rows in found.items() if rows.left_out} == {"hopeless.py"}
    assert found["hopeless.py"].left_out == BROKEN
    walrus = numbers(["Walrus"])
    assert all(walrus in rows.words.numbers for name, rows in found.items() if name != "hopeless.py")


def test_processes_that_end_at_once_are_given_up(root: Path) -> None:
    workers = Workers(root, is_low=False, count=1, command=[sys.executable, "-c", ""])
    with pytest.raises(OSError, match="end at once"):
        list(workers.read([Wanted(f"{number}.py", 1000) for number in range(30)]))


def test_it_is_whole_after_every_kind_of_end(root: Path) -> None:
    for number in range(40):
        (root / f"{number}.py").write_text(f"class Walrus{number}:\n    word = 'seal'\n" * 50)
    index = ProjectIndex(root)
    with pytest.raises(NoIndex):
        index.reader()
    assert not index.status().is_complete

    builder = Builder(root, index.folder, ignore=(), max_bytes=100_000, is_low=True, is_anew=False)
    with closing(builder.lines()) as lines:  # killed while it works
        assert builder._process is not None or next(lines)
        assert builder._process is not None
        builder._process.kill()
    told: list[Progress] = []
    index.refresh(told.append)
    assert told[-1] == Progress(40, 40)
    status = index.status()
    assert (status.files, status.is_complete, status.is_building) == (40, True, False)
    assert len(paths_with(index, "seal")) == 40

    with open(index.folder / place.FILE, "r+b") as file:  # its pages are damaged, its head is not
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    assert len(paths_with(index, "seal")) == 40

    [kept] = place.kept()
    assert (kept.root, kept.is_orphan) == (str(root), False)
    assert {path.stat().st_mode & 0o777 for path in kept.folder.iterdir()} == {0o600}
    assert place.remove(kept.folder)
    assert not kept.folder.exists()


def test_whoever_waits_for_it_goes_before_the_background(root: Path) -> None:
    folder = place.folder_of(root)
    place.claim(folder, root)
    done = threading.Event()

    def build_in_the_background() -> None:
        with place.held(folder):
            held.set()
            while not place.is_hurried(folder) and not done.wait(0.01):
                pass

    held = threading.Event()
    thread = threading.Thread(target=build_in_the_background)
    thread.start()
    try:
        assert held.wait(GUARD)
        assert place.is_held(folder)
        with place.held(folder, seconds=0) as is_ours:
            assert not is_ours
        with place.held(folder, is_urgent=True, seconds=GUARD) as is_ours:
            assert is_ours and not place.is_hurried(folder)
    finally:
        done.set()
        thread.join()


def test_in_the_background_it_follows_and_ends_with_whoever_began_it(root: Path) -> None:
    (root / "a.py").write_text("walrus = 1\n")
    changed = threading.Event()
    index = ProjectIndex(root)
    index.start(changed.set)
    try:
        until = time.monotonic() + GUARD
        while not index.status().is_complete and time.monotonic() < until:
            changed.wait(1.0)
        assert paths_with(index, "walrus") == ["a.py"]
    finally:
        index.stop()


def test_where_the_cache_cannot_be_written_it_is_beside_the_sockets(root: Path, tmp_path: Path) -> None:
    (root / "a.py").write_text("walrus = 1\n")
    (tmp_path / "CACHE").write_text("no folder")
    index = ProjectIndex(root)
    index.refresh()
    assert index.folder.is_relative_to(tmp_path / "RUNTIME")
    assert paths_with(index, "walrus") == ["a.py"]
    (tmp_path / "RUNTIME").rename(tmp_path / "elsewhere")
    (tmp_path / "RUNTIME").write_text("no folder either")
    with pytest.raises(NoIndex, match="has no index"):
        ProjectIndex(root).refresh()


def test_a_home_folder_has_none_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert is_too_broad(tmp_path) and is_too_broad(Path("/"))
    assert not is_too_broad(tmp_path / "project")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # nobody, as in some containers
    assert not is_too_broad(Path.cwd()) and is_too_broad(Path("/"))
    monkeypatch.undo()
    monkeypatch.setenv("HOME", str(tmp_path))
    index = ProjectIndex(tmp_path)
    index.start()
    assert "home folder" in index.status().problem


def test_what_nobody_wants_any_more_is_removed(tmp_path: Path, root: Path) -> None:
    def kept(name: str, age: float = 0.0, size: int = 10) -> Path:
        project = tmp_path / name
        project.mkdir()
        folder = place.folder_of(project)
        place.claim(folder, project)
        with open(folder / place.FILE, "wb") as file:
            file.truncate(size)
        then = time.time() - age
        os.utime(folder / place.ROOT, (then, then))
        return folder

    mine, used, old = kept("mine"), kept("used", 100), kept("old", place.AGE_SECONDS + 100)
    gone, busy = kept("gone"), kept("busy", place.AGE_SECONDS + 100)
    large, larger = kept("large", 1000, place.ALL_BYTES // 2), kept("larger", 2000, place.ALL_BYTES // 2)
    (tmp_path / "gone").rmdir()
    with place.held(busy):
        place.prune(but=mine)
    assert all(folder.exists() for folder in (mine, used, busy, large))
    assert not any(folder.exists() for folder in (old, gone, larger))


def test_a_full_disk_is_said(root: Path, tmp_path: Path) -> None:
    from docstra_tui.context.search.index import database

    with pytest.raises(sqlite3.OperationalError, match="full"):
        database.written(tmp_path / "index" / place.FILE, _fill)


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 30")
    connection.execute("INSERT INTO state VALUES ('much', ?)", ("x" * 1_000_000,))


def test_without_numpy_it_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "a.py").write_text("walrus = 1\n")
    monkeypatch.setitem(sys.modules, "docstra_tui.context.search.postings", None)
    monkeypatch.delattr("docstra_tui.context.search.postings", raising=False)
    assert built_here(root, monkeypatch) == [{"problem": process.NO_NUMPY, "is_elsewhere": False}]


def built_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the process says that writes, in this one."""
    said: list[dict[str, object]] = []
    monkeypatch.setattr(process, "bound", lambda memory: None)
    monkeypatch.setattr(process, "_say", lambda **words: said.append(words))
    monkeypatch.setattr(process, "_watch", lambda stop: None)
    monkeypatch.setattr(gc, "disable", lambda: None)
    order = {"root": str(root), "folder": str(place.folder_of(root)), "is_low": False, "is_anew": False}
    order |= {"ignore": [], "max_bytes": 1000}
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(json.dumps(order).encode())))
    process.main()
    return said


def test_damage_that_is_noticed_when_files_were_read_has_it_made_anew(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a.py").write_text("walrus = 1\n")
    index = indexed.own_index(root)
    with closing(sqlite3.connect(index.folder / place.FILE)) as connection, connection:
        connection.execute(f"UPDATE sqlite_sequence SET seq = {1 << 60}")
    assert built_here(root, monkeypatch)[-1] == {"end": process.DONE}
    assert paths_with(index, "walrus") == ["a.py"]


def test_many_files_that_break_their_parser_are_not_taken_for_broken_processes(root: Path) -> None:
    workers = Workers(root, is_low=False, count=1)
    workers._is_broken([Wanted(f"{number}.py", 1000) for number in range(BATCH)])
    read = []
    while batch := workers._next_batch():
        if batch[0].failures:  # as lines it is read
            workers._failures = 0
            read += batch
        else:
            workers._is_broken(batch)
    assert len(read) == BATCH > FAILURES


def test_what_a_worker_is_told_fits_into_a_pipe_twice(root: Path) -> None:
    """Whoever would wait for room there, while the worker waits with an answer, would wait for ever."""
    workers = Workers(root, is_low=False, count=1)
    workers._todo.extend(Wanted(f"{number}" + "\U0001f9ad" * 1_000, 1000) for number in range(60))
    batches = [*iter(workers._more, [])]
    assert sum(map(len, batches)) == 60
    assert max(len(msgspec.msgpack.encode(batch)) for batch in batches) < (1 << 16) / 2


def test_what_was_stopped_is_not_waited_for(root: Path) -> None:
    """Nor taken for all there is."""
    workers = Workers(root, is_low=False, count=1)
    workers.stop()
    with pytest.raises(OSError, match="nothing more"):
        list(workers.read([Wanted("a.py", 1000)]))
