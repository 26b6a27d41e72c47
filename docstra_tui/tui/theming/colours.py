"""From a theme file to Textual: every colour on the screen is one of the theme's roles.

Textual derives many colours from a few; the ones this app shows are set here, so that what a theme
file says is what is seen. Where a terminal has sixteen colours at most, a theme has those of them that can
be read everywhere, and what is chosen is seen without any.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rich.color import Color as RichColor
from rich.color import ColorSystem, ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme
from textual.widget import Widget

from docstra_tui.themes import FEW_DARK, FEW_LIGHT, TERMINAL, Colours, ThemeSpec
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, NONE

NAMES = tuple(TERMINAL)
"""Of the sixteen, by their numbers."""
FEW_CLASS = "-few"
"""The app's class where there are few colours or none; `app.tcss` says what differs."""


def row_style(widget: Widget, *, is_active: bool = True) -> str:
    """The look of a row that a cursor is on, for `Content`; fainter where another part has the keys."""
    if is_active:
        return "on $selection"
    return "bold" if widget.app.has_class(FEW_CLASS) else "on $panel"


def is_few(spec: ThemeSpec, colours: int) -> bool:
    """True where grounds cannot be told apart: few colours, or a theme that has no more of them."""
    return colours <= FEW or spec.terminal


def shown_colours(spec: ThemeSpec, colours: int) -> Colours:
    """Those of a theme on a terminal with so many colours."""
    if colours > FEW or (spec.terminal and colours > NONE):
        return spec.colours
    return FEW_DARK if spec.dark or colours == NONE else FEW_LIGHT


class FewColours(LineFilter):
    """Colours are sent by their numbers. What stands on the ground of what is chosen is reversed, which every
    terminal shows; where there are no colours, none is sent, not even a default one."""

    def __init__(self, shown: Colours, colours: int) -> None:
        super().__init__()
        self._look = _Look(Color.parse(shown.selection).rgb, shown.background, colours > NONE)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text."""
        look = self._look
        return [
            Segment(text, _few_style(style, look) if style is not None else None, control)
            for text, style, control in segments
        ]


class _Look(NamedTuple):
    """What becomes of a style."""

    chosen: tuple[int, int, int]
    """The ground of what is chosen."""
    ground: str
    """What is behind everything else."""
    has_colours: bool


@lru_cache(1024)
def _few_style(style: Style, look: _Look) -> Style:
    ground = style.bgcolor.triplet if style.bgcolor is not None else None
    if ground == look.chosen:
        style += Style(bgcolor=look.ground, reverse=True)
    if not look.has_colours:
        return style.without_color
    return style + Style.from_color(_by_number(style.color), _by_number(style.bgcolor))


def _by_number(colour: RichColor | None) -> RichColor | None:
    number = colour.downgrade(ColorSystem.STANDARD).number if colour is not None else None
    return RichColor(NAMES[number], ColorType.STANDARD, number) if number is not None else colour


def textual_theme(spec: ThemeSpec, colours: int = ALL) -> Theme:
    """`spec` as a Textual theme for a terminal with so many colours. `$muted`, `$selection` and `$rule` are
    our own variables."""
    few = is_few(spec, colours)
    c = shown_colours(spec, colours)
    return Theme(
        name=spec.name,
        dark=spec.dark,
        primary=c.primary,
        secondary=c.secondary,
        accent=c.primary,
        foreground=c.text,
        background=c.background,
        surface=c.surface,
        panel=c.panel,
        success=c.success,
        warning=c.warning,
        error=c.error,
        boost=c.panel,
        text_alpha=1.0,
        variables={**_texts(c), **_cursors(c, few), **_scrollbars(c), **_markdown(c)},
    )


def _texts(c: Colours) -> dict[str, str]:
    """What is written, and the lines around it."""
    return {
        "muted": c.muted,
        "selection": c.selection,
        "text": c.text,
        "text-muted": c.muted,
        "text-disabled": c.muted,
        "foreground-muted": c.muted,
        "foreground-disabled": c.muted,
        "text-primary": c.primary,
        "text-secondary": c.secondary,
        "text-accent": c.primary,
        "text-success": c.success,
        "text-warning": c.warning,
        "text-error": c.error,
        "border": c.primary,
        "border-blurred": c.panel,
        "link-color": c.secondary,
        "link-background": c.background,
        "link-background-hover": c.selection,
        "link-color-hover": c.secondary,
    }


def _cursors(c: Colours, is_few: bool) -> dict[str, str]:
    """What is chosen, in a list, in a field and on the screen."""
    return {
        "block-cursor-background": c.selection,
        "block-cursor-foreground": c.text,
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": c.selection if is_few else c.panel,
        "block-cursor-blurred-foreground": c.text,
        "block-cursor-blurred-text-style": "none",
        "block-hover-background": c.panel,
        "input-cursor-background": c.selection if is_few else c.primary,
        "input-cursor-foreground": c.text if is_few else c.background,
        "input-cursor-text-style": "none",
        "input-selection-background": c.selection,
        "input-selection-foreground": c.text,
        "screen-selection-background": c.selection,
        "screen-selection-foreground": c.text,
    }


def _scrollbars(c: Colours) -> dict[str, str]:
    """Scrollbars and the rules between parts."""
    return {
        "rule": c.rule,
        "scrollbar": c.rule,
        "scrollbar-hover": c.muted,
        "scrollbar-active": c.primary,
        "scrollbar-background": c.background,
        "scrollbar-background-hover": c.background,
        "scrollbar-background-active": c.background,
        "scrollbar-corner-color": c.background,
    }


def _markdown(c: Colours) -> dict[str, str]:
    """Headings, by their depth."""
    by_depth = (c.primary, c.primary, c.secondary, c.secondary, c.muted, c.muted)
    headings: dict[str, str] = {}
    for depth, colour in enumerate(by_depth, 1):
        headings[f"markdown-h{depth}-color"] = colour
        headings[f"markdown-h{depth}-background"] = c.background
        if depth <= 3:
            headings[f"markdown-h{depth}-text-style"] = "bold"
    return headings
