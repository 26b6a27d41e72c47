"""Text from outside on its way into a turn."""

from __future__ import annotations

from docstra_tui.text import sanitize_text


def ingest(text: str) -> str:
    """`text` made safe to show; tabs stay until it is drawn, so that copied code keeps them."""
    if "\t" not in text:
        return sanitize_text(text)
    return "\t".join(sanitize_text(part) for part in text.split("\t"))


def whole_part(held: str, piece: str) -> tuple[str, str]:
    """What can be shown now of what was held back and the next piece, made safe; and what is held back: the
    carriage return at the end, whose line feed may be the first of the next."""
    text = held + piece
    held = "\r" if text.endswith("\r") else ""
    return ingest(text.removesuffix("\r") if held else text), held
