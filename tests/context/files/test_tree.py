"""The tree shows what can be picked, says why the rest cannot, and never follows a link."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.context.files import tree
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.tree import Listing, files_below, files_to_tick, list_folder
from docstra_tui.errors import UnreadableFile


def listing(root: Path, relative: str = "", **options: object) -> Listing:
    return list_folder(root, relative, IgnoreRules(root), **options)  # type: ignore[arg-type]


def names(found: Listing) -> list[str]:
    return [entry.name + ("/" if entry.is_folder else "") for entry in found.entries]


def test_folders_come_first_and_case_does_not_matter(tmp_path: Path) -> None:
    for name in ("b.py", "A.py", "c.log", ".hidden"):
        (tmp_path / name).write_text("x")
    for name in ("src", "Docs", ".git", "build"):
        (tmp_path / name).mkdir()
    (tmp_path / ".gitignore").write_text("*.log\nbuild/\n")

    assert names(listing(tmp_path)) == ["Docs/", "src/", "A.py", "b.py"]
    shown = names(listing(tmp_path, show_hidden=True))
    assert shown == ["Docs/", "src/", ".gitignore", ".hidden", "A.py", "b.py"]


def test_special_files_are_shown_with_their_reason(tmp_path: Path) -> None:
    (tmp_path / "ok.py").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "bad").symlink_to("a\x1bb")
    (tmp_path / "inside").symlink_to("ok.py")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(tmp_path)
        try:
            listener.bind("sock")
        finally:
            os.chdir(here)
        reasons = {entry.name: entry.reason for entry in listing(tmp_path).entries}
    assert reasons == {
        "ok.py": "",
        "pipe": "a named pipe",
        "sock": "a socket",
        "out": "link → /etc",
        "loop": "link → loop",
        "bad": r"link → $'a\033b'",
        "inside": "link → ok.py",
    }
    assert not any(entry.is_folder for entry in listing(tmp_path).entries)
    assert files_below(tmp_path, "", IgnoreRules(tmp_path)).files == ("ok.py",)


def test_a_link_is_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_text("x")
    (tmp_path / "root" / "esc").symlink_to("../secret")
    assert listing(tmp_path / "root", "esc").entries == ()
    assert listing(tmp_path / "root", "esc").error
    assert listing(tmp_path / "root", "../secret").error
    assert listing(Path("/"), "proc").error


def test_a_folder_that_is_gone_or_closed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No such file" in listing(tmp_path, "gone").error
    (tmp_path / "file").write_text("x")
    assert listing(tmp_path, "file").error

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    assert listing(tmp_path).error == "Permission denied"


def test_odd_names_keep_their_bytes(tmp_path: Path) -> None:
    name = os.fsdecode(b"bad\xff\xfe.py")
    (tmp_path / name).write_text("x")
    (tmp_path / "a\nb").write_text("x")
    assert [entry.path for entry in listing(tmp_path).entries] == ["a\nb", name]


def test_everything_below_comes_in_the_order_of_the_tree(tmp_path: Path) -> None:
    for name in ("z.py", "a/y.py", "a/b/x.py", "c/w.py", "c/skip.log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("*.log")
    rules = IgnoreRules(tmp_path)
    assert files_below(tmp_path, "", rules).files == ("a/b/x.py", "a/y.py", "c/w.py", "z.py")
    assert files_below(tmp_path, "a", rules).files == ("a/b/x.py", "a/y.py")
    assert files_below(tmp_path, "", rules, limit=2).files == ("a/b/x.py", "a/y.py")


def test_more_files_than_any_prompt_holds_are_refused_and_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.py").touch()
    monkeypatch.setattr("docstra_tui.context.files.tree.TOGETHER", 3)
    assert len(files_to_tick(tmp_path, "", IgnoreRules(tmp_path)).files) == 3
    (tmp_path / "one_more.py").touch()
    with pytest.raises(UnreadableFile, match="more than 3 files"):
        files_to_tick(tmp_path, "", IgnoreRules(tmp_path))


def test_a_folder_below_that_nobody_may_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("d/a.py", "d/closed/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    opened: Any = tree.open_folder

    def open_folder(root: Path, relative: str) -> int:
        if relative == "d/closed":
            raise PermissionError(13, "Permission denied")
        found: int = opened(root, relative)
        return found

    monkeypatch.setattr(tree, "open_folder", open_folder)
    found = files_to_tick(tmp_path, "d", IgnoreRules(tmp_path))
    assert (found.files, found.closed) == (("d/a.py",), ("d/closed",))


def test_many_files_are_cut_and_counted(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"f{number:05}").touch()
    found = listing(tmp_path)
    assert (len(found.entries), found.more) == (2000, 1000)
