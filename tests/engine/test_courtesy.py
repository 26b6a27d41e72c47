"""Heavy imports are made in a nice thread, which nobody has to wait for."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from docstra_tui.engine.server.courtesy import run_politely


def test_what_it_raises_is_raised_here() -> None:
    ran: list[str] = []
    run_politely(lambda: ran.append(threading.current_thread().name))
    assert ran and ran != [threading.current_thread().name]

    def work() -> None:
        raise ImportError("no torch")

    with pytest.raises(ImportError, match="no torch"):
        run_politely(work)


def test_a_process_that_is_told_to_end_meanwhile_ends() -> None:
    """Ctrl+C while torch is imported."""
    code = """
import threading, time
from docstra_tui.engine.server.courtesy import run_politely
begun = threading.Event()
def work():
    begun.set()
    time.sleep(60)
threading.Thread(target=run_politely, args=(work,), daemon=True).start()
begun.wait()
"""
    subprocess.run([sys.executable, "-c", code], timeout=20, check=True)
