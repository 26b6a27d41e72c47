"""From a theme file to Textual: every colour on the screen is one of the theme's roles.

Textual derives many colours from a few; the ones this app shows are set here, so that what a theme
file says is what is seen. Where a terminal has sixteen colours at most, a theme has eight that every
terminal tells apart, and what is chosen is seen without any.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme
from textual.widget import Widget

from docstra_tui.themes import FEW_DARK, FEW_LIGHT, Colours, ThemeSpec
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, NONE

FEW_CLASS = "-few"
"""The app's class where there are few colours or none; `app.tcss` says what differs."""

_CHOSEN: dict[tuple[int, int, int], str] = {
    Color.parse(few.selection).rgb: few.background for few in (FEW_DARK, FEW_LIGHT)
}
"""The grounds of what is chosen, and what is behind everything else."""


def row_style(widget: Widget, *, is_active: bool = True) -> str:
    """The look of a row that a cursor is on, for `Content`; fainter where another part has the keys."""
    if is_active:
        return "on $selection"
    return "bold" if widget.app.has_class(FEW_CLASS) else "on $panel"


class FewColours(LineFilter):
    """What stands on the ground of what is chosen is reversed, which every terminal shows; where there are
    no colours, none is sent, not even a default one."""

    def __init__(self, colours: int) -> None:
        super().__init__()
        self._has_colours = colours > NONE

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same text."""
        return [
            Segment(text, _few_style(style, self._has_colours) if style is not None else None, control)
            for text, style, control in segments
        ]


@lru_cache(1024)
def _few_style(style: Style, has_colours: bool) -> Style:
    ground = style.bgcolor.triplet if style.bgcolor is not None else None
    behind = _CHOSEN.get(ground) if ground is not None else None
    if behind is not None:
        style += Style(bgcolor=behind, reverse=True)
    return style if has_colours else style.without_color


def textual_theme(spec: ThemeSpec, colours: int = ALL) -> Theme:
    """`spec` as a Textual theme for a terminal with so many colours. `$muted`, `$selection` and `$rule` are
    our own variables."""
    is_few = colours <= FEW
    if is_few:
        few = FEW_DARK if spec.dark or colours == NONE else FEW_LIGHT
        spec = msgspec.structs.replace(spec, colours=few)
    c = spec.colours
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
        variables={**_texts(c), **_cursors(c, is_few), **_scrollbars(c, is_few), **_markdown(c)},
    )


def _texts(c: Colours) -> dict[str, str]:
    """What is written, and the lines around it."""
    return {
        "muted": c.muted,
        "selection": c.selection,
        "text": c.text,
        "text-muted": c.muted,
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


def _scrollbars(c: Colours, is_few: bool) -> dict[str, str]:
    """Scrollbars and the rules between parts: lines where grounds cannot be told apart."""
    line = c.muted if is_few else c.selection
    return {
        "rule": line,
        "scrollbar": line,
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
