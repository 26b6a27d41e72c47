"""How well one colour is read on another, and what the sixteen look like where nobody changed them."""

from __future__ import annotations

from rich.color import Color, ColorSystem, ColorType

from docstra_tui.themes import TERMINAL

READABLE = 4.5
"""The ratio of WCAG 2 (AA) for text."""

PALETTES = {
    "VGA": tuple(TERMINAL.values()),
    "xterm": (
        *("#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5"),
        *("#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff"),
    ),
    "Windows": (
        *("#0c0c0c", "#c50f1f", "#13a10e", "#c19c00", "#0037da", "#881798", "#3a96dd", "#cccccc"),
        *("#767676", "#e74856", "#16c60c", "#f9f1a5", "#3b78ff", "#b4009e", "#61d6d6", "#f2f2f2"),
    ),
}
"""The sixteen as terminals come with them."""


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2: 4.5 is readable text."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """From 0, black, to 1, white."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def with_256(colour: str) -> str:
    """What is left of a colour where there are 256."""
    number = Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).number
    assert number is not None
    return Color("", ColorType.EIGHT_BIT, number=number).get_truecolor().hex


def with_16(colour: str, palette: str) -> str:
    """What is left of a colour where there are sixteen, in one of `PALETTES`."""
    number = Color.parse(colour).downgrade(ColorSystem.STANDARD).number
    assert number is not None
    return PALETTES[palette][number]
