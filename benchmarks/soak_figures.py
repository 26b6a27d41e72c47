"""What a soak notes of its processes, and what it finds in the saved sessions at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from docstra_tui.engine.client.census import list_engines
from docstra_tui.engine.client.processes import engines_in
from docstra_tui.paths import runtime_dir

MEGABYTE = 1_000_000
WARM_UP = 0.25
"""The share of its time that is left out of what a process grows by: it loads, and caches fill."""


@dataclass(frozen=True)
class Note:
    """One process at one time."""

    at: float
    """Seconds since the soak began."""
    memory: int
    """Bytes that would be free if it ended (USS): pages of shared libraries are not its own."""
    descriptors: int
    threads: int


@dataclass
class Notes:
    """All of them, in their order."""

    face: list[Note] = field(default_factory=list)
    engines: dict[int, list[Note]] = field(default_factory=dict)
    """By the number of its process."""

    def take(self, at: float, face: int) -> None:
        """How things are now."""
        self.face.append(_note(at, face))
        for pid in engine_pids():
            try:
                self.engines.setdefault(pid, []).append(_note(at, pid))
            except psutil.Error:  # killed a moment ago
                continue

    def engine_most(self) -> int:
        """Bytes of the largest engine there was."""
        return max((note.memory for notes in self.engines.values() for note in notes), default=0)

    def engine_now(self) -> int:
        """Bytes of the last engine, when it was last seen."""
        return [notes[-1].memory for notes in self.engines.values()][-1] if self.engines else 0

    def longest_life(self) -> list[Note]:
        """Of the engine that lived longest."""
        return max(self.engines.values(), key=lambda notes: notes[-1].at - notes[0].at, default=[])

    def growth(self, notes: Sequence[Note]) -> float:
        """Bytes an hour, by least squares; 0 of fewer than three notes."""
        if len(notes) < 3:
            return 0.0
        middle = sum(note.at for note in notes) / len(notes)
        mean = sum(note.memory for note in notes) / len(notes)
        spread = sum((note.at - middle) ** 2 for note in notes)
        return 3600 * sum((note.at - middle) * (note.memory - mean) for note in notes) / spread

    def stop_engines(self) -> None:
        """None is left behind."""
        for engine in list_engines():
            engine.stop()


def settled(notes: Sequence[Note]) -> list[Note]:
    """Without its first time."""
    if not notes:
        return []
    begun, end = notes[0].at, notes[-1].at
    return [note for note in notes if note.at - begun >= WARM_UP * (end - begun)]


def engine_pids() -> list[int]:
    """The engines of this soak."""
    return [mark.pid for _, mark in engines_in(runtime_dir())]


def kept_questions(state: Path) -> set[str]:
    """What the saved sessions have, asked or waiting."""
    with sqlite3.connect(f"file:{state / 'sessions.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT question FROM turns UNION SELECT question FROM waiting")
        return {question for (question,) in rows}


def _note(at: float, pid: int) -> Note:
    process = psutil.Process(pid)
    with process.oneshot():
        return Note(at, process.memory_full_info().uss, process.num_fds(), process.num_threads())
