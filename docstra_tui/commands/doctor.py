"""Whether machine, terminal and settings are as they should be; nothing is changed or sent."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from docstra_tui.commands.arguments import Invocation
from docstra_tui.commands.console import Console
from docstra_tui.workspace.doctor import report
from docstra_tui.workspace.doctor.check import Check
from docstra_tui.workspace.doctor.machine import Machine


def run(invocation: Invocation) -> int:
    """A line for each thing that is looked at; 1 where one does not work."""
    console = Console()
    measure = bool(invocation.options["measure"])
    if measure:
        console.progress("measuring…")
    checks = _checks(invocation, measure)
    console.end_progress()
    if invocation.options["json"]:
        console.json(report.as_json(checks))
    else:
        width = shutil.get_terminal_size().columns if console.out_is_terminal else None
        for line in report.lines(checks, width):
            console.line(line)
        console.note(report.summary(checks))
    return 1 if any(check.status == "fail" for check in checks) else 0


def _checks(invocation: Invocation, measure: bool) -> list[Check]:
    machine = None if measure else Machine()  # torch takes longest, and is begun with
    try:
        from docstra_tui.workspace.doctor.examination import examine
    except ImportError as error:  # without its packages nothing else can be looked at
        if machine is not None:
            machine.close()
        missing = f"a package is missing or broken: {error}"
        return [Check("python", "fail", missing, "pip install --force-reinstall docstra-tui")]
    try:
        here = Path(os.getcwd())
    except OSError:  # it was removed
        here = Path(os.sep)
    return examine(here, invocation.flags, measure=measure, machine=machine)
