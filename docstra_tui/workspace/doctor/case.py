"""What is looked at: the settings in force and why there are no others, the folder, and who else is asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.errors import SettingsError
from docstra_tui.settings import Settings
from docstra_tui.workspace.doctor.answers import Answers
from docstra_tui.workspace.doctor.machine import Machine


@dataclass(frozen=True)
class Case:
    """Given to every look."""

    settings: Settings
    """The defaults where `problem` says why there are no others."""
    problem: SettingsError | None
    root: Path
    """The folder that is open, or that one stands in."""
    environ: Mapping[str, str]
    machine: Machine
    answers: Future[Answers]
    """What the terminal says of itself."""
    is_measured: bool
    """True where times are taken anew."""
    until: float
    """When everybody has to be back, on the monotonic clock."""
    given: Mapping[str, str]
    """What to do to have another value for the settings that stand in no file and no variable, by key."""

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self.until - time.monotonic())
