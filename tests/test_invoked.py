"""What is to be typed is typed as the program was started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docstra_tui import invoked
from docstra_tui.commands.arguments import COMMANDS
from docstra_tui.invoked import as_started

STOP = "To free it now: docstra-tui engine stop"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Words of a program that was started so, with one in two folders, the first on the PATH."""
    for name in ("on path", "else where"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "docstra-tui").write_text("#!/bin/sh\n")
        (tmp_path / name / "docstra-tui").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}/on path:/usr/bin:/bin")
    monkeypatch.setenv("HOME", "/nobody")

    def told(how: str, text: str = STOP) -> str:
        invoked._command.cache_clear()
        monkeypatch.setattr(sys, "argv", [how])
        return as_started(text)

    yield told
    invoked._command.cache_clear()


def test_a_program_that_is_not_on_the_path_is_named_as_it_was_started(started, tmp_path, monkeypatch) -> None:
    assert started(f"{tmp_path}/on path/docstra-tui") == started("docstra-tui") == STOP
    assert started("else where/docstra-tui") == "To free it now: 'else where/docstra-tui' engine stop"
    assert started("/elsewhere/docstra-tui").endswith(" /elsewhere/docstra-tui engine stop")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert started(f"{tmp_path}/else where/docstra-tui").endswith(" ~/'else where/docstra-tui' engine stop")
    for other in ("/usr/bin/pytest", "", "-c", "/x/docstra_tui/__main__.py"):
        assert started(other) == STOP


def test_only_what_is_a_command_is_named_so(started) -> None:
    for text in (
        "docstra-tui crashed (KeyError). Your session is saved.",
        "docstra-tui needs a terminal.",
        "Install docstra-tui again.",
        "/src/docstra-tui ask",
        "docstra-tui asks the terminal",
    ):
        assert started("/elsewhere/docstra-tui", text) == text
    both = "docstra-tui --resume brings it back; docstra-tui engine logs"
    assert (
        started("/e/docstra-tui", both)
        == "/e/docstra-tui --resume brings it back; /e/docstra-tui engine logs"
    )
    assert sorted(invoked.COMMANDS.split()) == sorted(one.name for one in COMMANDS if one.name)


def test_an_error_in_a_shell_names_it_so(tmp_path: Path) -> None:
    script = tmp_path / "docstra-tui"
    script.write_text(
        f"#!{sys.executable}\nfrom docstra_tui.__main__ import main\nraise SystemExit(main())\n"
    )
    script.chmod(0o755)
    done = subprocess.run([script, "sessions", "list", "more"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == f"See {script} sessions --help."
