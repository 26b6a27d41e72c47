"""The files that a line names, and what is said about those that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.mentions import Mention
from docstra_tui.context.picks import Pick
from docstra_tui.workspace.changes import GitItems
from docstra_tui.workspace.files.named_files import NamedFiles, find_named, without_named


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    for name in ("b.py", "a.py", ".env"):
        (tmp_path / "src" / name).write_text("one\ntwo\nthree\n")
    (tmp_path / "deploy.pem").write_text("key\n")
    (tmp_path / "notes.md").write_text("# Notes\n")
    return tmp_path


def named(root: Path, *mentions: Mention) -> NamedFiles:
    return find_named(
        mentions,
        root,
        lambda: IgnoreRules(root),
        max_bytes=lambda path: 1000,
        changes=GitItems(root),
        show_hidden=True,
    )


def test_files_and_folders_come_in_the_order_in_which_they_are_named(root: Path) -> None:
    found = named(root, Mention("src/b.py"), Mention("src"), Mention("notes.md"), Mention("src/a.py", 2, 99))
    assert found.picks == (Pick("src/b.py"), Pick("notes.md"), Pick("src/a.py", 2, 3))
    assert found.folders == {"src": ("src/a.py", "src/b.py")}
    assert found.order == (Pick("src/b.py"), Pick("src/a.py"), Pick("notes.md"), Pick("src/a.py", 2, 3))
    assert found.problems == ()
    assert found.left_out == ("1 in src left out, as they may hold secrets.",)


def test_a_file_that_may_hold_secrets_is_taken_where_it_is_named_itself(root: Path) -> None:
    assert named(root, Mention("deploy.pem")).order == (Pick("deploy.pem"),)


@pytest.mark.parametrize(
    ("mention", "why"),
    [
        (Mention("src/c.py"), "There is no file src/c.py"),
        (Mention("src/a.py", 9, 12), "no line 9"),
        (Mention("../outside.py"), "lies outside"),
        (Mention("/etc/hostname"), "lies outside"),
        (Mention("none/"), "There is no folder none."),
    ],
)
def test_what_leads_to_nothing_is_told(root: Path, mention: Mention, why: str) -> None:
    found = named(root, mention, Mention("notes.md"))
    assert why in found.problems[0]
    assert found.order == (Pick("notes.md"),)


def test_what_is_named_is_dropped_also_where_it_is_gone(root: Path) -> None:
    picks = (Pick("src/a.py"), Pick("src/a.py", 3, 9), Pick("src/b.py"), Pick("gone.py"), Pick("notes.md"))
    assert without_named(picks, [Mention("src/a.py", 3, 9)], root) == (picks[0], *picks[2:])
    assert without_named(picks, [Mention("src/a.py")], root) == picks[2:]
    assert without_named(picks, [Mention("src"), Mention("./gone.py")], root) == (Pick("notes.md"),)
    assert without_named(picks, [Mention("src/none.py"), Mention("../x")], root) == picks
    assert without_named(picks, [Mention(".")], root) == ()
