"""How many colours a terminal shows, from its name."""

from __future__ import annotations

import curses

import pytest

from docstra_tui.workspace.terminal import colour_depth
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, MANY, NONE, colours_of


@pytest.mark.parametrize(
    ("term", "colours"),
    [
        ("alacritty", ALL),
        ("foot", ALL),
        ("foot-extra", ALL),
        ("wezterm", ALL),
        ("xterm-ghostty", ALL),
        ("xterm-kitty", ALL),
        ("xterm-direct", ALL),
        ("iTerm2.app", ALL),
        ("xterm-256color", MANY),
        ("tmux-256color", MANY),
        ("tmux", MANY),
        ("screen-256color", MANY),
        ("putty", MANY),
        ("putty-256color", MANY),
        ("konsole-16color", FEW),
        ("xterm", FEW),
        ("screen", FEW),
        ("linux", FEW),
        ("", FEW),
        ("nobody-knows-this", FEW),
        ("vt100", NONE),
        ("vt220", NONE),
        ("vt102-w", NONE),
        ("xterm-mono", NONE),
        ("dumb", NONE),
    ],
)
def test_a_terminal_has_the_colours_of_its_name(term: str, colours: int) -> None:
    assert colours_of({"TERM": term}) == colours
    assert colours_of({"TERM": term, "NO_COLOR": "1"}) == NONE
    assert colours_of({"TERM": term, "NO_COLOR": ""}) == colours


def test_what_the_terminal_says_of_itself_is_believed() -> None:
    assert colours_of({"TERM": "xterm", "COLORTERM": "truecolor"}) == ALL
    assert colours_of({"TERM": "screen", "COLORTERM": "24bit"}) == ALL
    assert colours_of({"TERM": "xterm", "COLORTERM": "yes"}) == FEW


def test_another_terminal_has_what_the_machine_knows_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"new-one": 256, "old-one": 8, "older-one": -1}
    asked: list[str] = []
    monkeypatch.setattr(curses, "setupterm", lambda term, fd: asked.append(term))
    monkeypatch.setattr(curses, "tigetnum", lambda name: known[asked[-1]])
    assert [colours_of({"TERM": term}) for term in known] == [MANY, FEW, NONE]


def test_without_a_description_there_are_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(term: str, fd: int) -> None:
        raise curses.error("could not find terminal")

    monkeypatch.setattr(curses, "setupterm", missing)
    assert colour_depth.colours_of({"TERM": "new-one"}) == FEW
