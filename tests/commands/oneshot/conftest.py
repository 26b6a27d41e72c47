"""Every one-shot command runs in a small folder."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder with two files, nothing on standard input, and handlers as they were."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("a = 1\nb = 2\nc = 3\n")
    (tmp_path / "b.rs").write_text("fn main() {}\n")
    kept = signal.getsignal(signal.SIGINT)
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield tmp_path
    signal.signal(signal.SIGINT, kept)
