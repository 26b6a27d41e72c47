"""A one-shot command on a scripted model, without a process."""

from __future__ import annotations

import io
import os
import threading

import pytest

from docstra_tui.commands import oneshot
from docstra_tui.commands.arguments import parse
from docstra_tui.commands.console import Console
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend

KEYS = [
    "answer",
    "thinking",
    "model",
    "finish_reason",
    "files",
    "prompt_tokens",
    "completion_tokens",
    "reused_tokens",
    "thinking_tokens",
    "ttft_s",
    "tokens_per_s",
    "thinking_s",
    "settings",
    "citations",
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def pipe_in(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    reader, writer = os.pipe()
    threading.Thread(target=lambda: (os.write(writer, data), os.close(writer)), daemon=True).start()
    monkeypatch.setattr("sys.stdin", os.fdopen(reader))


def ask(*words: str, llm: FakeLLM | None = None, backend: FakeBackend | None = None, console=None):
    """Run a one-shot command on a scripted model: `(exit code, stdout, stderr, backend)`."""
    backend = backend or FakeBackend(llm)
    console = console or Console(io.StringIO(), io.StringIO())
    code = oneshot.run(parse(words), opener=backend, console=console)
    return code, console._out.getvalue(), console._err.getvalue(), backend
