"""Questions to an index in a process of their own: the same answers, and none that is waited for for ever."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui.context.search.asking import COMMAND, Asking
from docstra_tui.context.search.suggestions import suggest
from docstra_tui.errors import NoIndex
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
