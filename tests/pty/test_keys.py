"""Keys as terminals send them, byte for byte, in both faces."""

from __future__ import annotations

from pathlib import Path

from tests.pty.key_table import BOTH, SCREEN, Outcome, run_all


def test_the_key_table_in_the_full_screen(project: Path) -> None:
    assert run_all((*BOTH, *SCREEN), project) == Outcome()


def test_the_key_table_in_the_inline_chat(project: Path) -> None:
    assert run_all(BOTH, project, "chat") == Outcome()
