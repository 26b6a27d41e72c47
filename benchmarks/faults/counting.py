"""Counting what is ticked: the memory it takes above the loaded model, and the time until the fit view.

With the starter model. Memory is the engine's highest, as the system saw it, less what it had when its
model was loaded; time runs from asking about files that nobody has counted yet to the plan that the fit view
shows.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

import docstra_tui
from benchmarks.report import Report
from benchmarks.running import running_engine
from docstra_tui.errors import ContextOverflow
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.fitting import Overfull
from docstra_tui.workspace.models.own_engine import EngineBackend

NAME = "counting"


def count(report: Report) -> None:
    """Adds the figures."""
    with running_engine() as backend:
        assert isinstance(backend, EngineBackend)
        process = psutil.Process(backend.engine.health().pid)
        loaded = process.memory_info().rss

        seconds, told = _until_the_fit_view(backend.llm, list(_files(200, 5_000)))
        report.add(
            "counting_200_files_s", seconds, "s from asking about 200 files, 1 MB, to the fit view", "≤ 3"
        )
        report.add("counting_told", told, "times it was said how far the counting is", "≥ 1")

        big = list(_files(24, 500_000, seed=1))
        seconds, _ = _until_the_fit_view(backend.llm, big)
        report.add(
            "counting_12_mb_s", seconds, "s from asking about 12 MB to the fit view, outlines included"
        )
        started = time.monotonic()
        measure = backend.llm.measure(_prompt(backend.llm, list(_files(12, 1_000_000, seed=2))))
        seconds = time.monotonic() - started
        report.add("counting_12_mb_at_once_s", seconds, "s to hear that 12 MB in one are more than 8 windows")
        assert measure.is_least
        most = (_peak(process) - loaded) / 1e6
        report.add("counting_memory_mb", most, "MB above the loaded model, the most", "≤ 1000")
        left = (process.memory_info().rss - loaded) / 1e6
        report.add("counting_memory_kept_mb", left, "MB above the loaded model, afterwards")
        refused = _sends_too_much(backend.llm)
        report.add("counting_body_refused", refused, "1 if a body of 60 MB is refused with a sentence", "1")
        most = (_peak(process) - loaded) / 1e6
        report.add("counting_body_memory_mb", most, "MB above the loaded model with that, the most", "≤ 1000")


def _until_the_fit_view(llm: RemoteLLM, items: list[ContextItem]) -> tuple[float, int]:
    """Seconds until there is a plan, and how often it was told how far the counting is."""
    session = ChatSession(llm, Path(tempfile.gettempdir()))
    session.set_context(items)
    told: list[object] = []
    session.admission.count_changed = lambda: told.append(session.admission.counting)
    seconds = 0.0
    started = time.monotonic()

    def make_room(overfull: Overfull) -> bool:
        nonlocal seconds
        overfull.fitting.plan(overfull.request)
        seconds = time.monotonic() - started
        return False

    session.admission.make_room = make_room
    try:
        session.ask("What does this do?")
    except ContextOverflow:
        return seconds, len(told)
    raise AssertionError("so much text cannot fit")


def _sends_too_much(llm: RemoteLLM) -> int:
    status, answer = llm._connection.ask("POST", "http://engine/tokenize", {"prompt": "word " * 12_000_000})
    return int(status == 413 and bool(answer["error"]["message"]))


def _prompt(llm: RemoteLLM, items: list[ContextItem]) -> list:  # type: ignore[type-arg]
    return llm.prompt_builder.conversation("answer_question", items, (), question="Why?").messages


def _files(number: int, size: int, seed: int = 0) -> Iterator[ContextItem]:
    """Our own source in pieces, with names exchanged, so that no two are alike."""
    source = "".join(path.read_text() for path in sorted(Path(docstra_tui.__file__).parent.rglob("*.py")))
    lines = source.splitlines(keepends=True)
    at = 0
    for index in range(number):
        taken: list[str] = []
        left = size
        while left > 0:
            line = lines[at % len(lines)].replace("self", f"self{index % 9}{seed}")
            taken.append(line)
            left -= len(line)
            at += 1
        yield ContextItem("".join(taken), f"src/{seed}/{index}.py", "python")


def _peak(process: psutil.Process) -> int:
    """Bytes: the most that was resident at any time."""
    with open(f"/proc/{process.pid}/status") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)
