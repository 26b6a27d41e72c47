"""How long until one sees something: `--help` and the first frame, against Textual's own import."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks.report import Report, median, median_ratio
from tests.pty.terminal import Terminal, app

ROUNDS = 7
WHOLE = ("docstra-tui ─ ", "Files", "/ filter", "Ask your code.", "Ask anything", "loading")
"""What stands on a whole first frame; the files and the model come behind it."""


def seconds_of(command: list[str]) -> float:
    """Wall-clock seconds of one run."""
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def import_textual() -> float:
    """The baseline: what any Textual app pays before its first line."""
    return seconds_of([sys.executable, "-c", "import textual.app"])


def help_text() -> float:
    """`docstra-tui --help`."""
    return seconds_of(app("--help"))


def first_frame() -> float:
    """From start to a whole first frame: the composer's prompt and the status bar are painted last."""
    with tempfile.TemporaryDirectory(prefix="dt-bench-") as base:
        places = {f"DOCSTRA_{name}_DIR": f"{base}/{name.lower()}" for name in ("RUNTIME", "STATE", "CONFIG")}
        places["DOCSTRA_REMOTE_BASE_URL"] = "http://127.0.0.1:9/v1"  # no engine: this is about the screen
        start = time.monotonic()
        terminal = Terminal(app("."), columns=120, rows=40, env=places)
        try:
            terminal.wait_for(lambda text: all(words in text for words in WHOLE))
            return time.monotonic() - start
        finally:
            terminal.send("ctrl+q")
            try:
                terminal.wait_end(5)
            except subprocess.TimeoutExpired:
                pass
            terminal.close()


def main() -> None:
    """Print both ratios."""
    report = Report(f"start, median of {ROUNDS} interleaved rounds")
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""  # compiled, as Textual and whatever is installed are
    rounds: list[Callable[[], float]] = [import_textual, help_text, first_frame]
    for warm_up in rounds:
        warm_up()
    figures = [[measure() for measure in rounds] for _ in range(ROUNDS)]
    report.add("import_textual_s", median([row[0] for row in figures]), "s, import textual.app")
    report.add("help_s", median([row[1] for row in figures]), "s, --help")
    report.add("first_frame_s", median([row[2] for row in figures]), "s, first frame at 120×40")
    report.add(
        "help_over_import", median_ratio([(row[1], row[0]) for row in figures]), "--help over import", "≤ 0.6"
    )
    report.add(
        "frame_over_import",
        median_ratio([(row[2], row[0]) for row in figures]),
        "first frame over import",
        "≤ 2.2",
    )
    report.end()


if __name__ == "__main__":
    main()
