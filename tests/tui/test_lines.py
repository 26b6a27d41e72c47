"""The two lines at the edges, without a screen."""

from __future__ import annotations

import pytest

from docstra_tui.session.turns import SavedTurn
from docstra_tui.tui.transcript.layout.ending import ending_word
from docstra_tui.tui.transcript.saved_turns import shown_turn
from docstra_tui.tui.widgets.status_bar import compose_status
from docstra_tui.tui.widgets.title_line import compose_title
from docstra_tui.workspace.status import StatusLine
from docstra_tui.workspace.title import Title


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
