"""Nothing that a model writes runs, opens, fetches or writes anything: the interpreter itself is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]


def watched(tmp_path: Path, *words: str) -> dict[str, Any]:
    # A module that nobody has imported before would be written down compiled.
    env = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
    for place in ("RUNTIME", "STATE", "CONFIG", "CACHE"):
        env[f"DOCSTRA_{place}_DIR"] = str(tmp_path / place.lower())
    done = subprocess.run(
        [sys.executable, "-m", "tests.tui.watched", str(tmp_path), *words],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_thirty_answers_that_want_something_get_nothing(tmp_path: Path) -> None:
    found = watched(tmp_path)
    assert found == {"answers": 30, "events": []}


def test_the_watch_hears_what_it_is_there_for(tmp_path: Path) -> None:
    heard = {event for event, *_ in watched(tmp_path, "bite")["events"]}
    assert heard == {"open", "os.system", "subprocess.Popen", "socket.connect", "socket.getaddrinfo"}
