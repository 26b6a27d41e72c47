"""Where `-o FOLDER` writes, and where it never does."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.commands.output_folder import OutputFolder


def test_an_answer_replaces_what_its_file_said(tmp_path: Path) -> None:
    folder = OutputFolder(str(tmp_path / "docs"))
    place = folder.folder / "src" / "a.py.md"
    folder.write(place, "first\r\n")
    folder.write(place, "second\ud800")
    assert place.read_bytes() == rb"second\ud800"
    assert [path.name for path in place.parent.iterdir()] == ["a.py.md"]


def test_a_link_leads_nowhere_else(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = OutputFolder(str(tmp_path / "docs"))
    (folder.folder / "src").symlink_to(elsewhere)
    (folder.folder / "b.py.md").symlink_to(elsewhere / "kept")
    (elsewhere / "kept").write_text("kept")
    with pytest.raises(OSError, match="A link leads out of the folder"):
        folder.write(folder.folder / "src" / "deep" / "a.py.md", "text")
    folder.write(folder.folder / "b.py.md", "text")
    assert [path.name for path in elsewhere.iterdir()] == ["kept"] and (
        elsewhere / "kept"
    ).read_text() == "kept"
    assert not (folder.folder / "b.py.md").is_symlink()
