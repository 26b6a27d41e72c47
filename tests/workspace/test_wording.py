"""Answers as words."""

from __future__ import annotations

from docstra_tui.llm.answer import Usage
from docstra_tui.workspace.wording import answer_figures


def test_an_answers_figures_leave_out_what_nobody_knows() -> None:
    assert answer_figures(Usage(), None, None) == ""
    assert answer_figures(Usage(812, 120, 640), 0.21, 41.2) == (
        "812 tokens read, 640 cached · first token 0.2 s · 120 written at 41 tok/s"
    )
