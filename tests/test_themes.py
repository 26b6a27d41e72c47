"""Themes are data that a person can read, mend and add to."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from docstra_tui import paths, settings, themes
from docstra_tui.errors import SettingsError

ROLES = msgspec.structs.fields(themes.Colours)


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2: 4.5 is readable text."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


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


@pytest.mark.parametrize("name", ["lamp", "paper"])
@pytest.mark.parametrize("role", ["text", "muted", "primary", "secondary", "success", "warning", "error"])
@pytest.mark.parametrize("behind", ["background", "surface", "panel"])
def test_every_colour_of_text_can_be_read_on_every_ground(name: str, role: str, behind: str) -> None:
    colours = themes.load_all()[0][name].colours
    assert contrast(getattr(colours, role), getattr(colours, behind)) >= 4.5


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
