"""What every test of the inline chat stands on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from docstra_tui import errors
from docstra_tui.context.search.asking import Asking
from docstra_tui.context.search.index.project import IndexStatus
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.offered import Suggestions
from docstra_tui.repl import suggesting


@pytest.fixture(autouse=True)
def heard_interrupts() -> Iterator[None]:
    """Ctrl+C is heard, also where these tests run as a background job, in which a shell has it ignored."""
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, kept)


class NoIndex:
    """Finds nothing, and is no process."""

    def __init__(self, root: Path, ignore: object = ()) -> None:
        self.root = root

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def nudge(self) -> None:
        pass

    def status(self) -> IndexStatus:
        return IndexStatus(is_complete=True)

    def refresh(self, on_progress: object) -> None:
        pass

    def ask(self, work: object) -> Suggestions:
        return Suggestions((), is_complete=True)

    def reader(self) -> IndexReader:
        raise errors.NoIndex("There is none.")


@pytest.fixture(autouse=True)
def nothing_is_indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed in a test looks for files only where the test is about that, and starts no process."""
    monkeypatch.setattr(Asking, "start", lambda self: None)
    monkeypatch.setattr(suggesting, "index_of", lambda root, settings: lambda: NoIndex(root))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("a = 1\nb = 2\n")
    (tmp_path / "notes.md").write_text("# Notes\n")
    return tmp_path
