"""Where what was cited stands in a prompt, to the letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.citation import Citation

MOST = 200
"""Lines of one citation that are looked for."""


class Standing(NamedTuple):
    """A line of a prompt."""

    is_new: bool
    """It is in the second of the two texts."""
    line: int
    """Of that text, from 0."""
    number: int
    """Which citation stands in it."""


def standing(
    cached: str, new: str, items: Iterable[ContextItem], citations: Sequence[Citation]
) -> list[Standing]:
    """The lines of a prompt in two parts in which citations stand, in their order."""
    prompt = cached + new
    found: list[Standing] = []
    for item in dict.fromkeys(items):
        wanted = [(number, one) for number, one in enumerate(citations) if _is_in(one, item)]
        at = prompt.find(item.render()) if wanted else -1
        if at < 0:
            continue
        at += item.render().index("\n", item.render().index(":\n") + 2 if item.path is not None else 0) + 1
        starts = [at]
        for line in item.content.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        for number, one in wanted:
            assert one.line is not None
            first = one.line - (item.start_line or 1)
            last = (one.end_line or one.line) - (item.start_line or 1)
            for start in starts[max(0, first) : min(last + 1, first + MOST, len(starts) - 1)]:
                is_new = start >= len(cached)
                text, start = (new, start - len(cached)) if is_new else (cached, start)
                found.append(Standing(is_new, text.count("\n", 0, start), number))
    return sorted(set(found))


def _is_in(citation: Citation, item: ContextItem) -> bool:
    if citation.path != item.path or citation.line is None:
        return False
    first = item.start_line or 1
    return first <= citation.line < first + item.content.count("\n") + 1
