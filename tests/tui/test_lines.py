"""The two lines at the edges, without a screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.llm.answer import Usage
from docstra_tui.session.turns import SavedTurn
from docstra_tui.tui.main.shown import shown_turn
from docstra_tui.tui.main.status_text import Known, shown_path, status_view, title
from docstra_tui.tui.transcript.layout.ending import ending_word
from docstra_tui.tui.widgets.status_bar import StatusView, compose_status
from docstra_tui.tui.widgets.title_line import Title, compose_title
from docstra_tui.workspace.models.backend import Status
from tests.fakes import FakeLLM
from tests.tui.fakes import FakeBackend


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 120])
def test_the_title_fits_every_width(width):
    title = Title("~/a/rather/long/path/to/a/project", "SmolLM2-135M", ("cuda:0", "bf16"), "gpu7:8000")
    line = compose_title(title, width)
    assert line.cell_length <= width
    if width >= 60:
        assert "→ gpu7:8000" in line.plain
        assert "project" in line.plain


@pytest.mark.parametrize("width", [5, 20, 40, 80])
def test_the_status_begins_with_its_state_at_every_width(width):
    line = compose_status(StatusView("answering", ("12.4k / 32k tokens", "41 tok/s")), width)
    assert line.cell_length <= width
    assert line.plain.startswith("answering"[:width])


def test_the_status_after_an_answer_has_all_its_figures():
    turn = SavedTurn("q", status="done", usage=Usage(1000, 200, 970), ttft_s=0.21, tokens_per_s=41.3)
    known = Known(
        status=Status("ready", device="cuda:0", memory_used=61_000_000_000, memory_total=80_000_000_000),
        budget=Budget(12_400, 32_768, 512, True),
        last=turn,
    )
    view = status_view(known)
    assert view.state == "ready"
    assert view.parts == (
        "12.4k / 32k tokens",
        "97% cached",
        "cuda:0 61 / 80 GB",
        "first token 0.2 s",
        "41 tok/s",
    )


def test_a_server_whose_model_nobody_knows_yet_stands_in_the_title_once():
    backend = FakeBackend(host="gpu:8000")
    assert title(Path("/p"), backend, None, "").model == "Fake-1B"
    backend.label = "gpu:8000"
    unknown = title(Path("/p"), backend, None, "")
    assert (unknown.model, unknown.host) == ("", "gpu:8000")


def test_the_wait_names_the_server_that_is_waited_for(monkeypatch):
    monkeypatch.setattr("docstra_tui.tui.main.status_text.time.monotonic", lambda: 140.0)

    class Far(FakeLLM):
        server, is_loading = "gpu:8000", False

    budget = Budget(12_400, 32_768, 512, True)
    ours = Known(Status("ready"), budget, answering=True, started=132.0, llm=FakeLLM())
    assert status_view(ours).parts[0] == "reading 12,400 tokens… 8 s"
    both = Known(Status("ready", queue=1), budget, answering=True, started=132.0, llm=FakeLLM())
    assert status_view(both).parts[:2] == ("12,400 tokens: reading or queued, 8 s", "queue 1")
    theirs = Known(Status("ready"), budget, answering=True, started=100.0, llm=Far())
    assert status_view(theirs).parts[0] == "gpu:8000: reading or queued, 40 s"
    Far.is_loading = True
    assert status_view(theirs).parts[0] == "gpu:8000: loading its model, 40 s"
    loads = Known(Status("loading", phase="waiting for gpu:8000"))
    assert status_view(loads).parts[0] == "waiting for gpu:8000"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("done", ""),
        ("cancelled", "stopped"),
        ("interrupted", "cut off"),
        ("streaming", "still being written in another terminal, F3 opens the rest"),
    ],
)
def test_a_turn_that_comes_back_says_how_it_ended(status, words):
    ending = shown_turn(SavedTurn("q", answer="half", status=status)).ending
    assert ending_word(ending) == words


def test_what_a_server_says_about_itself_cannot_command_the_terminal():
    known = Known(status=Status("loading", phase="\x1b[2Jboo"))
    assert "\x1b" not in " ".join(status_view(known).parts)


def test_the_home_folder_is_a_tilde():
    assert shown_path(Path.home() / "src") == "~/src"
    assert shown_path(Path("/opt/x")) == "/opt/x"


def test_the_status_tells_the_share_of_the_next_prompt():
    ready = Status("ready")
    budget = Budget(1000, 32_768, 512, True, cached=610)
    assert "61% cached…" in status_view(Known(ready, budget, reading_ahead=True)).parts
    assert "61% cached" in status_view(Known(ready, budget)).parts
    over = Budget(33_000, 32_768, 512, True, cached=610)
    assert status_view(Known(ready, over)).parts[:2] == ("33.0k / 32k tokens", "744 too many")
    guess = replace(over, exact=False)
    assert status_view(Known(ready, guess)).parts[:2] == ("≈33.0k / 32k tokens", "≈744 too many")
