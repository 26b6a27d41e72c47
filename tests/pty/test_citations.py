"""An answer that is wrong in one place, on a real terminal: keys lead from its ✗ and ✓ to their lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.llm.http.hostile import HostileServer, hostile
from tests.pty.answers import answer_with, streams
from tests.pty.terminal import Terminal, app

CODE = "".join(f"STEP_{number} = {number}\n" for number in range(1, 80))
ANSWER = (
    "It starts with `STEP_33 = 33` (`src/steps.py:33`).\n\n",
    "Then `STEP_61 = 62` in `src/steps.py:61` ends it.\n\n",
    "A last word.\n",
)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        yield server


@pytest.fixture
def terminal(project: Path, server: HostileServer) -> Iterator[Terminal]:
    (project / "src" / "steps.py").write_text(CODE)
    answer_with(server, streams(ANSWER))
    terminal = Terminal(
        app(str(project), "--base-url", server.url), columns=100, rows=30, env={"NO_COLOR": "1"}
    )
    yield terminal
    terminal.close()


def line_of(terminal: Terminal, words: str) -> str:
    return next((line for line in terminal.lines if words in line), "")


def test_a_wrong_and_a_right_reference_are_walked_to_their_lines(terminal: Terminal) -> None:
    terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
    terminal.send("Where does it start? @src/steps.py ", "enter")
    terminal.wait_for("2 references: 1 ✓, 1 ✗ not found")
    assert "✓ It starts" in line_of(terminal, "It starts") and "✗ Then" in line_of(terminal, "Then STEP")

    terminal.send("f6", "(", "enter")  # as fast as SSH may deliver it
    terminal.wait_for("▶ 61 STEP_61 = 61")
    assert "▶ 33" not in terminal.text
    terminal.send("q")
    terminal.wait_for("2/2 ✗ STEP_61 = 62")
    terminal.send("(", "enter")
    terminal.wait_for("▶ 33 STEP_33 = 33")
    terminal.send("q")
    terminal.wait_for("1/2 ✓ STEP_33 = 33")
