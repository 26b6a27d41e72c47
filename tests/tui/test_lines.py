"""The two lines at the edges, without a screen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from prompt_toolkit.utils import get_cwidth

from docstra_tui.repl.toolbar import toolbar
from docstra_tui.session.turns import SavedTurn
from docstra_tui.tui.transcript.layout.ending import ending_word
from docstra_tui.tui.transcript.saved_turns import shown_turn
from docstra_tui.tui.widgets.status_bar import compose_status
from docstra_tui.tui.widgets.title_line import compose_title
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.status import StatusLine
from docstra_tui.workspace.title import Title, answering, served


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 120])
def test_the_title_fits_every_width(width):
    title = Title("~/a/rather/long/path/to/a/project", "SmolLM2-135M", ("cuda:0", "bf16"), "gpu7:8000")
    line = compose_title(title, width)
    assert line.cell_length <= width
    if width >= 60:
        assert "→ gpu7:8000" in line.plain
        assert "project" in line.plain


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize(
    "name", ["x" * 500, "模" * 500, "a/" * 250 + "\x1b]0;here\x07"], ids=["long", "wide", "acting"]
)
def test_no_name_of_a_model_hides_where_questions_go(name: str, width: int) -> None:
    line = compose_title(Title("~/p", answering(name, "gpu"), (), "gpu7:8000"), width)
    assert line.plain.endswith(" on gpu  → gpu7:8000") and line.cell_length <= width
    assert line.plain.isprintable()
    model = SimpleNamespace(label=name, remote="gpu", host="gpu7:8000", llm=None)
    below = "".join(text for _, text in toolbar(cast(Any, model), Status("ready"), None, 0, ""))
    assert " on gpu → gpu7:8000" in below and get_cwidth(below) <= 80
    assert served(f"{name} on gpu").endswith(" on gpu") and len(served(f"{name} on gpu")) < 60


@pytest.mark.parametrize("width", [5, 20, 40, 80])
def test_the_status_begins_with_its_state_at_every_width(width):
    line = compose_status(StatusLine("answering", ("12.4k / 32k tokens", "41 tok/s")), width)
    assert line.cell_length <= width
    assert line.plain.startswith("answering"[:width])


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
