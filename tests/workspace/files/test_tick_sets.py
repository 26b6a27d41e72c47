"""Named sets of ticked files."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.context.picks import Pick
from docstra_tui.errors import StoreError, UsageError
from docstra_tui.workspace.files.saved_ticks import SavedTicks
from docstra_tui.workspace.files.tick_sets import MOST, SetIsThere, SetWords, TickSets, parse

TICKS = SavedTicks(folders=("pkg",), picks=(Pick("a.py"), Pick("b.py", 3, 9), Pick(os.fsdecode(b"\xfe.py"))))


def test_a_set_comes_back_by_its_name_in_its_project_only(tmp_path: Path) -> None:
    sets = TickSets(tmp_path)
    assert sets.save("the client", TICKS) == "Set the client is 1 folder and 3 files."
    assert sets.save("Docs", SavedTicks(picks=(Pick("README.md"),))) == "Set Docs is 1 file."
    again = TickSets(tmp_path)
    assert again.load("the client") == TICKS and list(again.all()) == ["Docs", "the client"]
    assert TickSets(tmp_path / "other").all() == {}
    with pytest.raises(SetIsThere, match=r"^Set Docs is there already, with 1 file\.$"):
        sets.save("Docs", SavedTicks())
    assert sets.save("the client", TICKS) == "Set the client is now 1 folder and 3 files."  # the same ones
    assert sets.load("Docs").picks == (Pick("README.md"),)
    assert sets.save("Docs", SavedTicks(), replace=True) == "Set Docs is now no files."
    assert "deleted" in again.delete("Docs") and list(sets.all()) == ["the client"]
    for file in (paths.state_dir() / "sets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_unknown_set_names_the_nearest(tmp_path: Path) -> None:
    sets = TickSets(tmp_path)
    sets.save("client", TICKS)
    for act in (sets.load, sets.delete):
        with pytest.raises(UsageError, match="no set clint") as raised:
            act("clint")
        assert "Did you mean client?" in raised.value.hint


def test_there_is_an_end_to_how_many_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docstra_tui.workspace.files.tick_sets.MOST", 2)
    sets = TickSets(tmp_path)
    sets.save("a", TICKS)
    sets.save("b", TICKS)
    sets.save("a", SavedTicks(), replace=True)
    with pytest.raises(UsageError, match="already"):
        sets.save("c", TICKS)
    assert MOST > 50 and list(sets.all()) == ["a", "b"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sets": 3}'])
def test_a_broken_file_has_no_sets_and_lies_beside_new_ones(tmp_path: Path, text: str) -> None:
    sets = TickSets(tmp_path)
    sets.save("x", TICKS)
    [file] = (paths.state_dir() / "sets").glob("*.json")
    file.write_text(text)
    assert sets.all() == {}
    said = sets.save("new", TICKS)
    assert sets.load("new") == TICKS
    [aside] = file.parent.glob("*.corrupt-*")
    assert aside.read_text() == text and str(aside) in said
    assert "corrupt" not in sets.save("newer", TICKS)
    file.write_text(text)
    sets.save("new", TICKS)
    assert len(list(file.parent.glob("*.corrupt-*"))) == 2


def test_a_set_that_is_none_stays_beside_those_that_are(tmp_path: Path) -> None:
    sets = TickSets(tmp_path)
    sets.save("x", TICKS)
    [file] = (paths.state_dir() / "sets").glob("*.json")
    broken = {"a": {"folders": 1}, "b": [], "c": None}
    file.write_text(json.dumps({"sets": broken}))
    assert sets.all() == {}
    sets.save("new", TICKS)
    assert sets.load("new") == TICKS
    assert json.loads(file.read_text())["sets"].keys() == {*broken, "new"}


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    sets = TickSets(tmp_path)
    sets.save("x", TICKS)
    [file] = (paths.state_dir() / "sets").glob("*.json")
    elsewhere = file.rename(tmp_path / "elsewhere.json")
    file.symlink_to(elsewhere)  # nobody follows one
    assert sets.all() == {}
    with pytest.raises(StoreError, match="cannot be kept"):
        sets.save("y", TICKS)
    assert file.is_symlink()
    file.unlink()
    file.mkdir()
    with pytest.raises(StoreError, match="cannot be kept"):
        sets.save("y", TICKS)


def test_the_words_behind_the_command() -> None:
    assert parse("") == parse(" LIST ") == SetWords("list")
    assert parse("save  my   files ") == SetWords("save", "my files")
    for words, hint in (
        ("lod x", "Did you mean /set load?"),
        ("load", "/set lists"),
        ("list x", "/set load NAME"),
        ("save " + "x" * 61, "Up to 60"),
        ("save a\x1bb", "can be shown"),
        ("save a\u202eb", "can be shown"),
    ):
        with pytest.raises(UsageError) as raised:
            parse(words)
        assert hint in raised.value.hint
