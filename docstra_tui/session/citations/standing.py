"""Where what was cited stands in a prompt, to the letter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.citation import Citation
from docstra_tui.session.citations.passages import Text, joined, words_of
from docstra_tui.session.citations.texts import Texts

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
    prompt, texts = cached + new, Texts()
    found: list[Standing] = []
    for item in dict.fromkeys(items):
        wanted = [
            (number, one)
            for number, one in enumerate(citations)
            if one.path == item.path and one.line is not None
        ]
        at = prompt.find(item.render()) if wanted else -1
        if at < 0:
            continue
        at += item.render().index("\n", item.render().index(":\n") + 2 if item.path is not None else 0) + 1
        starts = [at]
        for line in item.content.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        content = texts.of(item)
        for number, one in wanted:
            for start in [starts[row] for row in _rows(one, content)]:
                is_new = start >= len(cached)
                text, start = (new, start - len(cached)) if is_new else (cached, start)
                found.append(Standing(is_new, text.count("\n", 0, start), number))
    return sorted(set(found))


def _rows(one: Citation, sent: Text) -> Iterable[int]:
    """The rows of an item, as it was sent, in which something stands."""
    assert one.line is not None
    if one.status == "changed" and one.kind in ("quote", "fence"):
        # Its line is where it stands now, in a file that is another one.
        plain = joined(one.text)
        places = list(sent.find(plain, words_of(plain)))
        if not places:
            return ()
        first, last = min(places, key=lambda rows: abs((sent.number(rows[0]) or 0) - (one.line or 0)))
        return range(first, min(last + 1, first + MOST))
    last = min(one.end_line or one.line, one.line + MOST - 1)
    return [row for line in range(one.line, last + 1) if (row := sent.row_of(line)) is not None]
