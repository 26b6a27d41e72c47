"""What every test of the inline chat stands on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def heard_interrupts() -> Iterator[None]:
    """Ctrl+C is heard, also where these tests run as a background job, in which a shell has it ignored."""
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, kept)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("a = 1\nb = 2\n")
    (tmp_path / "notes.md").write_text("# Notes\n")
    return tmp_path
