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
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from benchmarks.report import Report, interleaved, median, median_ratio
from docstra_tui.context.git.reader import GitReader

ROUNDS = 5


def git(root: Path, *arguments: str, given: bytes = b"") -> None:
    """In a repository that was made here."""
    name = ["-c", "user.name=a", "-c", "user.email=a", "-c", "gc.auto=0"]
    home = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", *name, *arguments], cwd=root, env=home, input=given, check=True, stdout=subprocess.DEVNULL
    )


def stream(count: int) -> Iterator[bytes]:
    """One commit of so many files, for git to take in at once: a file for each object takes minutes."""
    yield b"commit refs/heads/main\ncommitter a <a> 1700000000 +0000\ndata 5\nFirst\n"
    for number in range(count):
        text = b"def f%d():\n    return %d\n" % (number, number)
        path = b"part_%d/module_%d/file_%d.py" % (number % 40, number % 1000, number)
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(text), text)


def make(root: Path, count: int) -> None:
    """A repository of so many files, checked out."""
    git(root, "init", "-q", "-b", "main")
    git(root, "fast-import", "--quiet", given=b"".join(stream(count)))
    git(root, "reset", "-q", "--hard")
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
