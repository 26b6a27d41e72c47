"""What was asked in all sessions: looked through by words, shown in one line each. For both faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.text import sanitize_line, shown_name

if TYPE_CHECKING:
    from docstra_tui.session.turns import Asked

SHOWN = 100
"""Rows that a list has at once."""
LINE = 200
"""Characters of a question that a row shows."""


def matching(words: str, asked: Sequence[Asked], most: int = SHOWN) -> list[Asked]:
    """Those that have all the words, in small or capital letters, in the order they have."""
    wanted = words.casefold().split()
    found: list[Asked] = []
    for one in asked:
        text = one.text.casefold() if wanted else ""
        if all(word in text for word in wanted):
            found.append(one)
            if len(found) == most:
                break
    return found


def row(one: Asked, root: str) -> tuple[str, str]:
    """A question in one line, and beside it when it was asked, and where that was another folder than `root`;
    safe to show."""
    lines = one.text.strip().split("\n")
    more = f" (+{len(lines) - 1} lines)" if len(lines) > 1 else ""
    where = "" if one.root == root else f" · {shown_name(one.root.rpartition('/')[2])}"
    return sanitize_line(lines[0])[:LINE] + more, f"{figures.moment(one.at)}{where}"
