"""A whole examination over a machine and a terminal that say what a test wants."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from docstra_tui.workspace.doctor.answers import Answers
from docstra_tui.workspace.doctor.check import Check
from docstra_tui.workspace.doctor.examination import examine

MEMORY = {"free": 20_000_000_000, "total": 25_000_000_000}
NO_GPU = {"gpus": [], "problem": {}, "mps": False, "threads": 2}
H100 = {"index": 0, "name": "NVIDIA H100", "free": 70_000_000_000, "total": 80_000_000_000}


class SaidMachine:
    """Says at once what it is, and nothing else."""

    def __init__(self, failed: str = "", **told: Any) -> None:
        self.began = time.monotonic()
        self.failed = failed
        self.is_closed = False
        self._told = {"memory": MEMORY, "torch": {"version": "2.13.0"}, "devices": NO_GPU} | told

    def told(self, what: str, until: float) -> dict[str, Any] | None:
        return self._told.get(what)

    def all_told(self, what: str, until: float) -> list[dict[str, Any]]:
        return [self._told[what]] if what in self._told else []

    def close(self) -> None:
        self.is_closed = True


NOBODY = Answers("there is no terminal here")


def examined(
    root: Path,
    machine: SaidMachine | None = None,
    answers: Answers = NOBODY,
    *,
    measure: bool = False,
    **flags: Any,
) -> dict[str, Check]:
    """Every line by its name; a flag's key has `_` for its dot."""
    machine = machine or SaidMachine()
    named = {key.replace("_", ".", 1): value for key, value in flags.items()}
    found = examine(root, named, answers=answers, machine=machine, measure=measure)
    assert machine.is_closed
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}
