"""A widget that is gone takes its drawn lines with it.

Textual remembers the two backgrounds of a widget's lines by the widget's own cache (`lru_cache` over a
method, 1,024 places): as long as one of those places is there so is the cache, with every line that was
drawn, of each dialog that was ever open. Here they are remembered by the colours alone.
"""

from __future__ import annotations

from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style


def install() -> None:
    """Put it in the place of Textual's; harmless when called twice."""
    if getattr(StylesCache, "_docstra_lets_go", False):
        return
    found = StylesCache.get_inner_outer.__wrapped__

    @lru_cache(1024)
    def by_colours(base: Color, background: Color) -> tuple[Style, Style]:
        return found(StylesCache, base, background)

    def inner_outer(self: StylesCache, base: Color, background: Color) -> tuple[Style, Style]:
        return by_colours(base, background)

    StylesCache.get_inner_outer = inner_outer  # type: ignore[method-assign, assignment]
    StylesCache._docstra_lets_go = True  # type: ignore[attr-defined]
