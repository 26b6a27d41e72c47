"""The index of a project: what is in it, what is not, and that it follows the files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from docstra_tui.context.search.index.place import folder_of
from docstra_tui.context.search.index.project import ProjectIndex
from docstra_tui.context.search.suggestions import suggest


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    monkeypatch.setenv("DOCSTRA_CACHE_DIR", str(cache))
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "walrus.py").write_text("def swim():\n    return 'flippers'\n")
    (root / "readme.md").write_text("# Penguins\n\nThey waddle.\n")
    return root


def found(index: ProjectIndex, question: str) -> list[str]:
    with index.reader() as reader:
        return [one.path for one in suggest(reader, question).files]


def test_follows_the_files(project: Path) -> None:
    index = ProjectIndex(project)
    assert not index.status().is_complete
    index.refresh()
    assert found(index, "flippers") == ["src/walrus.py"]
    assert found(index, "walrus") == ["src/walrus.py"]
    (project / "readme.md").write_text("# Albatrosses\n")
    (project / "src" / "walrus.py").unlink()
    index.refresh()
    assert found(index, "albatrosses") == ["readme.md"]
    assert found(index, "waddle") == found(index, "flippers") == []
    assert index.status().files == 1


def test_is_private(project: Path) -> None:
    index = ProjectIndex(project)
    index.refresh()
    folder = folder_of(project)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert {stat.S_IMODE(os.stat(one).st_mode) for one in folder.iterdir()} == {0o600}
