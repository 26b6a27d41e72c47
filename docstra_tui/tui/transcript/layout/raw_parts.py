"""An answer exactly as it was written, in parts that are laid out one by one."""

from __future__ import annotations

from collections.abc import Iterator

from docstra_tui.tui.transcript.blocks.leaves import Block, Verbatim
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

LINES, CHARACTERS = 200, 5_000
"""Lines, and about how many characters, of a part."""


def blocks(text: str, at: int) -> Iterator[Block]:
    """The parts from `at` on, one block each; an empty text is one empty part."""
    while True:
        end = _end(text, at)
        yield _block(text[at:end], at, end)
        at = end
        if at >= len(text):
            return


def _block(text: str, start: int, end: int) -> Block:
    lines = SourceLines()
    for line in text.removesuffix("\n").split("\n"):
        lines.add(line)
    lines.end()
    return Block(start, end, "raw", [Verbatim(lines=lines, is_code=False)], gap=False)


def _end(text: str, at: int) -> int:
    """Where a part ends that begins at `at`: after whole lines, but for a very long one."""
    limit = at + CHARACTERS
    end = len(text) if limit >= len(text) else text.rfind("\n", at, limit) + 1 or limit
    after = at
    for _ in range(LINES):
        after = text.find("\n", after, end) + 1
        if not after:
            return end
    return after
