"""From a theme file to Textual: every colour on the screen is one of the theme's roles.

Textual derives many colours from a few; the ones this app shows are set here, so that what a theme
file says is what is seen.
"""

from __future__ import annotations

from textual.theme import Theme

from docstra_tui.themes import ThemeSpec


def textual_theme(spec: ThemeSpec) -> Theme:
    """`spec` as a Textual theme. `$muted` and `$selection` are our own variables."""
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
        variables={
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
            "block-cursor-background": c.selection,
            "block-cursor-foreground": c.text,
            "block-cursor-text-style": "none",
            "block-cursor-blurred-background": c.panel,
            "block-cursor-blurred-foreground": c.text,
            "block-cursor-blurred-text-style": "none",
            "block-hover-background": c.panel,
            "input-cursor-background": c.primary,
            "input-cursor-foreground": c.background,
            "input-cursor-text-style": "none",
            "input-selection-background": c.selection,
            "input-selection-foreground": c.text,
            "screen-selection-background": c.selection,
            "screen-selection-foreground": c.text,
            "scrollbar": c.selection,
            "scrollbar-hover": c.muted,
            "scrollbar-active": c.primary,
            "scrollbar-background": c.background,
            "scrollbar-background-hover": c.background,
            "scrollbar-background-active": c.background,
            "scrollbar-corner-color": c.background,
            "link-color": c.secondary,
            "link-background": c.background,
            "link-background-hover": c.selection,
            "link-color-hover": c.secondary,
            "markdown-h1-color": c.primary,
            "markdown-h2-color": c.primary,
            "markdown-h3-color": c.secondary,
            "markdown-h4-color": c.secondary,
            "markdown-h5-color": c.muted,
            "markdown-h6-color": c.muted,
            "markdown-h1-background": c.background,
            "markdown-h2-background": c.background,
            "markdown-h3-background": c.background,
            "markdown-h4-background": c.background,
            "markdown-h5-background": c.background,
            "markdown-h6-background": c.background,
            "markdown-h1-text-style": "bold",
            "markdown-h2-text-style": "bold",
            "markdown-h3-text-style": "bold",
        },
    )
