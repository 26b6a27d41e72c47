"""The lines of a text in which something stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from docstra_tui.context.search.find.hits import LONGEST, Hit, Wanted, hit_of

Matcher = Callable[[str], Iterator[Hit]]
"""Gives the lines of a text, in order. With a pattern it may take for ever."""


def matcher(wanted: Wanted) -> Matcher:
    """Raises `ValueError` with the reason where it can be no pattern."""
    if not wanted.words or "\n" in wanted.words or len(wanted.words) > LONGEST:
        raise ValueError(f"what is looked for stands in one line of at most {LONGEST:,} characters")
    if not wanted.is_pattern:
        return _literal(wanted.words, is_case_kept=wanted.is_case_kept)
    try:
        pattern = re.compile(wanted.words, 0 if wanted.is_case_kept else re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error) or "it is too deep") from None
    return lambda text: _matched(pattern.search, text)


def _matched(search: Callable[[str], re.Match[str] | None], text: str) -> Iterator[Hit]:
    for number, line in enumerate(text.split("\n"), 1):
        found = search(line.removesuffix("\r"))
        if found is not None:
            yield hit_of(line.removesuffix("\r"), number, found.start(), found.end())


def _literal(words: str, *, is_case_kept: bool) -> Matcher:
    needle = words if is_case_kept else _folded(words)

    def find(text: str) -> Iterator[Hit]:
        searched = text if is_case_kept else _folded(text)
        number, counted = 1, 0
        at = searched.find(needle)
        while at >= 0:
            number += text.count("\n", counted, at)
            counted = at
            first = text.rfind("\n", 0, at) + 1
            last = text.find("\n", at)
            last = len(text) if last < 0 else last
            yield hit_of(text[first:last].removesuffix("\r"), number, at - first, at - first + len(needle))
            at = searched.find(needle, last)

    return find


def _folded(text: str) -> str:
    """In small letters, and as long as it was: the only letter that would become two is İ."""
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").lower().replace("ς", "σ")
