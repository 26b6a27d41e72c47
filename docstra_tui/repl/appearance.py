"""How the inline chat looks: styles by role, with their colours from the theme and nowhere else."""

from __future__ import annotations

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from docstra_tui.themes import ThemeSpec
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, MANY, NONE

DEPTHS = {
    NONE: ColorDepth.DEPTH_1_BIT,
    FEW: ColorDepth.DEPTH_4_BIT,
    MANY: ColorDepth.DEPTH_8_BIT,
    ALL: ColorDepth.DEPTH_24_BIT,
}
"""How many colours there are, in prompt_toolkit's words."""


def style_of(theme: ThemeSpec, colours: int = ALL) -> Style:
    """The prompt_toolkit style of a theme, for a terminal with so many colours. Text keeps the terminal's own
    colours: it has no background."""
    return Style.from_dict(_few_colours() if colours <= FEW or theme.terminal else _many_colours(theme))


def _few_colours() -> dict[str, str]:
    """Eight colours at most, on a ground that nobody knows: what stands out is bold or reversed."""
    return {
        "mark": "bold",
        "dim": "",
        "note": "",
        "error": "ansired bold",
        "hint": "",
        "bottom-toolbar": "reverse",
        "bottom-toolbar.strong": "bold",
        "bottom-toolbar.warning": "bold",
        "bottom-toolbar.error": "bold",
        "completion-menu": "noreverse",
        "completion-menu.completion": "noreverse",
        "completion-menu.completion.current": "reverse",
        "completion-menu.meta.completion": "noreverse",
        "completion-menu.meta.completion.current": "reverse",
        "scrollbar.background": "noreverse",
        "scrollbar.button": "reverse",
    }


def _many_colours(theme: ThemeSpec) -> dict[str, str]:
    colours = theme.colours
    return {
        "mark": f"{colours.secondary} bold",
        "dim": colours.muted,
        "note": colours.secondary,
        "error": f"{colours.error} bold",
        "hint": colours.muted,
        "bottom-toolbar": f"noreverse bg:{colours.panel} {colours.muted}",
        "bottom-toolbar.strong": f"bg:{colours.panel} {colours.text}",
        "bottom-toolbar.warning": f"bg:{colours.panel} {colours.warning}",
        "bottom-toolbar.error": f"bg:{colours.panel} {colours.error}",
        "completion-menu": f"bg:{colours.panel} {colours.text}",
        "completion-menu.completion": f"bg:{colours.panel} {colours.text}",
        "completion-menu.completion.current": f"noreverse bg:{colours.selection} {colours.text}",
        "completion-menu.meta.completion": f"bg:{colours.panel} {colours.muted}",
        "completion-menu.meta.completion.current": f"bg:{colours.selection} {colours.muted}",
        "scrollbar.background": f"bg:{colours.panel}",
        "scrollbar.button": f"bg:{colours.muted}",
    }
