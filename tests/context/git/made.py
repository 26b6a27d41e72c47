"""Repositories for tests, made by git itself; ours never starts one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="makes repositories with git")

_HOME = {
    "PATH": os.environ.get("PATH", ""),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "Ada" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{f"GIT_{who}_DATE": "1700000000 +0100" for who in ("AUTHOR", "COMMITTER")},
}


def git(where: Path, *arguments: str) -> bytes:
    """What git says, in a repository that we made."""
    safe = ["-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", *safe, *arguments], cwd=where, env=_HOME, check=True, capture_output=True, timeout=60
    )
    return done.stdout


def porcelain(where: Path) -> dict[str, str]:
    """What git says of each file, as `Seen.states` tells it."""
    states: dict[str, str] = {}
    for row in git(where, "status", "--porcelain=v1", "-z", "-uall", "--no-renames").split(b"\0"):
        told, path = row[:2].decode(), os.fsdecode(row[3:])
        if told == "??":
            states[path] = states.get(path, " ")[0] + "?"
        elif told:
            states[path] = "UU" if "U" in told or told in ("AA", "DD") else told.replace("T", "M")
    return states


def write(root: Path, path: str, text: str) -> None:
    """A file, and the folders above it."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def arm(root: Path, run: str) -> None:
    """Name a command wherever a repository can name one."""
    (root / ".git/config").open("a").write(
        f"[core]\n\tfsmonitor = {run}\n\thooksPath = .git/evil\n\tpager = {run}\n\tsshCommand = {run}\n"
        f'[diff "x"]\n\ttextconv = {run}\n\tcommand = {run}\n[diff]\n\texternal = {run}\n'
        f'[filter "x"]\n\tclean = {run}\n\tsmudge = {run}\n\tprocess = {run}\n\trequired = true\n'
        f'[remote "origin"]\n\turl = ext::{run}\n\tpromisor = true\n\tuploadpack = {run}\n'
        f'[submodule "part"]\n\turl = ext::{run}\n\tupdate = !{run}\n[gpg]\n\tprogram = {run}\n'
        f"[alias]\n\tstatus = !{run}\n[credential]\n\thelper = !{run}\n[include]\n\tpath = /etc/passwd\n"
    )
    write(root, ".gitattributes", "* filter=x diff=x merge=x\n")
    write(root, ".gitmodules", f'[submodule "part"]\n\tpath = part\n\turl = ext::{run}\n')
    for name in (
        "pre-commit",
        "post-checkout",
        "fsmonitor-watchman",
        "post-index-change",
        "reference-transaction",
    ):
        for folder in ("hooks", "evil"):
            write(root, f".git/{folder}/{name}", f"#!/bin/sh\n{run}\n")
            (root / f".git/{folder}/{name}").chmod(0o755)
