"""A question that waits outlives its program: the next start has it in the composer and sends nothing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.llm.http.hostile import MODELS, SSE, hostile, response, sends, sends_and_stalls
from tests.pty.answers import CHAT, piece_event
from tests.pty.terminal import Terminal, app

QUESTION = "What is still unanswered?"


def kill(terminal: Terminal) -> None:
    os.kill(terminal.process.pid, signal.SIGKILL)


WAYS: list[tuple[Callable[[Terminal], None], bool, int]] = [
    (kill, False, -signal.SIGKILL),
    (lambda terminal: terminal.send("ctrl+q"), True, 0),
    (lambda terminal: os.kill(terminal.process.pid, signal.SIGINT), False, 128 + signal.SIGINT),
]


@pytest.mark.parametrize(
    ("leave", "is_answering", "code"), WAYS, ids=["kill -9 while loading", "Ctrl+Q in an answer", "SIGINT"]
)
def test_a_waiting_question_is_there_again(
    leave: Callable[[Terminal], None], is_answering: bool, code: int, tmp_path: Path
) -> None:
    gate = threading.Event()
    with hostile() as server:
        server.on(CHAT, sends_and_stalls(gate, SSE + piece_event("Once upon a time ")))
        if not is_answering:
            server.on("/v1/models", sends_and_stalls(gate))
        command = app(str(tmp_path), "--base-url", server.url)
        first = Terminal(command, rows=24)
        try:
            first.wait_for("ready" if is_answering else "Ask anything")
            if is_answering:
                first.send("Tell me a story", "enter")
                first.wait_for("Once upon")
            first.send(QUESTION, "enter")
            first.wait_for(lambda text: f"waits: {QUESTION}" in text or f"ready: {QUESTION}" in text)
            leave(first)
            assert first.wait_end(15) == code
        finally:
            first.close()
            gate.set()
        server.on("/v1/models", sends(response(MODELS)))
        asked = len(server.questions)

        second = Terminal([*command, "--resume"], rows=24)
        try:
            text = second.wait_for(lambda text: QUESTION in text and "ready" in text.splitlines()[-1])
            assert f"❯ {QUESTION}" in text and text.count(QUESTION) == 1
            second.send("ctrl+q")
            assert second.wait_end(15) == 0
        finally:
            second.close()
        assert len(server.questions) == asked
    assert second.modes_left_on() == set()
