"""A small project, a tiny model, and the app on a real terminal."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import OURS, stop_engines
from tests.pty.terminal import Terminal, app
from tests.tiny_models import make_endless


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama that writes noise, fast, for as long as it may."""
    return make_endless(tmp_path_factory.mktemp("pty-model") / "tiny", window=8192)


@pytest.fixture(scope="session")
def living() -> Iterator[Path]:
    """The folder of an engine's socket that outlives a test."""
    folder = Path(tempfile.mkdtemp(prefix=OURS))
    yield folder
    stop_engines(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def kept_engine(own_places: Path, living: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that are not about an engine's start: the first one's engine serves the next ones too."""
    monkeypatch.setenv("DOCSTRA_RUNTIME_DIR", str(living))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a few files to ask about."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "client.py").write_text("def retry(times):\n    return times + 1\n")
    (folder / "notes.md").write_text("# Notes\n\nThe client retries three times.\n")
    (folder / "zebra.txt").write_text("stripes\n")
    return folder


Start = Callable[..., Terminal]


@pytest.fixture
def start(project: Path, tiny_model: Path) -> Iterator[Start]:
    """Starts the app on the project with the tiny model, as often as a test likes."""
    opened: list[Terminal] = []

    def begin(
        *arguments: str, columns: int = 100, rows: int = 30, root: Path = project, **env: str
    ) -> Terminal:
        lasting = ("--max-tokens", "7000")
        command = app(str(root), "--model", str(tiny_model), "--device", "cpu", *lasting, *arguments)
        terminal = Terminal(command, columns=columns, rows=rows, env=env)
        opened.append(terminal)
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()
