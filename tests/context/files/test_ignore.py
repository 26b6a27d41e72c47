"""The rules agree with git, and git is never started by us.

What git says stands in tables, for machines without git; where there is one, it is asked as well.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from docstra_tui.context.files import rule_files
from docstra_tui.context.files.ignore import IgnoreRules

RULES = r"""
# a comment
\#literal
\!bang
*.log
!keep.log
build/
/top.txt
docs/*.html
**/cache
a/**/z
deep/**
!deep/keep.txt
*.py[co]
[!a]x.tmp
trailing.txt   
spaced\ 
foo?bar
*.egg-info/
/only/here
node_modules
!node_modules/keep.js
star*
!starry/
crlf.txt
**/logs/**
!**/logs/important
/x/*
!/x/y
[bad
!
/
äöü.txt
built/**/
[[:digit:]]*.dat
[z-a]q
*o*o*f*
""".replace("crlf.txt", "crlf.txt\r")

FILES = """
#literal !bang a.log keep.log sub/a.log sub/keep.log build/x sub/build/y top.txt sub/top.txt docs/a.html
docs/sub/b.html cache/f sub/cache/f a/z a/b/z a/b/c/z deep/keep.txt deep/other.txt m.pyc m.pyo m.py ax.tmp
bx.tmp trailing.txt fooXbar foo/bar p.egg-info/PKG only/here/f sub/only/here node_modules/keep.js
node_modules/m/i.js star starry/f starfish/f crlf.txt logs/a logs/important sub/logs/important x/a x/y x/y/z
[bad äöü.txt nested/kept.log nested/inner/gone.txt nested/inner/b.py nested/only.me other/only.me
build.txt excluded.by.info sub/excluded.by.info dir.d/f nested/build/back.txt
built/keep.py built/out/gone.py built/deep/down/gone.py 7.dat x.dat zq aq foofy nested/xoxoxfx
""".split()  # noqa: SIM905

NESTED = {
    "nested/.gitignore": "!kept.log\nonly.me\ninner/*.txt\n!build/\n",
    "nested/inner/.gitignore": "!gone.txt\n*.py\n",
    "node_modules/.gitignore": "!*\n",
    ".git/info/exclude": "excluded.by.info\n",
}

SAFE_GIT = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false"]


def fill(root: Path, files: list[str]) -> None:
    for name in files:
        path = root / name
        if path.is_dir():
            continue
        if any(parent.is_file() for parent in path.parents):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def ignored_by_git(root: Path, paths: list[str]) -> set[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    answer = subprocess.run(
        ["git", "--no-optional-locks", *SAFE_GIT, "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=root,
        env=environment,
        input="\0".join(paths).encode() + b"\0",
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert answer.returncode in (0, 1), answer.stderr
    return {name for name in answer.stdout.decode().split("\0") if name}


def everything(root: Path) -> list[tuple[str, bool]]:
    found = []
    for folder, folders, files in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in folders + files:
            path = Path(folder, name)
            found.append((path.relative_to(root).as_posix(), path.is_dir()))
    return sorted(found)


def make_repository(root: Path) -> None:
    if shutil.which("git") is None:
        (root / ".git").mkdir()
    else:
        subprocess.run(["git", "init", "-q", str(root)], check=True, capture_output=True, timeout=20)


def git_says(root: Path, table: list[str], paths: list[tuple[str, bool]]) -> None:
    """Where there is git, the table is what it says."""
    if shutil.which("git") is not None:
        ignored = ignored_by_git(root, [path for path, _ in paths])
        assert [path for path, _ in paths if path in ignored] == table


IGNORED = """
!bang #literal 7.dat a.log a/b/c/z a/b/z a/z build build/x built/deep built/deep/down
built/deep/down/gone.py built/out built/out/gone.py bx.tmp cache cache/f crlf.txt deep/other.txt docs/a.html
excluded.by.info fooXbar foofy logs/a m.pyc m.pyo nested/inner/b.py nested/only.me nested/xoxoxfx
node_modules node_modules/.gitignore node_modules/keep.js node_modules/m node_modules/m/i.js only/here
only/here/f p.egg-info p.egg-info/PKG star starfish starfish/f sub/a.log sub/build sub/build/y sub/cache
sub/cache/f sub/excluded.by.info top.txt trailing.txt x/a zq äöü.txt
""".split()  # noqa: SIM905
"""What git 2.39 says of `FILES` and the folders that hold them."""


@pytest.mark.parametrize("start", ["", "nested", "sub"])
def test_the_rules_of_a_project_mean_what_git_says(tmp_path: Path, start: str) -> None:
    make_repository(tmp_path)
    (tmp_path / ".gitignore").write_text(RULES)
    fill(tmp_path, FILES)
    for name, text in NESTED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    prefix = f"{start}/" if start else ""
    rules = IgnoreRules(tmp_path / start)
    paths = everything(tmp_path / start)
    git_says(tmp_path, IGNORED, everything(tmp_path))

    ours = [prefix + path for path, is_folder in paths if rules.is_ignored(path, is_folder)]
    assert ours == [path for path in IGNORED if path.startswith(prefix)]


# A rule; the files that git ignores for it; files that it keeps. Names may hold anything.
SINGLE = [
    ("build/**/", ["build/out/a.py", "build/out/deep/b.py"], ["build/keep.py", "sub/build/out/a.py"]),
    ("build/**", ["build/keep.py", "build/out/a.py"], ["sub/build/a.py"]),
    ("**/", ["sub/a.py"], ["a.py"]),
    ("*a*b*c", ["abc", "xaxbxc", "sub/aabbcc"], ["acb", "ab/c"]),
    ("a**b", ["axb", "ab"], ["a/b"]),
    ("a/**/b/**/c", ["a/b/c", "a/x/b/y/z/c"], ["x/a/b/c", "a/c/b"]),
    ("**/x*y*/*.o", ["xy/a.o", "d/xay/b.o"], ["d/xay/e/b.o"]),
    ("[[:alpha:]]x", ["bx"], ["7x", "éx"]),
    ("[^[:alpha:]]x", ["7x"], ["bx"]),
    ("[[:nothing:]]x", [], ["bx", "nx"]),
    ("[[:alpha]x", ["lx", "ax"], ["bx"]),
    ("[]a]x", ["]x", "ax"], ["bx"]),
    ("[\\]a]x", ["]x", "ax"], ["\\x"]),
    ("[z-a]x", ["zx"], ["mx"]),
    ("[a", [], ["[a", "a"]),
    ("tab\t", ["tab\t"], ["tab"]),
    ("space ", ["space"], ["space "]),
    ("a\\  ", ["a "], ["a", "a  "]),
    ("end\\", [], ["end", "end\\"]),
    ("!!x", [], ["!x", "x"]),
    ("\\#x", ["#x"], ["x"]),
    ("a?b", ["axb"], ["aäb", "ab"]),
    ("ä*", ["äx"], ["ax"]),
    ("cità", ["cità"], ["cit", "citÃ"]),
    ("*.log", ["new\nline/a.log", "x\n.log"], ["a.log\n"]),
    ("name", ["name"], ["name\n"]),
    ("(?P<ps_d>", [], ["("]),
    ("\\?P<ps_d>", ["?P<ps_d>"], ["P"]),
]


@pytest.mark.parametrize(("rule", "ignored", "kept"), SINGLE, ids=[rule for rule, *_ in SINGLE])
def test_a_rule_means_what_git_says(tmp_path: Path, rule: str, ignored: list[str], kept: list[str]) -> None:
    make_repository(tmp_path)
    (tmp_path / ".gitignore").write_text(rule + "\n")
    fill(tmp_path, ignored + kept)
    files = sorted(ignored + kept)
    assert all((tmp_path / name).is_file() for name in files)
    git_says(tmp_path, sorted(ignored), [(name, False) for name in files])

    rules = IgnoreRules(tmp_path)
    assert [name for name in files if rules.is_ignored(name, False)] == sorted(ignored)


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("*a*a*a*a*a*a*a*a*a*a*a*ab", "a" * 255),
        ("a**a**a**a**a**a**a**a**b", "a" * 255),
        ("*" + "?*" * 200 + "b", "a" * 255),
        ("[a-c]*" * 100 + "b", "a" * 255),
        ("a*b*/" * 40 + "z", "/".join(["aab" * 20] * 40)),
        ("**/a/" * 300 + "b", "/".join(["a"] * 1000)),
        ("**/" + "a/" * 300 + "b/**/c", "/".join(["a"] * 1000)),
    ],
    ids=lambda text: text[:20],
)
def test_no_rule_takes_long_on_any_name(tmp_path: Path, rule: str, name: str) -> None:
    (tmp_path / ".gitignore").write_text(rule)
    rules = IgnoreRules(tmp_path)
    assert not rules.is_ignored("x", False)
    started = time.thread_time()
    assert not rules._read[""].rules.verdict(name)
    assert time.thread_time() - started < 0.5  # 0.001 on an idle machine


def test_ten_thousand_rules_are_not_one_long_search(tmp_path: Path) -> None:
    lines = [f"*{number}*x*{number}y" for number in range(12_000)] + ["last"]
    (tmp_path / ".gitignore").write_text("\n".join(lines))
    rules = IgnoreRules(tmp_path)
    assert rules.is_ignored("7x7y", False)
    assert not rules.is_ignored("last", False)
    assert max(len(group.rules) for group in rules._read[""].rules._groups) <= 100


def test_a_file_of_rules_that_is_cut_ends_with_a_whole_rule(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rule_files, "MAX_BYTES", 12)
    (tmp_path / ".gitignore").write_text("*.log\nabcdefgh\n")
    rules = IgnoreRules(tmp_path)
    assert rules.is_ignored("a.log", False)
    assert not rules.is_ignored("abcdef", False)
    assert ".gitignore is too long" in caplog.text


def test_a_path_of_any_depth_is_decided(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("gone\n")
    rules = IgnoreRules(tmp_path)
    deep = "a/" * 2040  # no system opens a path of more than 4,096 bytes
    assert not rules.is_ignored(f"{deep}b", False)
    assert rules.is_ignored(f"a/gone/{deep}b", False)
    assert not rules.is_ignored("\ud800", False)


def worktree(tmp_path: Path) -> tuple[Path, Path]:
    """A linked working tree and the repository's own folder, as `git worktree add` makes them."""
    common = tmp_path / "main" / ".git"
    own = common / "worktrees" / "linked"
    tree = tmp_path / "linked"
    own.mkdir(parents=True)
    (tree / "src").mkdir(parents=True)
    (common / "info").mkdir()
    (common / "info" / "exclude").write_text("private.txt\n")
    (own / "commondir").write_text("../..\n")
    (tree / ".git").write_text(f"gitdir: {own}\n")
    return tree, common


def test_a_linked_working_tree_has_the_excludes_of_its_repository(tmp_path: Path) -> None:
    tree, common = worktree(tmp_path)
    assert IgnoreRules(tree).is_ignored("private.txt", False)
    assert IgnoreRules(tree / "src").is_ignored("private.txt", False)
    assert not IgnoreRules(tree).is_ignored("public.txt", False)
    (tree / ".git").write_text("gitdir: ../main/.git/worktrees/linked\n")
    assert IgnoreRules(tree).is_ignored("private.txt", False)
    (tree / ".git").write_text(f"gitdir: {common}\n")  # a submodule: no `commondir`
    assert IgnoreRules(tree).is_ignored("private.txt", False)


@pytest.mark.parametrize(
    "pointer",
    [
        b"",
        b"gitdir: ",
        b"gitdir: /gone",
        b"gitdir: a\0b",
        b"gitdir: " + b"x" * 9000,
        b"\xff\xfe",
        b"gitdir: /dev",
    ],
    ids=["empty", "nothing", "gone", "nul", "long", "bytes", "kernel"],
)
def test_a_git_file_that_leads_nowhere_means_no_excludes(tmp_path: Path, pointer: bytes) -> None:
    tree, _ = worktree(tmp_path)
    (tree / ".git").write_bytes(pointer)
    assert not IgnoreRules(tree).is_ignored("private.txt", False)


def test_excludes_are_read_from_regular_files_only(tmp_path: Path) -> None:
    tree, common = worktree(tmp_path)
    exclude = common / "info" / "exclude"
    exclude.rename(tmp_path / "elsewhere")
    exclude.symlink_to(tmp_path / "elsewhere")
    assert not IgnoreRules(tree).is_ignored("private.txt", False)
    exclude.unlink()
    os.mkfifo(exclude)
    assert not IgnoreRules(tree).is_ignored("private.txt", False)
    commondir = common / "worktrees" / "linked" / "commondir"
    commondir.unlink()
    os.mkfifo(commondir)
    assert not IgnoreRules(tree).is_ignored("private.txt", False)


def test_rules_count_without_git_too(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbf*.log\r\n")
    rules = IgnoreRules(tmp_path, extra=["secret/"])
    assert rules.is_ignored("a.log", False)
    assert rules.is_ignored("secret", True)
    assert rules.is_ignored("secret/deep/file", False)
    assert rules.is_ignored(".git", True)
    assert rules.is_ignored("sub/.git/config", False)
    assert not rules.is_ignored("secret", False)
    assert not rules.is_ignored("", True)


def test_rules_that_cannot_be_read_are_no_rules(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".gitignore").symlink_to("/etc/passwd")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / ".gitignore").mkdir()
    rules = IgnoreRules(tmp_path)
    assert not rules.is_ignored("a", False)
    assert not rules.is_ignored("sub/root", False)
    assert not rules.is_ignored("dir/a", False)
    assert not IgnoreRules(tmp_path / "gone").is_ignored("a", False)


def test_a_repository_cannot_make_us_run_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {canary}\n")
    script.chmod(0o755)
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "config").write_text(f"[core]\n\tfsmonitor = {script}\n")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(os, "posix_spawn", refuse)
    assert not IgnoreRules(tmp_path).is_ignored("evil.sh", False)
    assert not canary.exists()
