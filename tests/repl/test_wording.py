"""States and answers as words."""

from __future__ import annotations

import pytest

from docstra_tui.llm.answer import Usage
from docstra_tui.repl import wording


@pytest.mark.parametrize(
    ("phase", "done", "total", "words"),
    [
        ("download", 32_000_000, 94_000_000, "loading: downloading 34% of 94 MB"),
        ("place", 3, 4, "loading: placing the model on the device 75%"),
        ("read", None, None, "loading: reading the model"),
        ("read", 5, 0, "loading: reading the model"),
        ("something new", None, None, "loading: something new"),
        ("", None, None, "loading"),
    ],
)
def test_loading(phase: str, done: int | None, total: int | None, words: str) -> None:
    assert wording.loading(phase, done, total) == words


def test_an_answers_figures_leave_out_what_nobody_knows() -> None:
    assert wording.answer(Usage(), None, None) == ""
    assert wording.answer(Usage(812, 120, 640), 0.21, 41.2) == (
        "812 tokens read, 640 cached · first token 0.2 s · 120 written at 41 tok/s"
    )
