"""Ticks are kept between runs, in a file nobody else can read, and never stand in the way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.context.picks import Pick
from docstra_tui.workspace.files import saved_ticks as ticks
from docstra_tui.workspace.files.saved_ticks import SavedTicks

TICKED = SavedTicks(
    folders=("pkg", os.fsdecode(b"odd\xff")),
    picks=(Pick("a.py"), Pick("b.py", 3, 9), Pick(os.fsdecode(b"bad\xfe\n.py"))),
    show_hidden=True,
)


def test_what_was_ticked_comes_back(tmp_path: Path) -> None:
    ticks.save(tmp_path, TICKED)
    assert ticks.load(tmp_path) == TICKED


def test_each_project_has_its_own(tmp_path: Path) -> None:
    ticks.save(tmp_path / "one", TICKED)
    assert ticks.load(tmp_path / "two") == SavedTicks()


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    ticks.save(tmp_path, TICKED)
    (file,) = (paths.state_dir() / "ticks").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"folders": 3}', '{"folders": [], "picks": [[1]]}'])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    ticks.save(tmp_path, TICKED)
    (file,) = (paths.state_dir() / "ticks").iterdir()
    file.write_text(text)
    assert ticks.load(tmp_path) == SavedTicks()


def test_where_nothing_can_be_written_nothing_happens(tmp_path: Path) -> None:
    paths.state_dir().parent.mkdir(parents=True, exist_ok=True)
    paths.state_dir().write_text("a file where the folder should be")
    ticks.save(tmp_path, TICKED)
    assert ticks.load(tmp_path) == SavedTicks()
