"""What each face loads before it is of use, seen from outside, in a fresh process."""

from __future__ import annotations

import json
import os
import pty
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

MODEL = {"torch", "transformers", "tokenizers", "safetensors", "accelerate", "huggingface_hub", "gguf"}
SERVER = {"starlette", "uvicorn"}
HEAVY = MODEL | SERVER | {"textual", "rich", "prompt_toolkit", "httpx2", "msgspec", "asyncio", "platformdirs"}

DUMP = """
import json, sys, os, atexit
def tell():
    place = os.environ["LOADED"]
    with open(place + ".part", "w") as file:
        json.dump(sorted({name.partition(".")[0] for name in sys.modules}), file)
    os.replace(place + ".part", place)
atexit.register(tell)
"""


def loaded(code: str, tmp_path: Path) -> set[str]:
    """The packages that a process has loaded when it ends."""
    report = tmp_path / "loaded.json"
    done = subprocess.run(
        [sys.executable, "-c", DUMP + code],
        env={**os.environ, "LOADED": str(report)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert report.exists(), done.stderr
    return set(json.loads(report.read_text()))


def command(*words: str) -> str:
    return f"from docstra_tui.cli import main\nsys.exit(main({list(words)!r}))\n"


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["ask", "--help"], ["nonsense"]])
def test_help_and_usage_errors_load_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    assert not loaded(command(*words), tmp_path) & HEAVY


@pytest.mark.parametrize(
    "words", [["engine", "list"], ["engine", "stop"], ["sessions", "list"], ["config", "show"]]
)
def test_small_commands_load_no_model_and_no_screen(words: list[str], tmp_path: Path) -> None:
    unwanted = MODEL | SERVER | {"textual", "rich", "prompt_toolkit", "httpx2"}
    assert not loaded(command(*words), tmp_path) & unwanted


def test_listing_models_loads_neither_torch_nor_the_hub(tmp_path: Path) -> None:
    assert not loaded(command("models", "list"), tmp_path) & (MODEL | SERVER | {"textual", "filelock"})


def test_one_shot_loads_no_screen_and_no_model(tmp_path: Path) -> None:
    """All the way: files read, a request made, an answer printed, figures counted."""
    code = f"""
sys.path.insert(0, {str(Path(__file__).resolve().parent.parent)!r})
import docstra_tui.workspace.models.other_server as server
from docstra_tui.llm.answer import AnswerStream, Finished
class Source:
    def next_event(self): return Finished("stop")
    def cancel(self): pass
def stream(self, prompt, **options): return AnswerStream(Source())
server.RemoteLLM.stream = stream
server.RemoteLLM.count_tokens = lambda self, prompt: 1
server.ServerBackend.status = lambda self: server.Status("ready")
""" + command("ask", "?", "-f", __file__, "--json", "--base-url", "http://127.0.0.1:9/v1")
    found = loaded(code, tmp_path)
    assert "docstra_tui" in found
    assert not found & (MODEL | SERVER | {"textual", "rich", "prompt_toolkit"})


def test_the_inline_chat_loads_no_screen_and_no_model(tmp_path: Path) -> None:
    found = loaded("import docstra_tui.repl.app", tmp_path)
    assert "prompt_toolkit" in found
    assert not found & (MODEL | SERVER | {"textual", "pygments"})


def test_the_full_screen_loads_no_model(tmp_path: Path) -> None:
    found = loaded("import docstra_tui.tui.app, docstra_tui.workspace.models.opening", tmp_path)
    assert "textual" in found
    assert not found & (MODEL | SERVER | {"prompt_toolkit", "pygments"})


def test_the_library_loads_torch_only_for_a_model_in_this_process(tmp_path: Path) -> None:
    assert not loaded("from docstra_tui.llm import RemoteLLM, PromptBuilder", tmp_path) & (MODEL | SERVER)


def test_the_real_screen_on_a_real_terminal_loads_no_model(tmp_path: Path) -> None:
    """Its first frame is there, it says what it has loaded, and it leaves as SIGTERM asks."""
    report = tmp_path / "loaded.json"
    code = DUMP.replace(
        "atexit.register(tell)", "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: tell())"
    )
    code += command(str(tmp_path), "--base-url", "http://127.0.0.1:9/v1")
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(LOADED=str(report), TERM="xterm-256color")
        os.execv(sys.executable, [sys.executable, "-c", code])
    shown = b""
    try:
        while part := os.read(terminal, 65536):
            shown += part
            if b"docstra-tui" in shown and not report.exists():
                os.kill(child, signal.SIGUSR1)
                deadline = time.monotonic() + 20
                while not report.exists() and time.monotonic() < deadline:
                    time.sleep(0.01)
                os.kill(child, signal.SIGTERM)
    except OSError:
        pass  # how Linux says that the other side is closed
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 143, shown[-2000:]
    assert not set(json.loads(report.read_text())) & (MODEL | SERVER | {"prompt_toolkit"})


def test_help_is_there_in_less_than_the_time_of_importing_a_screen() -> None:
    """Pairs, one right after the other, so that a busy machine slows both."""

    def seconds(*arguments: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True, timeout=60)
        return time.perf_counter() - started

    ratios = [seconds("-m", "docstra_tui", "--help") / seconds("-c", "import textual.app") for _ in range(7)]
    assert statistics.median(ratios) <= 0.6, ratios
