"""The process that reads a repository: asked, killed, and started again."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path

import pytest

from docstra_tui.context.git import reader
from docstra_tui.context.git.errors import NoRepository
from docstra_tui.context.git.reader import GitReader
from docstra_tui.errors import UnreadableFile
from tests.context.git.made import arm, needs_git, write

pytestmark = needs_git


def test_it_answers_and_stands_up_again(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = GitReader(history)
    assert (git.changes().branch, dict(git.changes().states)) == ("main", {})
    assert git.names() == ("HEAD", "feature/x", "main", "v1")
    process = git._process
    assert process is not None
    assert git.commit("HEAD", 1000).files == 1
    assert git.diff(1000).files == git.staged(1000).files == 0
    with pytest.raises(UnreadableFile, match="names no commit"):
        git.commit("nothing", 1000)
    assert git._process is process
    os.kill(process.pid, signal.SIGKILL)  # the kernel, short of memory
    process.wait()
    assert git.changes().branch == "main"
    process = git._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)  # it hangs
    monkeypatch.setattr(reader, "SECONDS", 0.2)
    with pytest.raises(UnreadableFile, match="given up"):
        git.changes()
    assert process.poll() is not None
    git.close()
    with pytest.raises(UnreadableFile):
        git.changes()


def test_closing_ends_what_is_asked(history: Path) -> None:
    git = GitReader(history)
    git.changes()
    process = git._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    ended = threading.Event()

    def ask() -> None:
        with pytest.raises(UnreadableFile):
            git.changes()
        ended.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    git.close()
    assert ended.wait(20)
    thread.join(20)


def test_where_there_is_none_is_told_as_such(tmp_path: Path) -> None:
    git = GitReader(tmp_path)
    with pytest.raises(NoRepository):
        git.changes()
    git.close()


def test_the_process_runs_nothing_of_a_repository(history: Path, tmp_path: Path) -> None:
    """In the process itself, with everything that makes git start a program."""
    root, canary = tmp_path / "project", tmp_path / "canary"
    shutil.copytree(history, root)
    arm(root, f"touch {canary}")
    write(root, "gone.py", "x = 2\n")
    git = GitReader(root)
    assert git.changes().states["gone.py"] == " M"
    assert any("includes other files" in note for note in git.changes().notes)
    assert "+x = 2" in git.diff(100_000).text
    git.staged(100_000), git.commit("HEAD", 100_000), git.names()
    git.close()
    assert not canary.exists()
