"""How the inline chat looks: styles by role, with their colours from the theme and nowhere else."""

from __future__ import annotations

from prompt_toolkit.styles import Style

from docstra_tui.themes import ThemeSpec


def style_of(theme: ThemeSpec) -> Style:
    """The prompt_toolkit style of a theme. Text keeps the terminal's own colours: it has no background."""
    colours = theme.colours
    return Style.from_dict(
        {
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
    )
