"""The rules agree with git, and git is never started by us."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from docstra_tui.context.ignore import IgnoreRules

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
""".replace("crlf.txt", "crlf.txt\r")

FILES = """
#literal !bang a.log keep.log sub/a.log sub/keep.log build/x sub/build/y top.txt sub/top.txt docs/a.html
docs/sub/b.html cache/f sub/cache/f a/z a/b/z a/b/c/z deep/keep.txt deep/other.txt m.pyc m.pyo m.py ax.tmp
bx.tmp trailing.txt fooXbar foo/bar p.egg-info/PKG only/here/f sub/only/here node_modules/keep.js
node_modules/m/i.js star starry/f starfish/f crlf.txt logs/a logs/important sub/logs/important x/a x/y x/y/z
[bad äöü.txt nested/kept.log nested/inner/gone.txt nested/inner/b.py nested/only.me other/only.me
build.txt excluded.by.info sub/excluded.by.info dir.d/f nested/build/back.txt
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


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@pytest.mark.parametrize("start", ["", "nested", "sub"])
def test_thirty_rules_mean_what_git_says(tmp_path: Path, start: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, capture_output=True, timeout=20)
    (tmp_path / ".gitignore").write_text(RULES)
    fill(tmp_path, FILES)
    for name, text in NESTED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    root = tmp_path / start
    rules = IgnoreRules(root)

    paths = everything(root)
    ours = {path for path, is_folder in paths if rules.is_ignored(path, is_folder)}

    prefix = f"{start}/" if start else ""
    theirs = ignored_by_git(tmp_path, [prefix + path for path, _ in paths])
    assert ours == {path.removeprefix(prefix) for path in theirs}
    assert ours, "the corpus tests nothing"


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
