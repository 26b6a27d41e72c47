"""A hundred thousand files: how long to list and to search them, and how long that stalls an event loop."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import Report, median
from benchmarks.tree_screen import measure_screen
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.index import FileIndex
from docstra_tui.context.files.tree import list_folder
from docstra_tui.context.names.fuzzy import letters_of

FILES = 100_000
PER_FOLDER = 100
TICK = 0.005
"""Seconds between two beats of the loop that is to stay alive."""

QUERIES = ("client.py", "m7f4", "test retry", "handler_42", "zq", "session/index")
"""Typed letter by letter."""

WORDS = "client server index reader prompt session handler retry token test".split()  # noqa: SIM905


@contextmanager
def one_folder() -> Iterator[Path]:
    """All files in one folder."""
    with _folder() as root:
        for number in range(FILES):
            (root / _name(number)).touch()
        yield root


@contextmanager
def nested_folders() -> Iterator[Path]:
    """The same number in a thousand folders, with rules to ignore some."""
    with _folder() as root:
        (root / ".gitignore").write_text(
            "*.pyc\n__pycache__/\n/build\ndist/\nnode_modules\n!keep.pyc\n*.log\n"
        )
        for number in range(FILES // PER_FOLDER):
            folder = root / WORDS[number % 10] / f"module_{number}"
            folder.mkdir(parents=True)
            for inner in range(PER_FOLDER):
                (folder / _name(number * PER_FOLDER + inner)).write_text(f"number = {inner}\n")
        yield root


@contextmanager
def _folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="docstra-tree-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def _name(number: int) -> str:
    return f"{WORDS[number % 7]}_{WORDS[number % 9]}_{number}.py"


async def stalls_during(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds that `work` takes and the longest time the loop came too late meanwhile.

    Whatever lives in the loop can be measured: a thread's work by `asyncio.to_thread`, or a whole app.
    """
    longest = 0.0
    is_done = False

    async def beat() -> None:
        nonlocal longest
        while not is_done:
            start = time.perf_counter()
            await asyncio.sleep(TICK)
            longest = max(longest, time.perf_counter() - start - TICK)

    beating = asyncio.create_task(beat())
    await asyncio.sleep(10 * TICK)
    longest = 0.0
    start = time.perf_counter()
    await work()
    took = time.perf_counter() - start
    is_done = True
    await beating
    return took, longest


async def idle_stall() -> float:
    """The same loop beside a second of sleep: what this machine does to it anyway."""
    return (await stalls_during(lambda: asyncio.sleep(1.0)))[1]


def keystrokes(index: FileIndex) -> list[float]:
    """Seconds of each keystroke of all queries."""
    figures = []
    for query in QUERIES:
        for end in range(1, len(query) + 1):
            if letters_of(query[:end]):
                start = time.perf_counter()
                index.filter(query[:end])
                figures.append(time.perf_counter() - start)
    return figures


def measure(report: Report, name: str, root: Path) -> float:
    """One folder's figures; its longest stall in milliseconds."""
    rules = IgnoreRules(root)
    listed, list_stall = asyncio.run(stalls_during(lambda: asyncio.to_thread(list_folder, root, "", rules)))
    index = FileIndex(root, IgnoreRules(root))
    filled, fill_stall = asyncio.run(stalls_during(lambda: asyncio.to_thread(index.fill)))
    typed: list[float] = []
    _, type_stall = asyncio.run(
        stalls_during(lambda: asyncio.to_thread(lambda: typed.extend(keystrokes(index))))
    )
    report.add(f"{name}_files", len(index), f"files in the index, {name}")
    report.add(f"{name}_list_s", listed, "s, rows of the root folder")
    report.add(f"{name}_list_stall_ms", list_stall * 1000, "ms, longest stall of the loop meanwhile", "≤ 50")
    report.add(f"{name}_index_s", filled, "s, all files into the index")
    report.add(f"{name}_index_stall_ms", fill_stall * 1000, "ms, longest stall meanwhile", "≤ 50")
    report.add(f"{name}_filter_ms", median(typed) * 1000, "ms a keystroke of the filter, median", "≤ 30")
    report.add(f"{name}_filter_worst_ms", max(typed) * 1000, "ms, the slowest keystroke")
    report.add(f"{name}_filter_stall_ms", type_stall * 1000, "ms, longest stall meanwhile", "≤ 50")
    return max(list_stall, fill_stall, type_stall) * 1000


def measure_app(report: Report, name: str, root: Path) -> float:
    """The whole screen over one folder; its longest stall in milliseconds."""
    stalls, typed = measure_screen(root, stalls_during, QUERIES, has_folders=name == "nested")
    for what, seconds in stalls.items():
        meaning = f"ms, longest stall of the whole screen: {what}, {name}"
        report.add(f"{name}_screen_{what}_stall_ms", seconds * 1000, meaning, "≤ 50")
    report.add(f"{name}_screen_key_ms", median(typed) * 1000, "ms from a letter to its rows, median")
    report.add(f"{name}_screen_key_worst_ms", max(typed) * 1000, "ms from a letter to its rows, the slowest")
    return max(stalls.values()) * 1000


def main() -> None:
    """Print the figures."""
    report = Report(f"{FILES:,} files, listed and searched in a thread beside an event loop")
    report.add("idle_stall_ms", asyncio.run(idle_stall()) * 1000, "ms, longest stall of the idle loop")
    stalls = []
    for name, folder in (("one", one_folder), ("nested", nested_folders)):
        with folder() as root:
            stalls.append(measure(report, name, root))
            stalls.append(measure_app(report, name, root))
    report.add("stall_ms", max(stalls), "ms, the longest stall of all", "≤ 50")
    report.end()


if __name__ == "__main__":
    main()
