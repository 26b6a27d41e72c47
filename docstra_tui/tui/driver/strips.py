"""The last net: no control character in a text reaches the terminal, whatever drew it.

Textual writes the text of a segment to the terminal as it is, escape sequences included. Text from
outside is neutralised on its way into the screen (`docstra_tui.text`); this catches what was
forgotten, at the one place that every drawn line passes. Characters are replaced, sequences are never
parsed. Clean text costs one look at its characters.
"""

from __future__ import annotations

import re

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from docstra_tui.text import UNSAFE


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def is_clean(text: str) -> bool:
    """True when nothing in `text` is unsafe; some of what is counts as printable with Python."""
    return text.isprintable() if text.isascii() else UNSAFE.search(text) is None


def clean(text: str) -> str:
    """`text` with every unsafe character replaced by a visible one, one for one."""
    return text if is_clean(text) else UNSAFE.sub(_visible, text)


def _clean_style(style: Style) -> Style:
    """A link target is written inside an escape sequence of its own: one that could end it is dropped."""
    link = style.link
    return style if link is None or (link.isprintable() and is_clean(link)) else style.update_link(None)


def install() -> None:
    """Put the net under `Strip.render` and `Strip.render_style`; harmless when called twice."""
    if getattr(Strip, "_docstra_net", False):
        return
    render = Strip.render
    render_style = Strip.render_style.__func__  # type: ignore[attr-defined]

    def safe_render(self: Strip, console: Console) -> str:
        if self._render_cache is None:
            segments = list(self)
            if not all(segment.control or is_clean(segment.text) for segment in segments):
                cleaned = [
                    segment
                    if segment.control
                    else Segment(clean(segment.text), segment.style, segment.control)
                    for segment in segments
                ]
                self._render_cache = render(Strip(cleaned, self.cell_length), console)
        return render(self, console)

    def safe_render_style(cls: type[Strip], style: Style, text: str, color_system: object) -> str:
        return str(render_style(cls, _clean_style(style), clean(text), color_system))

    Strip.render = safe_render  # type: ignore[method-assign]
    Strip.render_style = classmethod(safe_render_style)  # type: ignore[assignment]
    Strip._docstra_net = True  # type: ignore[attr-defined]
