"""Rules that hold for every file of the screen: whose the colours are, and what may be markup."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import docstra_tui.tui
from docstra_tui.themes import load_all

TUI = Path(docstra_tui.tui.__file__).parent
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")
MARKUP_WIDGETS = {"Static", "Label", "OptionList", "Button", "Checkbox", "RadioButton", "Collapsible"}


@pytest.mark.parametrize(
    "path", sorted([*TUI.rglob("*.py"), *TUI.rglob("*.tcss")]), ids=lambda path: path.name
)
def test_colours_live_only_in_themes(path):
    found = [
        line
        for line in path.read_text("utf-8").splitlines()
        if COLOUR.search(line) and not re.search(r"#[\w-]+\s*[,{:]|^#|#[a-z]+\"|#[a-z-]+[\s,]", line.strip())
    ]
    assert found == []


@pytest.mark.parametrize("path", sorted(TUI.rglob("*.py")), ids=lambda path: path.name)
def test_no_text_becomes_markup_by_default(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in MARKUP_WIDGETS:
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            markup = given.get("markup")
            assert isinstance(markup, ast.Constant) and markup.value is False, f"{path}:{node.lineno}"


async def test_every_theme_shows_its_own_colours(make_app):
    themes, wrong = load_all()
    assert wrong == []
    assert {"lamp", "paper"} <= set(themes)
    app = make_app()
    async with app.run_test():
        for spec in themes.values():
            app.theme = spec.name
            shown = app.get_css_variables()
            assert shown["text-primary"] == spec.colours.primary
            assert shown["text-error"] == spec.colours.error
            assert shown["muted"] == spec.colours.muted
            assert app.current_theme.dark is spec.dark
