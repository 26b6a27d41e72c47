"""The key table, sent to both faces on a real terminal: which rows come out otherwise."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.report import Report
from tests.pty.key_table import BOTH, SCREEN, Outcome, run_all

NAME = "keys"


def count(report: Report) -> None:
    """Send every row; what came of the wrong ones goes to stderr."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        (root / "src").mkdir(parents=True)
        (root / "src" / "client.py").write_text("def retry(times):\n    return times + 1\n")
        (root / "notes.md").write_text("# Notes\n")
        screen, chat = run_all((*BOTH, *SCREEN), root), run_all(BOTH, root, "chat")
    for face, outcome in (("screen", screen), ("chat", chat)):
        _name_wrong(face, outcome)
    report.add("keys", len(BOTH) * 2 + len(SCREEN), "rows of the key table, both faces")
    report.add("keys_wrong", len(screen.wrong) + len(chat.wrong), "of them come out otherwise", "0")
    report.add("keys_ended", screen.ended + chat.ended, "of them end the program", "0")


def _name_wrong(face: str, outcome: Outcome) -> None:
    for name, came in outcome.wrong.items():
        sys.stderr.write(f"{face}: {name}: {came.splitlines()[0]!r}\n")
