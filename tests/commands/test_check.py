"""`check ANSWER.md -f FILE…`: what a text says of files is looked up in them, without an engine."""

from __future__ import annotations

import io
import json
import os
import threading
from pathlib import Path

import pytest

from docstra_tui import cli
from docstra_tui.commands import check, stdin
from docstra_tui.commands.arguments import parse
from docstra_tui.commands.console import Console
from docstra_tui.errors import UnreadableFile, UsageError
from docstra_tui.session.citations import definitions
from tests.commands.oneshot.one_shot import Terminal, pipe_in

CODE = "def retry(times):\n    return times + 1  # once more\n"
TRUE = "It says `return times + 1  # once more`.\n"
FALSE = TRUE + "And `raise Never(\x1b[2J)` too.\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "client.py").write_text(CODE)
    (tmp_path / "true.md").write_text(TRUE)
    (tmp_path / "false.md").write_text(FALSE)
    return tmp_path


def run(*words: str, terminal: bool = False) -> tuple[int, str, str]:
    out = Terminal() if terminal else io.StringIO()
    err = io.StringIO()
    code = check.run(parse(["check", *words]), console=Console(out, err))
    return code, out.getvalue(), err.getvalue()


def test_what_is_there_is_0_and_what_is_not_is_5(project: Path, capsys) -> None:
    assert cli.main(["check", "true.md", "-f", "pkg", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and json.loads(out) == {
        "citations": [
            {
                "text": "return times + 1  # once more",
                "kind": "quote",
                "path": "pkg/client.py",
                "line": 2,
                "status": "found",
            }
        ]
    }
    assert cli.main(["check", "-f", "pkg/client.py", "false.md", "--json"]) == 5
    found = json.loads(capsys.readouterr().out)["citations"]
    assert [one["status"] for one in found] == ["found", "missing"]
    assert found[1]["path"] is found[1]["line"] is None


def test_a_terminal_gets_marks_and_a_pipe_tabs(project: Path) -> None:
    code, out, err = run("false.md", "-f", "pkg/client.py", terminal=True)
    lines = out.splitlines()
    assert code == 5 and lines[0] == "✓ return times + 1  # once more pkg/client.py:2"
    assert lines[1].startswith("✗ raise Never(␛[2J)") and "\x1b" not in out
    assert err == "2 references: 1 ✓, 1 ✗ not found\n"
    code, out, _ = run("false.md", "-f", "pkg/client.py")
    rows = [line.split("\t") for line in out.splitlines()]
    assert rows[0] == ["found", "quote", "pkg/client.py", "2", "return times + 1  # once more"]
    assert rows[1][:4] == ["missing", "quote", "", ""] and "\x1b" not in out


def test_a_line_of_a_file_that_is_not_there_is_no_place(project: Path) -> None:
    (project / "other.md").write_text("See `raise Never(times)` in `gone.py:3`.\n")
    _, out, _ = run("other.md", "-f", "pkg/client.py", terminal=True)
    assert out.startswith("✗ raise Never(times) (")


def test_lines_of_a_file_keep_their_numbers_and_a_pipe_is_an_answer(project: Path, monkeypatch) -> None:
    pipe_in(monkeypatch, TRUE.encode())
    code, out, _ = run("-", "-f", "pkg/client.py:2")
    assert code == 0 and out.split("\t")[2:4] == ["pkg/client.py", "2"]
    (project / "nothing.md").write_text("All is well.\n")
    assert run("nothing.md", "-f", "pkg/client.py") == (
        0,
        "",
        "Nothing was found in it that can be looked up.\n",
    )


def test_a_pipe_with_a_name_is_an_answer(project: Path, monkeypatch) -> None:
    """As the `<(…)` of a shell is, whose other end may open late, and which may say more than is read."""
    os.mkfifo(project / "pipe", 0o600)
    monkeypatch.setattr(stdin, "PATIENCE_SECONDS", 0.0)
    note = Console.note

    def written(text: str) -> tuple[int, str, str]:
        writing = threading.Thread(target=lambda: (project / "pipe").write_text(text), daemon=True)

        def told(console: Console, words: str) -> None:
            note(console, words)
            if words.startswith("Waiting"):
                writing.start()

        monkeypatch.setattr(Console, "note", told)
        return run("pipe", "-f", "pkg/client.py")

    code, out, err = written(TRUE)
    assert code == 0 and out.startswith("found\t") and err.startswith("Waiting for the end of pipe.")
    assert err.count("Waiting") == 1
    monkeypatch.setenv("DOCSTRA_CONTEXT_MAX_FILE_BYTES", "1000")
    with pytest.raises(UsageError, match="pipe has more than 1,000 bytes"):
        written(TRUE * 100)


def test_nobody_passes_by_what_could_not_be_looked_up(project: Path, monkeypatch) -> None:
    monkeypatch.setattr(definitions, "definitions_of", lambda texts: [None] * len(texts))
    (project / "pkg" / "server.go").write_text(f"package pkg // {project}\nfunc Serve() {{\n}}\n")
    (project / "name.md").write_text("It is in `Serve`.\n")
    code, out, err = run("name.md", "-f", "pkg")
    assert code == 1 and out.startswith("found\t") and "pkg/server.go" in err
    (project / "name.md").write_text("It is in `Serve`, and `raise Never(1)`.\n")
    assert run("name.md", "-f", "pkg")[0] == 5


@pytest.mark.parametrize("words", [["true.md"], ["true.md", "false.md", "-f", "pkg"], ["-f", "pkg"]])
def test_what_cannot_be_checked_is_refused(project: Path, words: list[str], capsys) -> None:
    assert cli.main(["check", *words]) == 2
    assert capsys.readouterr().out == ""


def test_an_answer_that_is_not_there_says_so(project: Path) -> None:
    with pytest.raises(UnreadableFile):
        run("gone.md", "-f", "pkg")
