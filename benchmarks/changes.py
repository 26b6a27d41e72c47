"""What changed in a git repository: how long it takes to say it, and its memory.

Usage: python -m benchmarks.changes [--small] [--json]. 100,000 files in 1,000 folders, with --small 10,000;
one of them is changed and one is new. Compared with git itself, which is started for that here alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.report import Report, interleaved, median, median_ratio
from docstra_tui.context.git.reader import GitReader

ROUNDS = 5


def git(root: Path, *arguments: str) -> None:
    """In a repository that was made here."""
    name = ["-c", "user.name=a", "-c", "user.email=a", "-c", "gc.auto=0"]
    home = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *name, *arguments], cwd=root, env=home, check=True, stdout=subprocess.DEVNULL)


def make(root: Path, count: int) -> None:
    """A repository of so many files."""
    for number in range(count):
        folder = root / f"part_{number % 40}" / f"module_{number % 1000}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file_{number}.py").write_text(f"def f{number}():\n    return {number}\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "First")
    (root / "part_1/module_1/file_1.py").write_text("changed = 1\n")
    (root / "part_2/new.py").write_text("new = 1\n")


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def memory_of(reader: GitReader) -> int:
    """Bytes of its process."""
    process = reader._process
    assert process is not None
    return psutil.Process(process.pid).memory_info().rss


def main() -> None:
    """Measure and tell."""
    report = Report("what changed in a git repository", flags=["--small"])
    count = 10_000 if "--small" in sys.argv else 100_000
    with tempfile.TemporaryDirectory(prefix="docstra-changes-") as folder:
        root = Path(folder)
        make(root, count)
        reader = GitReader(root)
        first = seconds(reader.changes)
        pairs = interleaved(
            lambda: seconds(reader.changes),
            lambda: seconds(lambda: git(root, "status", "--porcelain")),
            ROUNDS,
        )
        assert len(reader.changes().states) == 2
        diff = median([seconds(lambda: reader.diff(1_000_000)) for _ in range(ROUNDS)])
        memory = memory_of(reader)
        reader.close()
    report.add("files", count, "files")
    report.add("first_s", first, "s for the first list, with the process that makes it")
    report.add("list_s", median([ours for ours, _ in pairs]), "s for a list after that", "≤ 1 for 100,000")
    report.add("list_over_git", median_ratio(pairs), "of git's own time for it")
    report.add("diff_s", diff, "s for what is not staged, as text")
    report.add("memory_mb", memory / 1e6, "MB of the process")
    report.end()


if __name__ == "__main__":
    main()
