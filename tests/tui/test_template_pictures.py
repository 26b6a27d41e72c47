"""Pictures of the form and of the review, narrow and wide, in a dark and in a light theme.

`pytest --snapshot-update tests/tui/test_template_pictures.py` draws them anew; look at them then.
"""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App

from docstra_tui import themes
from docstra_tui.templates import parse
from docstra_tui.tui.screens.form import FormScreen
from docstra_tui.tui.screens.review import ReviewScreen
from docstra_tui.tui.theming.colours import textual_theme
from docstra_tui.workspace.dialogs import Form
from docstra_tui.workspace.templates import filling
from docstra_tui.workspace.templates.asking import review_of
from tests.tui.fakes import is_idle, until

SOURCE = """\
+++
title = "Review"
description = "Looks for one kind of problem, and names the lines."
[fields]
depth = "Name only what you are sure of."
[fields.focus]
asks = "What to look for"
+++
{context}

Review the {language} code above for {focus}. For each place give the file, the line, what goes wrong\u200b
there. {depth}
"""
TEMPLATE = parse("review", SOURCE, ".docstra/templates/review.md", prefix="project:")


class Shows(App[None]):
    """One screen and nothing else."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        for spec in themes.load_all()[0].values():
            self.register_theme(textual_theme(spec))
        self.theme = theme


@pytest.mark.parametrize(
    ("size", "theme"), [((80, 24), "lamp"), ((120, 40), "paper")], ids=["narrow", "wide"]
)
@pytest.mark.parametrize("screen", ["form", "review"])
def test_a_template(snap_compare: Any, screen: str, size: tuple[int, int], theme: str) -> None:
    app = Shows(theme)
    form = Form(
        "project:review: depth, focus",
        f"{TEMPLATE.title}. {TEMPLATE.description}",
        TEMPLATE.fields,
        TEMPLATE.defaults,
        lambda given: filling.preview(TEMPLATE, given, []),
    )

    async def show(pilot: Any) -> None:
        app.push_screen(FormScreen(form) if screen == "form" else ReviewScreen(*review_of(TEMPLATE)))
        await pilot.pause(0.1)
        await until(pilot, lambda: is_idle(app))

    assert snap_compare(app, terminal_size=size, run_before=show)
