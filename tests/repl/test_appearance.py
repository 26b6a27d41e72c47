"""The inline chat where there are few colours: what is chosen is seen without any."""

from __future__ import annotations

import re

import pytest
from prompt_toolkit.output import ColorDepth

from docstra_tui.repl.appearance import DEPTHS, style_of
from docstra_tui.themes import load_all
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, NONE


@pytest.mark.parametrize("theme", ["lamp", "paper", "chalk"])
def test_the_row_of_a_menu_is_reversed_where_colours_are_few(theme: str) -> None:
    row = "class:completion-menu.completion"
    for colours in (FEW, NONE):
        style = style_of(load_all()[0][theme], colours)
        chosen, other = style.get_attrs_for_style_str(f"{row}.current"), style.get_attrs_for_style_str(row)
        assert chosen.reverse and not other.reverse
        assert style.get_attrs_for_style_str("class:bottom-toolbar").reverse
        assert style.get_attrs_for_style_str("class:error").bold
    many = style_of(load_all()[0][theme], ALL)
    assert re.fullmatch("[0-9a-f]{6}", many.get_attrs_for_style_str(f"{row}.current").bgcolor)


def test_a_theme_of_the_terminals_own_colours_sends_no_others() -> None:
    sixteen = load_all()[0]["sixteen"]
    assert style_of(sixteen, ALL).style_rules == style_of(sixteen, FEW).style_rules


def test_without_colours_none_is_sent() -> None:
    assert DEPTHS[NONE] == ColorDepth.DEPTH_1_BIT and DEPTHS[FEW] == ColorDepth.DEPTH_4_BIT
