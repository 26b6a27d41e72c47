"""The index of a project: how long it takes to make, to refresh and to ask, its memory, and what it stalls.

Usage: python -m benchmarks.index [--small | --large] [--json]. The files are copies of the sources of this
Python's own packages: 10,000 of them; with --small 1,000, with --large as many as make 100,000 with copies of
copies. Compared with what cannot be left out: reading and hashing every file, in one process; and with all
text in one plain FTS5 table. CPU time is told beside wall time, which has other work of the machine in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import resource
import shutil
import sqlite3
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import cycle, islice
from pathlib import Path

import psutil

from benchmarks.report import Report, median
from benchmarks.tree import idle_stall, stalls_during
from docstra_tui.context.search.asking import Asking
from docstra_tui.context.search.index.project import ProjectIndex

ENDINGS = (".py", ".pyi", ".md", ".rst", ".txt", ".c", ".h", ".cpp", ".js", ".ts", ".toml")
LARGEST = 1_000_000
PER_FOLDER = 100
ROUNDS = 3
CHANGED = 20
QUESTIONS = (
    "where are lines split at a separator",
    "how does a request get its timeout and how often is it tried again",
    "which class keeps the tokens of a tokenizer",
    "parse_version",
    "tests of the event loop that is closed too early",
    "where is the colour of a widget's border decided",
)


def sources() -> Iterator[Path]:
    """Text files of the installed packages, always in the same order."""
    for folder, folders, names in os.walk(sysconfig.get_paths()["purelib"]):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(ENDINGS) and not path.is_symlink() and path.stat().st_size <= LARGEST:
                yield path


@contextmanager
def project(count: int) -> Iterator[Path]:
    """So many files, and a place for indexes."""
    base = Path(tempfile.mkdtemp(prefix="docstra-index-"))
    try:
        for name in ("CACHE", "RUNTIME"):
            os.environ[f"DOCSTRA_{name}_DIR"] = str(base / name)
        root = base / "project"
        for number, path in enumerate(islice(cycle(list(sources())), count)):
            folder = root / f"part_{number // PER_FOLDER}"
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(shutil.copyfile(path, folder / f"{number}_{path.name}"), (1e9, 1e9))
        yield root
    finally:
        shutil.rmtree(base)


def files_of(root: Path) -> list[Path]:
    """All of them."""
    return [Path(folder, name) for folder, _, names in os.walk(root) for name in names]


def hashed(root: Path) -> None:
    """The first baseline."""
    for path in files_of(root):
        hashlib.sha256(path.read_bytes()).digest()


def plain_table(root: Path) -> None:
    """The second: every text into one table of FTS5, as it is."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(f"{folder}/plain.db")) as connection,
    ):
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (path, body, content = '')")
        with connection:
            for path in files_of(root):
                body = path.read_text("utf-8", errors="replace")
                connection.execute("INSERT INTO words (path, body) VALUES (?, ?)", (str(path), body))


def seconds_of(work: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock seconds, and those of the processor, children's too."""
    began, used = time.perf_counter(), _used()
    work()
    return time.perf_counter() - began, _used() - used


def _used() -> float:
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in each)


class Memory(threading.Thread):
    """The most memory that the processes of the index had together, while this runs: of what several of them
    share each has its part, as the kernel says (PSS)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._most = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Look every quarter of a second, which takes the kernel some milliseconds."""
        own = psutil.Process()
        while not self._over.wait(0.25):
            self._most = max(self._most, sum(map(_memory, own.children(recursive=True))))

    def stop(self) -> float:
        """Megabytes."""
        self._over.set()
        self.join()
        return self._most / 1e6


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:  # it ended a moment ago
        return 0


def ask_all(index: ProjectIndex, asking: Asking) -> list[float]:
    """Seconds of each question, by the process that the faces ask."""
    figures = []
    for question in QUESTIONS:
        began = time.perf_counter()
        index.ask(lambda reader, question=question: asking.suggest(reader.path, question))  # type: ignore[misc]
        figures.append(time.perf_counter() - began)
    return figures


def change(root: Path, second: int) -> None:
    """A few files get another line."""
    for path in sorted(files_of(root))[:: max(1, len(files_of(root)) // CHANGED)][:CHANGED]:
        path.write_text(path.read_text("utf-8", errors="replace") + f"\n# changed {second}\n")
        os.utime(path, (1e9 + second, 1e9 + second))


def measure(report: Report, root: Path, rounds: int) -> None:
    """All figures over one project."""
    index = ProjectIndex(root)
    built: list[tuple[tuple[float, float], ...]] = []
    memory = 0.0
    for _ in range(rounds):
        shutil.rmtree(index.folder, ignore_errors=True)
        watching = Memory()
        watching.start()
        building = seconds_of(index.refresh)
        memory = max(memory, watching.stop())
        built.append((building, seconds_of(lambda: hashed(root)), seconds_of(lambda: plain_table(root))))
    report.add("files", index.status().files, "files")
    report.add("build_s", median([row[0][0] for row in built]), "s until it is complete", "≤ 10 for 10,000")
    report.add("build_cpu_s", median([row[0][1] for row in built]), "s of the processors for that")
    report.add("hash_cpu_s", median([row[1][1] for row in built]), "s to read and hash every file")
    report.add("plain_cpu_s", median([row[2][1] for row in built]), "s for one plain table of FTS5")
    ratios = [row[0][1] / row[2][1] for row in built]
    report.add("build_over_plain", median(ratios), "of the processors, build over plain table")
    report.add("memory_mb", memory, "MB, all its processes together at their most", "≤ 300")
    size = sum(path.stat().st_size for path in files_of(root))
    kept = sum(path.stat().st_size for path in index.folder.iterdir())
    report.add("size_share", kept / size, "of the size of the files, on the disk")
    again = [seconds_of(index.refresh)[0] for _ in range(rounds)]
    report.add("refresh_s", median(again), "s to see that nothing changed")
    changed = []
    for number in range(rounds):
        change(root, number + 1)
        changed.append(seconds_of(index.refresh)[0])
    report.add("changed_s", median(changed), f"s after {CHANGED} files changed")
    with closing(Asking()) as asking:
        ask_all(index, asking)
        asked = [figure for _ in range(rounds) for figure in ask_all(index, asking)]
    report.add("ask_ms", median(asked) * 1000, "ms a question, median", "≤ 50")
    report.add("ask_worst_ms", max(asked) * 1000, "ms, the slowest question")


def measure_stalls(report: Report, root: Path) -> None:
    """What a loop in the process of a face notices: of an index that is made, and of questions meanwhile,
    which another process answers for it."""
    index, asking = ProjectIndex(root), Asking()
    shutil.rmtree(index.folder, ignore_errors=True)

    def work() -> None:
        index.start()
        until = time.monotonic() + 120
        while time.monotonic() < until and not index.status().is_complete:
            time.sleep(0.2)
            if index.status().files:
                ask_all(index, asking)
        index.stop()
        asking.close()

    _, stall = asyncio.run(stalls_during(lambda: asyncio.to_thread(work)))
    report.add("stall_ms", stall * 1000, "ms, longest stall of a loop while it is made and asked", "≤ 50")
    report.add("idle_stall_ms", asyncio.run(idle_stall()) * 1000, "ms, longest stall of the idle loop")


def main() -> None:
    """Print the figures."""
    count = 1_000 if "--small" in sys.argv else 100_000 if "--large" in sys.argv else 10_000
    rounds = 1 if "--large" in sys.argv else ROUNDS
    report = Report(f"an index of {count:,} files", flags=("--small", "--large"))
    with project(count) as root:
        measure(report, root, rounds)
        if "--large" not in sys.argv:
            measure_stalls(report, root)
    report.end()


if __name__ == "__main__":
    main()
