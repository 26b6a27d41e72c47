"""The doctor in the inline chat: what does not work here, a line a thing."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.repl.printer import Printer
from docstra_tui.settings import Settings
from docstra_tui.workspace.doctor import report

ROLES = {"fail": "error", "warn": "note"}


def show(root: Path, settings: Settings, printer: Printer) -> None:
    """Look, and print what was found."""
    from docstra_tui.workspace.doctor.examination import examine_within

    printer.progress("Looking…", "dim")
    checks = examine_within(root, settings)
    for check, rows in zip(checks, report.folded(checks, printer.columns - 1), strict=True):
        printer.line("\n".join(rows), ROLES.get(check.status, ""))
    printer.line(report.summary(checks), "note")
