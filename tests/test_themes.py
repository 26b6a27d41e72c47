"""Themes are data that a person can read, mend and add to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from docstra_tui import paths, settings, themes
from docstra_tui.errors import SettingsError
from tests.contrast import PALETTES, READABLE, contrast, with_16, with_256

INKS = ("text", "muted", "primary", "secondary", "success", "warning", "error")
GROUNDS = ("background", "surface", "panel", "selection")
ROLES = msgspec.structs.fields(themes.Colours)


def add_theme(name: str, text: str) -> Path:
    folder = paths.config_dir() / "themes"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(text)
    return folder / f"{name}.toml"


def lamp_with(**changes: str) -> str:
    text = (themes.folders()[0] / "lamp.toml").read_text()
    for role, colour in changes.items():
        text += f'\n[extra]\n{role} = "{colour}"' if role == "unknown" else ""
        text = "\n".join(
            f'{role} = "{colour}"' if line.startswith(f"{role} =") else line for line in text.splitlines()
        )
    return text


def test_a_dark_and_a_light_one_come_with_the_program_and_the_default_is_among_them() -> None:
    found, wrong = themes.load_all()
    assert not wrong
    assert {found["lamp"].dark, found["paper"].dark} == {True, False}
    assert settings.Settings().theme in found
    assert {"chalk", "sixteen"} <= set(found), "high contrast, and the terminal's own colours"


def unreadable(
    colours: themes.Colours, shown: Callable[[str], str] = str, least: float = READABLE
) -> list[str]:
    """The pairs of roles that cannot be read, as they are shown."""
    return [
        f"{ink} on {ground}: {ratio:.2f}"
        for ink in INKS
        for ground in GROUNDS
        if (ratio := contrast(shown(getattr(colours, ink)), shown(getattr(colours, ground)))) < least
    ]


@pytest.mark.parametrize("name", ["lamp", "paper", "chalk"])
def test_every_colour_of_text_can_be_read_on_every_ground(name: str) -> None:
    colours = themes.load_all()[0][name].colours
    assert unreadable(colours) == []
    assert unreadable(colours, with_256) == []
    for shown in (
        str,
        with_256,
    ):  # the cursor and the match that is walked to: the ground's colour on the accent
        assert contrast(shown(colours.background), shown(colours.primary)) >= READABLE


def test_high_contrast_is_more_than_that() -> None:
    colours = themes.load_all()[0]["chalk"].colours
    assert unreadable(colours, least=7) == unreadable(colours, with_256, least=7) == []
    assert contrast(colours.rule, colours.background) >= 7


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("colours", [themes.FEW_DARK, themes.FEW_LIGHT], ids=["dark", "light"])
def test_the_sixteen_can_be_read_in_the_palettes_of_terminals(colours: themes.Colours, palette: str) -> None:
    # What is chosen is reversed: its ground is the ink, and its ink what is behind everything else.
    found = unreadable(
        msgspec.structs.replace(colours, selection=colours.background), partial(with_16, palette=palette)
    )
    assert found == []


def test_a_theme_of_the_terminals_own_colours_names_them() -> None:
    sixteen = themes.load_all()[0]["sixteen"]
    assert sixteen.terminal and sixteen.colours == themes.FEW_DARK
    text = (themes.folders()[0] / "sixteen.toml").read_text()
    own = add_theme("own", text.replace('"sixteen"', '"own"').replace('"cyan"', '"bright-magenta"'))
    assert themes.read(own).colours.secondary == themes.TERMINAL["bright-magenta"]
    for wrong, hint in (("cyann", "'cyan'"), ("#00aaaa", "bright-white")):
        with pytest.raises(SettingsError, match=f"secondary is '{wrong}'") as caught:
            themes.read(add_theme("own", text.replace('"cyan"', f'"{wrong}"')))
        assert hint in caught.value.hint


def test_the_users_own_theme_wins_over_ours() -> None:
    add_theme("lamp", lamp_with(primary="#00ff00"))
    assert themes.load_all()[0]["lamp"].colours.primary == "#00ff00"


def test_a_broken_theme_is_reported_and_the_others_still_load() -> None:
    path = add_theme("mine", lamp_with(primary="orange").replace('"lamp"', '"mine"'))
    found, wrong = themes.load_all()
    assert "lamp" in found and "mine" not in found
    assert len(wrong) == 1 and str(path) in wrong[0].message and "primary" in wrong[0].message


def test_a_missing_role_is_named() -> None:
    text = "\n".join(line for line in lamp_with().splitlines() if not line.startswith("error"))
    with pytest.raises(SettingsError, match="error"):
        themes.read(add_theme("mine", text))


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(SettingsError, match="extra"):
        themes.read(add_theme("mine", lamp_with(unknown="#000000")))


def test_asking_for_a_theme_by_name() -> None:
    assert themes.choose("paper") == (themes.load_all()[0]["paper"], None)
    spec, problem = themes.choose("papr")
    assert spec.name == "lamp"
    assert problem is not None and "paper" in problem.hint


def test_every_role_is_a_colour() -> None:
    for theme in themes.load_all()[0].values():
        for role in ROLES:
            assert themes.COLOUR.fullmatch(getattr(theme.colours, role.name))
