"""A git repository that would run something wherever git can be made to, on a real terminal: what changed is
marked, ticked at one key, and added as a diff; nothing of it runs."""

from __future__ import annotations

import os
from pathlib import Path

from tests.context.git.made import arm, git, needs_git, write
from tests.pty.terminal import Terminal, app


def row_of(terminal: Terminal, name: str) -> str:
    """The last line of the files pane that has a name."""
    return next((line[:30] for line in reversed(terminal.lines) if name in line[:30]), "")


@needs_git
def test_what_changed_is_marked_ticked_and_added_and_nothing_of_git_runs(
    project: Path, tmp_path: Path
) -> None:
    git(project, "init", "-q", "-b", "main")
    write(project, "zebra.txt", "stripes\n")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "First")
    canary, programs = tmp_path / "canary", tmp_path / "programs"
    arm(project, f"touch {canary}")
    write(programs, "git", f"#!/bin/sh\ntouch {canary}\n")
    (programs / "git").chmod(0o755)
    write(project, "src/client.py", "def retry(times):\n    return times + 2\n")
    write(project, "new.py", "n = 1\n")
    write(project, ".env", "TOKEN=1\n")

    command = app(str(project), "--base-url", "http://127.0.0.1:9/v1")  # nobody answers, and nobody has to
    terminal = Terminal(command, env={"PATH": f"{programs}:{os.environ['PATH']}"})
    try:
        terminal.wait_for(lambda _: row_of(terminal, "new.py").rstrip().endswith("?"))
        assert row_of(terminal, "src/").rstrip().endswith("•")
        assert row_of(terminal, "zebra.txt").split() == ["☐", "zebra.txt"]
        terminal.send("f2", "c")
        terminal.wait_for("✓ src/client.py")
        terminal.wait_for("secrets: .env.")
        assert "☑ new.py" in terminal.text and "✓ .env" not in terminal.text
        terminal.send("f2", "why @di")
        terminal.wait_for(" @diff")
        terminal.send("tab")
        terminal.wait_for("why @diff ")
        terminal.send("enter")
        terminal.wait_for("✓ @diff")
        terminal.send("f2", "up", "down", "down", "down", "enter")
        terminal.wait_for("+    return times + 2")
        assert "Changes that are not staged" in terminal.text
    finally:
        terminal.close()
    assert not canary.exists()
