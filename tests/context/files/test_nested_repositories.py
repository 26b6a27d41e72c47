"""A repository inside another has its own rules of what is ignored, as git says of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.index import FileIndex
from docstra_tui.context.files.tree import files_below
from tests.context.files.test_ignore import everything, fill, ignored_by_git

FILES = [
    "a.log",
    "a.py",
    "inner/a.log",
    "inner/a.py",
    "inner/build/a.py",
    "inner/secret.txt",
    "inner/sub/a.tmp",
    "inner/sub/a.log",
    "inner/inmost/a.log",
    "inner/inmost/a.tmp",
    "plain/a.log",
    "plain/a.tmp",
    "build/a.py",
]
RULES = {
    "": "*.log\nbuild/\n/inner/a.py\n",
    "inner": "*.tmp\n",
    "inner/sub": "!a.tmp\n",
    "inner/inmost": "*.log\n",
}
EXCLUDES = {"inner": "secret.txt\n"}

IGNORED = [
    "a.log",
    "build",
    "build/a.py",
    "inner/inmost/.gitignore.log",
    "inner/inmost/a.log",
    "inner/secret.txt",
    "plain/a.log",
]
"""Inside `inner`: what it ignores, and nothing that the outer one does."""


def begin_repository(top: Path) -> None:
    """The least that git takes for a repository."""
    for name in ("objects", "refs", "info"):
        (top / ".git" / name).mkdir(parents=True)
    (top / ".git" / "HEAD").write_text("ref: refs/heads/main\n")


def project(root: Path) -> None:
    fill(root, [*FILES, "inner/inmost/.gitignore.log"])
    for folder in ("", "inner", "inner/inmost"):
        begin_repository(root / folder)
        (root / folder / ".git" / "info" / "exclude").write_text(EXCLUDES.get(folder, ""))
    for folder, rules in RULES.items():
        (root / folder / ".gitignore").write_text(rules)


def ours(root: Path, start: str = "") -> list[str]:
    rules = IgnoreRules(root / start)
    return [path for path, is_folder in everything(root / start) if rules.is_ignored(path, is_folder)]


def test_a_repository_inside_another_has_its_own_rules_alone(tmp_path: Path) -> None:
    project(tmp_path)

    assert ours(tmp_path) == IGNORED
    assert ours(tmp_path, "inner") == [path[6:] for path in IGNORED if path.startswith("inner/")]


@pytest.mark.skipif(shutil.which("git") is None, reason="asks git")
def test_git_says_the_same_in_each_of_them(tmp_path: Path) -> None:
    project(tmp_path)
    rules = IgnoreRules(tmp_path)
    for top, others in (("", "inner/"), ("inner/", "inner/inmost/"), ("inner/inmost/", "-")):
        paths = [path for path, _ in everything(tmp_path) if path.startswith(top)]
        own = [path[len(top) :] for path in paths if not f"{path}/".startswith(others)]
        git = ignored_by_git(tmp_path / top, own)
        assert {path for path in own if rules.is_ignored(top + path, (tmp_path / top / path).is_dir())} == git
        assert top != "inner/" or git == {"secret.txt"}


@pytest.mark.skipif(shutil.which("git") is None, reason="asks git")
def test_a_submodule_and_a_linked_working_tree_have_the_excludes_of_their_repository(tmp_path: Path) -> None:
    def git(where: Path, *arguments: str) -> None:
        safe = ["-c", "protocol.file.allow=always", "-c", "user.name=a", "-c", "user.email=a@b"]
        home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(
            ["git", *safe, *arguments], cwd=where, env=home, check=True, capture_output=True, timeout=60
        )

    library, outer = tmp_path / "library", tmp_path / "outer"
    fill(tmp_path, ["library/a.log", "outer/b.log"])
    for place in (library, outer):
        git(place, "init", "-q")
        git(place, "add", ".")
        git(place, "commit", "-q", "-m", "one")
    git(outer, "submodule", "add", str(library), "module")
    git(outer, "worktree", "add", "linked")
    (outer / ".gitignore").write_text("*.log\n")
    (outer / ".git/modules/module/info/exclude").write_text("mine\n")
    (outer / ".git/info/exclude").write_text("theirs\n")

    rules = IgnoreRules(outer)

    names = ["a.log", "mine", "theirs"]
    for folder, expected in (("module", {"mine"}), ("linked", {"theirs"}), ("", {"a.log", "theirs"})):
        assert ignored_by_git(outer / folder, names) == expected
        assert {name for name in names if rules.is_ignored(f"{folder}/{name}", False)} == expected


def test_the_tree_and_the_list_of_names_show_what_is_in_it(tmp_path: Path) -> None:
    project(tmp_path)
    rules = IgnoreRules(tmp_path)
    index = FileIndex(tmp_path, rules)
    assert index.fill()
    below = files_below(tmp_path, "", rules).files
    assert sorted(index.paths) == sorted(below)
    assert {"inner/a.log", "inner/a.py", "inner/build/a.py"} < set(below)
    assert not {"a.log", "plain/a.log", "inner/secret.txt"} & set(below)


def test_a_repository_that_the_one_around_it_ignores_stays_out_whole(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / ".gitignore").write_text("inner/\n")
    rules = IgnoreRules(tmp_path)
    assert rules.is_ignored("inner", True) and rules.is_ignored("inner/a.py", False)
    assert not IgnoreRules(tmp_path / "inner").is_ignored("a.py", False)


@pytest.mark.parametrize("pointer", ["a link", "a file"])
def test_a_repository_that_is_kept_elsewhere_is_one(tmp_path: Path, pointer: str) -> None:
    project(tmp_path)
    begin_repository(tmp_path / "store")
    (tmp_path / "store" / ".git" / "info" / "exclude").write_text("*.tmp\n")
    if pointer == "a link":
        (tmp_path / "plain" / ".git").symlink_to("../store/.git")
    else:
        (tmp_path / "plain" / ".git").write_text("gitdir: ../store/.git\n")

    rules = IgnoreRules(tmp_path)

    names = ["a.log", "a.tmp"]
    assert [name for name in names if rules.is_ignored(f"plain/{name}", False)] == ["a.tmp"]
    if shutil.which("git") is not None:
        assert ignored_by_git(tmp_path / "plain", names) == {"a.tmp"}


def test_what_the_user_set_counts_in_every_repository(tmp_path: Path) -> None:
    project(tmp_path)
    rules = IgnoreRules(tmp_path, extra=["*.py"])
    assert rules.is_ignored("inner/a.py", False) and rules.is_ignored("inner/build/a.py", False)


HOSTILE = [
    "empty",
    "no head",
    "empty file",
    "words",
    "nowhere",
    "kernel",
    "itself",
    "pipe",
    "loop",
    "long",
    "nul",
]


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_only_looks_like_a_repository_has_the_rules_around_it(tmp_path: Path, kind: str) -> None:
    project(tmp_path)
    git = tmp_path / "plain" / ".git"
    pointers = {
        "empty file": b"",
        "words": b"x\n",
        "nowhere": b"gitdir: /gone\n",
        "kernel": b"gitdir: /proc/self\n",
        "itself": b"gitdir: .git\n",
        "long": b"gitdir: " + b"x/" * 9000,
        "nul": b"gitdir: a\0b\n",
    }
    if kind in pointers:
        git.write_bytes(pointers[kind])
    elif kind == "pipe":
        os.mkfifo(git)
    elif kind == "loop":
        git.symlink_to(".git")
    else:
        git.mkdir()
        for name in ("objects", "refs") if kind == "no head" else ():
            (git / name).mkdir()

    assert [path for path in ours(tmp_path) if path != "plain/.git"] == IGNORED
    assert [path for path in ours(tmp_path, "plain") if path != ".git"] == ["a.log"]
    if shutil.which("git") is not None and kind != "nul":
        assert ignored_by_git(tmp_path, ["plain/a.log", "plain/a.tmp"]) == {"plain/a.log"}


def test_repositories_in_repositories_take_no_time(tmp_path: Path) -> None:
    top = tmp_path
    for _ in range(60):
        begin_repository(top)
        (top / ".gitignore").write_text("*.log\n")
        (top / "a.log").touch()
        top /= "d"
    start = time.process_time()
    rules = IgnoreRules(tmp_path)
    assert all(rules.is_ignored("d/" * depth + "a.log", False) for depth in range(60))
    assert time.process_time() - start < 2
