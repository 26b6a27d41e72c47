"""What a face says about the model, the files and the last answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.llm.answer import Usage
from docstra_tui.session.turns import SavedTurn
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.status import Facts, Ways, loading_line, status_line
from tests.fakes import FakeLLM

WAYS = Ways("F9 asks", "F9 starts it again")


def test_the_status_after_an_answer_has_all_its_figures():
    turn = SavedTurn("q", status="done", usage=Usage(1000, 200, 970), ttft_s=0.21, tokens_per_s=41.3)
    known = Facts(
        status=Status("ready", device="cuda:0", memory_used=61_000_000_000, memory_total=80_000_000_000),
        budget=Budget(12_400, 32_768, 512, True),
        last=turn,
    )
    view = status_line(known, WAYS)
    assert view.state == "ready"
    assert view.parts == (
        "12.4k / 32k tokens",
        "97% cached",
        "cuda:0 61 / 80 GB",
        "first token 0.2 s",
        "41 tok/s",
    )


def test_the_wait_names_the_server_that_is_waited_for(monkeypatch):
    monkeypatch.setattr("docstra_tui.workspace.status.time.monotonic", lambda: 140.0)

    class Far(FakeLLM):
        server, is_loading = "gpu:8000", False

    budget = Budget(12_400, 32_768, 512, True)
    ours = Facts(Status("ready"), budget, answering=True, started=132.0, llm=FakeLLM())
    assert status_line(ours, WAYS).parts[0] == "reading 12,400 tokens… 8 s"
    both = Facts(Status("ready", queue=1), budget, answering=True, started=132.0, llm=FakeLLM())
    assert status_line(both, WAYS).parts[:2] == ("12,400 tokens: reading or queued, 8 s", "queue 1")
    theirs = Facts(Status("ready"), budget, answering=True, started=100.0, llm=Far())
    assert status_line(theirs, WAYS).parts[0] == "gpu:8000: reading or queued, 40 s"
    Far.is_loading = True
    assert status_line(theirs, WAYS).parts[0] == "gpu:8000: loading its model, 40 s"
    loads = Facts(Status("loading", phase="waiting for gpu:8000"))
    assert status_line(loads, WAYS).parts[0] == "waiting for gpu:8000"


def test_what_a_server_says_about_itself_cannot_command_the_terminal():
    known = Facts(status=Status("loading", phase="\x1b[2Jboo"))
    assert "\x1b" not in " ".join(status_line(known, WAYS).parts)


def test_a_model_that_left_its_device_is_parked():
    here = Status("ready", device="cuda:0", memory_used=3_000_000_000, memory_total=80_000_000_000)
    assert "cuda:0 3.0 / 80 GB" in status_line(Facts(here), WAYS).parts
    away = replace(here, parked=True)
    assert "cuda:0 3.0 / 80 GB (parked)" in status_line(Facts(away), WAYS).parts


def test_the_status_tells_the_share_of_the_next_prompt():
    ready = Status("ready")
    budget = Budget(1000, 32_768, 512, True, cached=610)
    assert "61% cached…" in status_line(Facts(ready, budget, reading_ahead=True), WAYS).parts
    assert "61% cached" in status_line(Facts(ready, budget), WAYS).parts
    over = Budget(33_000, 32_768, 512, True, cached=610)
    assert status_line(Facts(ready, over), WAYS).parts[:2] == ("33.0k / 32k tokens", "744 too many")
    guess = replace(over, exact=False)
    held = replace(over, used=9000, memory=8192)
    assert "for free memory" in status_line(Facts(ready, held), WAYS).parts[1]
    assert status_line(Facts(ready, guess), WAYS).parts[:2] == ("≈33.0k / 32k tokens", "≈744 too many")


@pytest.mark.parametrize(
    ("phase", "done", "total", "words"),
    [
        ("download", 32_000_000, 94_000_000, "loading: downloading the model 34% of 94 MB"),
        ("place", 3, 4, "loading: placing the model 75%"),
        ("place", 3_000_000, 4_000_000, "loading: placing the model 75%"),
        ("read", None, None, "loading: reading the model"),
        ("read", 5, 0, "loading: reading the model"),
        ("something new", None, None, "loading: something new"),
        ("", None, None, "loading"),
    ],
)
def test_loading(phase: str, done: int | None, total: int | None, words: str) -> None:
    assert loading_line(phase, done, total) == words
