"""Every look at once, each in a thread of its own, and the report in their order: what hangs or breaks takes
only its own line with it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from operator import attrgetter
from pathlib import Path
from time import monotonic
from typing import Any

from docstra_tui import settings as settings_module
from docstra_tui.background import begin, fulfil
from docstra_tui.error_forms import first_line
from docstra_tui.errors import ModelError, SettingsError
from docstra_tui.llm.files import location
from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.setting_sources import A_FLAG, Place, named
from docstra_tui.settings import Settings
from docstra_tui.workspace.doctor import answers as terminal_answers
from docstra_tui.workspace.doctor import computing, engines, kept, models, places, terminal
from docstra_tui.workspace.doctor.answers import Answers
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import WORSE, Check
from docstra_tui.workspace.doctor.machine import Machine, started

SECONDS = 2.0
"""For all of it; torch alone may take as long."""
MEASURE_SECONDS = 120.0
"""The same where somebody wants times taken, and waits for torch."""
LEAST_SECONDS = 0.3
"""For the looks, where so much else runs that it took as long to come to them."""

COMMANDS = {
    "model.name": "/model",
    "model.device": "/device",
    "remote.name": "/remote",
    "remote.base_url": "/remote",
}
"""What a face changes without a file, by keys."""
DISK_LOOKS = 3
DISK_PAUSE_SECONDS = 0.02

Look = Callable[[Case], Check]

LOOKS: tuple[tuple[str, Look], ...] = (
    ("python", computing.python),
    ("torch", computing.torch),
    ("cuda", computing.cuda),
    ("devices", computing.devices),
    ("dtypes", computing.dtypes),
    ("hub cache", models.hub_cache),
    ("model files", models.model_files),
    ("chat template", models.chat_template),
    ("engine", engines.engine),
    ("server", engines.server),
    ("api key", places.key),
    ("settings", places.in_force),
    ("folders", places.folders),
    ("disk", places.disk),
    ("sqlite", kept.sqlite),
    ("index", kept.index),
    ("locale", terminal.locale),
    ("terminal", terminal.terminal),
    ("colours", terminal.colours),
    ("round trip", terminal.round_trip),
    ("keys", terminal.keys),
    ("clipboard", terminal.clipboard),
    ("tmux, screen", terminal.multiplexer),
)


def examine(
    root: Path,
    flags: Mapping[str, Any] | None = None,
    *,
    settings: Settings | None = None,
    measure: bool = False,
    answers: Answers | None = None,
    machine: Machine | None = None,
    looks: Sequence[tuple[str, Look]] = LOOKS,
) -> list[Check]:
    """A line for each look, in their order. `settings` are those of a face, which may be other ones than the
    files and `flags` give; `answers` are the terminal's, where a face has it and knows them;
    else it is asked. `machine` was begun already, before there was anything else. Raises nothing."""
    found, problem = _settings(root, flags)
    settings = settings if settings is not None else found
    if machine is None:
        machine = Machine(started("--measure", _folder(settings)) if measure else None)
    until = machine.began + (MEASURE_SECONDS if measure else SECONDS)
    until = max(until, monotonic() + min(LEAST_SECONDS, SECONDS))
    if answers is None and (reason := terminal_answers.why_not(os.environ)):
        answers = Answers(reason)
    try:
        known: Future[Answers] = Future()
        if answers is not None:
            known.set_result(answers)
        told = given(settings, found, flags)
        case = Case(settings, problem, root, os.environ, machine, known, measure, until, told)
        begun = [(name, begin(lambda look=look: look(case), _thread_of(name))) for name, look in looks]  # type: ignore[misc]
        if answers is None:
            fulfil(known, lambda: terminal_answers.ask(os.environ))
        return [_outcome(name, future, until) for name, future in begun]
    finally:
        machine.close()


def examine_within(root: Path, settings: Settings, seconds: float | None = None) -> list[Check]:
    """The same within a face, the worst first. It has the terminal, which is not asked anything; `seconds` is
    how far the face knows it to be."""
    answers = Answers("in a shell, docstra-tui doctor asks the terminal", seconds)
    found = examine(root, settings=settings, answers=answers)
    return sorted(found, key=lambda one: -WORSE.index(one.status))


def given(settings: Settings, found: Settings, flags: Mapping[str, Any] | None) -> dict[str, str]:
    """What to do about those that were named by hand: `found` are what files, variables and `flags` give."""
    here = {key: f"leave out {named(key, {key: Place(A_FLAG)})}" for key in flags or {}}
    return here | {
        key: f"{command} NAME takes another one"
        for key, command in COMMANDS.items()
        if attrgetter(key)(settings) != attrgetter(key)(found)
    }


def _outcome(name: str, future: Future[Check], until: float) -> Check:
    try:
        # A little later than the looks themselves have to be back.
        error = future.exception(max(0.05, until + 0.1 - monotonic()))
    except TimeoutError:
        if _waits_for_a_disk(_thread_of(name)):
            return Check(name, "warn", "not known in time: a disk does not answer", "mount")
        return Check(name, "warn", "not known in time: the machine is busy", computing.LOOK_LONGER)
    if error is not None:
        said = first_line(error) or "no word"
        return Check(name, "warn", f"it could not be looked at: {type(error).__name__}: {said}")
    return future.result()


def _thread_of(name: str) -> str:
    return f"doctor {name}"


def _waits_for_a_disk(thread: str) -> bool:
    """Whether that thread is one that the system does not even let be ended, looked at more than once."""
    found = next((one.native_id for one in threading.enumerate() if one.name == thread), None)
    for place in range(DISK_LOOKS if found is not None else 0):
        if place:
            time.sleep(DISK_PAUSE_SECONDS)
        try:
            stat = Path(f"/proc/self/task/{found}/stat").read_bytes()
        except OSError:  # it ended, or the system is another
            return False
        if stat.rpartition(b")")[2].split()[:1] != [b"D"]:
            return False
    return found is not None


def _settings(root: Path, flags: Mapping[str, Any] | None) -> tuple[Settings, SettingsError | None]:
    try:
        return settings_module.load(flags, root), None
    except SettingsError as error:
        return Settings(), error


def _folder(settings: Settings) -> str:
    """Where the model lies whose shape is timed; empty where it is not known."""
    wanted = settings.model
    try:
        found = location.here(ModelSpec(wanted.name, revision=wanted.revision))
    except ModelError:
        return ""
    return str(found.folder) if found is not None and found.gguf is None else ""
