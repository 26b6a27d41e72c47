"""The user's own keys: how they are written, what is refused, and which key then does what."""

from __future__ import annotations

import pytest

from docstra_tui import keymap, settings
from docstra_tui.errors import SettingsError
from docstra_tui.key_names import character_of, known_key, shown_key, shown_keys
from tests.test_settings import write_config


@pytest.mark.parametrize(
    ("written", "known", "shown"),
    [
        ("F2", "f2", "F2"),
        ("Ctrl+B", "ctrl+b", "Ctrl+B"),
        ("shift+ctrl+left", "ctrl+shift+left", "Ctrl+Shift+←"),
        ("Control + PgUp", "ctrl+pageup", "Ctrl+PgUp"),
        ("shift+g", "G", "G"),
        ("[", "left_square_bracket", "["),
        ("ctrl++", "ctrl+plus", "Ctrl++"),
        ("ctrl+i", "tab", "Tab"),
        ("ctrl+m", "enter", "Enter"),
        ("ESC", "escape", "Esc"),
        ("alt+P", "alt+p", "Alt+P"),
        (" ", "space", "Space"),
        ("é", "é", "é"),
        ("§", "section_sign", "§"),
    ],
)
def test_a_key_is_known_however_it_is_written(written: str, known: str, shown: str) -> None:
    assert known_key(written) == known
    assert shown_key(known) == shown
    assert known_key(shown) == known


@pytest.mark.parametrize(
    ("written", "near"), [("ctlr+b", "ctrl"), ("pagup", "pageup"), ("f99", ""), ("a+b", "")]
)
def test_what_is_no_key_is_refused_with_the_nearest(written: str, near: str) -> None:
    with pytest.raises(ValueError, match="is no key") as caught:
        known_key(written)
    assert near in str(caught.value)


def test_what_a_key_writes_is_known() -> None:
    assert [character_of(key) for key in ("x", "space", "left_curly_bracket", "section_sign")] == list("x {§")
    assert not any(character_of(key) for key in ("f2", "ctrl+b", "enter", "", "no such"))
    assert shown_keys("up,k") == "↑" and shown_keys("home,g") == "Home" and shown_keys("y") == "y"


def test_a_letter_is_told_beside_another_key_too() -> None:
    assert shown_keys("f8,d,delete") == "F8, d, Del"
    assert shown_keys("delete,D") == "Del, D"


def of(text: str) -> dict[str, str]:
    write_config(f"[keys]\n{text}\n")
    return settings.load().keys


def test_both_ways_to_write_an_id_and_several_keys_mean_the_same() -> None:
    assert of('main.tree = "F2, Ctrl+E"') == {"main.tree": "f2,ctrl+e"}
    assert of('"main.tree" = ["f2", "ctrl+e"]') == {"main.tree": "f2,ctrl+e"}
    assert (
        of('main.restart = ""')
        == of("main.restart = []")
        == of("main.restart = false")
        == {"main.restart": "none"}
    )


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('main.tre = "f2"', "There is no key 'main.tre'", "'main.tree'"),
        ('main.tree = "ctlr+e"', "is no key: did you mean 'ctrl'?", "Ctrl+B"),
        ("main.tree = 3", "takes keys, not 3", "f2"),
        ('main.tree = "x"', "cannot be x: that is written", "F2"),
        ('main.tree = "f7"\nmain.search = "f7"', "main.tree and main.search are both F7", "another key"),
        ('main.tree = "f7"\ntree.filter = "f7"', "both F7", "another key"),
        ('chat.leave = "f7"\nmain.think = "f7"', "both F7", "another key"),
    ],
)
def test_what_cannot_be_is_said_with_names_and_the_line(text: str, said: str, hint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        of(text)
    assert said in caught.value.message and hint in caught.value.hint
    last = len(text.splitlines()) + 1
    assert f"config.toml, line {last}" in caught.value.message


def test_the_same_key_in_places_that_never_meet_is_no_conflict() -> None:
    own = of('tree.filter = "f7"\ntranscript.copy = "f7"\nchat.leave = "f6"')
    assert keymap.in_force({"chat.leave": "f6"}) == {"chat.leave": "f6"}
    assert keymap.in_force(own)["main.search"] == "ctrl+f"  # it would have come first
    assert "chat.leave" in own


def test_a_key_that_is_given_away_is_taken_from_what_came_with_it_and_said() -> None:
    own = of('main.tree = "f7, f6"\ntree.list = "t"')
    assert keymap.in_force(own) == {
        "main.tree": "f7,f6",
        "tree.list": "t",
        "main.search": "ctrl+f",
        "main.conversation": "none",
        "tree.ticked": "none",
    }
    said = keymap.notes(own)
    assert "main.search: Ctrl+F (F7 is main.tree)" in said
    assert "main.conversation: no key (F6 is main.tree)" in said


def test_a_pane_may_hide_what_acts_everywhere_but_not_what_acts_first() -> None:
    assert "main.down" not in keymap.in_force({"tree.page_down": "shift+pagedown"})
    assert keymap.in_force({"tree.page_down": "f2"})["main.tree"] == "ctrl+b"
    assert keymap.in_force({"main.think": "pageup"})["transcript.pageup"] == "b"


def test_a_project_may_not_set_keys(tmp_path) -> None:
    (tmp_path / settings.PROJECT_FILE).write_text('[keys]\nmain.tree = "f7"\n')
    with pytest.raises(SettingsError, match="may not set"):
        settings.load(project=tmp_path)
