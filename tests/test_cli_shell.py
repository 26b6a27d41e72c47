"""The command line as a shell uses it: real processes, pipes and loops, and a server on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.llm.http.hostile import SSE, HostileServer, chunk, hostile, sends

CHAT = "/v1/chat/completions"
GUARD = 60


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        server.on(CHAT, sends(SSE, chunk("fine", "stop")))
        yield server


def shell(server: HostileServer, script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `$ask` asks the server."""
    root = Path(__file__).resolve().parent.parent
    variables = {
        **os.environ,
        "PYTHONPATH": str(root),
        "ask": f"{sys.executable} -m docstra_tui ask --base-url {server.url}",
        "explain": f"{sys.executable} -m docstra_tui explain --base-url {server.url}",
    }
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GUARD,
        check=False,
    )


def questions(server: HostileServer) -> list[str]:
    bodies = [request.partition(b"\r\n\r\n")[2] for request in server.questions]
    return [json.loads(body)["messages"][-1]["content"] for body in bodies]


def test_a_loop_over_a_list_asks_about_each_of_its_files(server: HostileServer, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("a.py\nb.py\n")
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(f"{name[0]} = 1\n")
    done = shell(server, 'while read -r f; do $ask q -f "$f"; done < list', tmp_path)
    assert (done.returncode, done.stdout) == (0, "fine\nfine\n")
    assert ["a = 1" in question for question in questions(server)] == [True, False]
    assert ["b = 1" in question for question in questions(server)] == [False, True]
    assert done.stderr.count("Standard input was not read") == 1  # behind the last name nothing is left


def test_a_pipe_is_read_beside_a_question_and_not_waited_for_beside_a_file(
    server: HostileServer, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("a = 1\n")
    piped = "echo 'diff --git' | $ask q | cat"
    silent = "mkfifo p; exec 9<>p; $ask q -f a.py <&9"
    named = "echo 'and this' | $ask q - -f a.py"
    done = shell(server, f"{piped}; {silent}; {named}", tmp_path)
    assert (done.returncode, done.stdout) == (0, "fine\n" * 3)
    first, second, third = questions(server)
    assert "diff --git" in first
    assert "a = 1" in second
    assert "and this" in third and "a = 1" in third
    assert done.stderr == "Standard input was not read; - among the words reads it.\n"


def test_what_breaks_is_in_the_object_and_in_the_exit_code(server: HostileServer, tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(f"{name[0]} = 1\n")
    fine = sends(SSE, chunk("fine", "stop"))
    server.on(CHAT, fine, fine, sends(SSE, chunk("half a")))
    done = shell(server, "$explain a.py b.py c.py --json", tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == 1
    assert [answer["answer"] for answer in found["answers"]] == ["fine", "fine", "half a"]
    assert "closed the connection" in found["error"]["message"] and "closed the connection" in done.stderr
