"""A screen as text that can be kept and compared: its rows, below each the looks of its cells."""

from __future__ import annotations

from itertools import chain
from string import ascii_letters, digits
from typing import Any

from rich.style import Style

SIGNS = ascii_letters + digits + "!?*+#=%&@~$"


def picture(app: Any) -> str:
    """What is on the screen."""
    looks: dict[str, str] = {}
    rows = []
    for strip in app.screen._compositor.render_strips():
        text = "".join(segment.text for segment in strip)
        signs = "".join(
            looks.setdefault(look_of(segment.style), SIGNS[len(looks)]) * len(segment.text)
            for segment in strip
        )
        rows.append((f"|{text}|", f" {signs}"))
    legend = [f"{sign}  {look}" for look, sign in looks.items()]
    return "\n".join([*(row.rstrip() for row in chain.from_iterable(rows)), "", *legend, ""])


def look_of(style: Style | None) -> str:
    """`#d8d4cc on #16161a bold`; of the sixteen their names."""
    if style is None:
        return "plain"
    colours = (part.name if part is not None else "default" for part in (style.color, style.bgcolor))
    marks = [
        name for name in ("bold", "italic", "underline", "strike", "reverse", "dim") if getattr(style, name)
    ]
    return " ".join([" on ".join(colours), *marks])
