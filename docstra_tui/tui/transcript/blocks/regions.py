"""How much of an answer is looked at in one step, and which of its lines are no Markdown."""

from __future__ import annotations

import re
from itertools import pairwise

from docstra_tui.tui.transcript.blocks.open_blocks import line_starts

LONG_LINE = 5_000
"""Characters of a line from which it is no Markdown but a block of its own, shown as it is."""
GLANCE, SLICE = 1_000, 8_000
"""Characters looked at in one step: at first, and at most when no block ends in those."""
FENCE_LINE = re.compile(r"^ {0,3}(?:```|~~~).*\n", re.MULTILINE)
DEEP_QUOTE = re.compile(r" {0,3}(?:> ?){10,}")
UNCLEAR = re.compile(
    r"\s*+(?>(?:>\s*+)*)(?>(?:[-=]+|[*_+]{1,3}|#{1,6}|\d{1,9}[.)]?|`{1,3}|~{1,3}|\|)?)\s*+\Z"
    r"|\s*+(?:[-*+]|\d{1,9}[.)])\s++\[?[ x]?\Z"
    r"|\s*+(?>(?:>\s*+)*)(?>(?:[-*+]\s++)?)(?:`{3,}[^`]*+|~{3,}.*+)\Z"
)  # nothing is given back: a line of spaces would be looked at as often as it is long
"""A last line of which nobody knows yet what it will be; it is not shown before it is clear."""


class Region:
    """Text of an answer that is parsed in one go."""

    def __init__(self, at: int, text: str) -> None:
        self.at = at
        """Where in the answer it begins."""
        self.text = text
        self.starts = line_starts(text)
        self.whole_lines = text.count("\n")


def after_blank(text: str, at: int) -> int:
    """The place behind the empty lines at `at` that are whole."""
    while True:
        end = text.find("\n", at)
        if end < 0 or text[at:end].strip():
            return at
        at = end + 1


def literal_region(text: str, at: int, *, is_long: bool) -> str | None:
    """A part of a line at `at` that is no Markdown; None where it is. `is_long`: in the middle of one."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if is_long or end - at > LONG_LINE or DEEP_QUOTE.match(text, at, min(end, at + 200)):
        return text[at : min(end + 1, at + LONG_LINE)]
    return None


def markdown_region(text: str, at: int, size: int) -> str:
    """About `size` characters from `at` on."""
    stop = at + size
    if size == GLANCE:
        # What stands after the beginning of a fence would be parsed for nothing.
        fence = FENCE_LINE.search(text, at, min(stop, len(text)))
        stop = stop if fence is None else fence.end()
    return text[at:stop]


def cut_region(text: str, at: int, region: str) -> tuple[str, bool]:
    """The region at `at` as far as it can be parsed, in whole lines where more comes; and whether a line
    that is no Markdown ends it."""
    starts = line_starts(region)
    for first, end in pairwise(starts[1:]):
        if end - first > LONG_LINE or DEEP_QUOTE.match(region, first, end):
            return region[:first], True
    if at + len(region) == len(text):
        return region, False
    line_start = region.rfind("\n") + 1
    full = text.find("\n", at + line_start)
    size = (len(text) if full < 0 else full) - at - line_start
    if line_start and size > LONG_LINE:
        return region[:line_start], True
    return region[:line_start] if line_start else region, False


def clear_part(text: str) -> str:
    """`text` without a last line that may still become anything."""
    head, feed, last = text.rpartition("\n")
    if last and UNCLEAR.match(last):
        return head + feed
    return text


def ends_blank(text: str) -> bool:
    """True when the last whole line of `text` is empty."""
    return not text.removesuffix("\n").rpartition("\n")[2].strip()
