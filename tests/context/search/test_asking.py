"""Questions to an index in a process of their own: the same answers, and none that is waited for for ever."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui.context.search.asking import COMMAND, Asking
from docstra_tui.context.search.suggestions import suggest
from docstra_tui.errors import NoIndex, NoSearch
from tests.context.search.indexed import indexed

FILES = {"seal.py": "def swim(): ...\n", "owl.py": "def flies(): ...\n"}
SILENT = (sys.executable, "-c", "import time; time.sleep(60)")
BROKEN = (sys.executable, "-c", "print('nonsense' * 99)")


@pytest.fixture
def asking() -> Iterator[Asking]:
    opened = Asking()
    yield opened
    opened.close()


def test_another_process_says_what_this_one_would(tmp_path: Path, asking: Asking) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "broken.db").write_bytes(b"no database" * 999)
    with indexed(tmp_path, FILES) as reader:
        asking.start()
        ours = suggest(reader, "Who swims?", words=["owl"])
        assert asking.suggest(reader.path, "Who swims?", words=["owl"]) == ours
        assert [one.path for one in ours.files] == ["seal.py", "owl.py"]
        with pytest.raises(NoIndex, match="no index"):
            asking.suggest(tmp_path / "none" / "index.db", "Who swims?")
        with pytest.raises(sqlite3.DatabaseError) as broken:
            asking.suggest(tmp_path / "broken.db", "Who swims?")
        assert broken.value.sqlite_errorcode == sqlite3.SQLITE_NOTADB
        strange = reader.path.parent.parent / os.fsdecode(b"caf\xe9")
        reader.path.parent.rename(strange)  # no name in UTF-8, and nothing of what is asked has to be
        ticked, moved = [os.fsdecode(b"\xe9.py")], strange / reader.path.name
        assert asking.suggest(moved, "Who swims? \udcff", ticked=ticked, words=["owl", "\ud800"]) == ours
        strange.rename(reader.path.parent)
        process = asking._process
        assert process is not None
        process.kill()  # as one that nobody asked for long ends by itself
        assert asking.suggest(reader.path, "Who swims?", ticked=["seal.py"], words=["owl"]).files
        asking.close()
        with pytest.raises(NoIndex):
            asking.suggest(reader.path, "Who swims?")


@pytest.mark.parametrize("command", [SILENT, BROKEN, ("/nowhere/python",)])
def test_one_that_does_not_answer_is_ended_and_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    asking = Asking(command, seconds=0.2)
    with pytest.raises(NoIndex, match="process that looks for files"):
        asking.suggest(tmp_path / "index.db", "Who swims?")
    assert asking._process is None
    assert COMMAND[0] == sys.executable


def test_one_that_is_asked_is_ended_by_whoever_asks(tmp_path: Path) -> None:
    """Its pipes are not closed under the one who reads them."""
    asking, said = Asking(SILENT), list[str]()

    def ask() -> None:
        with pytest.raises(NoSearch) as none:
            asking.suggest(tmp_path / "index.db", "Who swims?")
        said.append(none.value.message)

    thread = threading.Thread(target=ask)
    thread.start()
    while not asking._is_asked:
        time.sleep(0.001)
    process = asking._process
    assert process is not None and process.stdout is not None
    asking.close()
    thread.join(20)
    assert said == ["The process that looks for files does not answer."]
    assert process.stdout.closed and process.returncode
    assert asking._process is None


def test_without_numpy_it_is_said(tmp_path: Path) -> None:
    without = f"import sys; sys.modules['numpy'] = None; import {COMMAND[-1]} as it; it.main()"
    asking = Asking((*COMMAND[:2], "-c", without))
    try:
        with indexed(tmp_path, FILES) as reader:
            for _ in range(2):
                with pytest.raises(NoSearch, match="numpy"):
                    asking.suggest(reader.path, "Who swims?")
    finally:
        asking.close()
