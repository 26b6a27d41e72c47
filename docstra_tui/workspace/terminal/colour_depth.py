"""How many colours a terminal shows, from its name and what it says of itself.

Over SSH the name is all there is: COLORTERM stays behind, and the far side often has no description of a
new terminal. A description says as many colours as a terminal had when it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NONE, FEW, MANY, ALL = 0, 16, 256, 1 << 24
"""Numbers of colours. FEW means eight that can be told apart everywhere; of the rest nobody knows."""

_ALL = frozenset(
    (
        *("alacritty", "contour", "foot", "ghostty", "gnome", "iterm2", "iterm2.app", "kitty", "konsole"),
        *("mintty", "ms-terminal", "rio", "vte", "wezterm", "xterm-ghostty", "xterm-kitty"),
    )
)
"""Terminals that show every colour, by the name they give themselves."""
_MANY = frozenset(("mlterm", "putty", "st", "terminology", "tmux"))
"""Terminals that show 256."""
_NONE = re.compile(r"dumb|vt(?:52|1\d\d|2\d\d|320|420|510)(?:-.*)?|.*-(?:m|mono)")


def colours_of(environ: Mapping[str, str]) -> int:
    """One of the numbers above. `NO_COLOR` means none, whatever the terminal could."""
    if environ.get("NO_COLOR"):
        return NONE
    term = environ.get("TERM", "").strip().lower()
    if _NONE.fullmatch(term):
        return NONE
    if environ.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return ALL
    if term.endswith(("-16color", "-8color")):
        return FEW
    if term.endswith("-256color"):
        return MANY
    for name in _names(term):
        if name in _ALL:
            return ALL
        if name in _MANY:
            return MANY
    return _described(term)


def _names(term: str) -> list[str]:
    """A terminal's name with less and less of what it says more exactly: `foot-extra`, `foot`."""
    parts = re.split(r"[-+]", term)
    return [term, *("-".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))]


def _described(term: str) -> int:
    """What this machine's description of the terminal says; FEW where there is none."""
    try:
        import curses
    except ImportError:
        return FEW
    try:
        curses.setupterm(term, 0)
        count = curses.tigetnum("colors")
    except (curses.error, ValueError):  # no description, no database, no name
        return FEW
    return MANY if count >= MANY else FEW if count > 1 else NONE
