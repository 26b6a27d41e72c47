"""An answer as it grows: which of its blocks are finished for good, and what the tail is now.

Only the tail is parsed again. A block is finished when the next one has begun for sure; the lines of a
fence and the rows of a table are taken one by one. The finished blocks depend on the text only, never
on the pieces it came in, so what is drawn in the end is what a fresh look at the whole text draws.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from docstra_tui.tui.transcript.blocks import thought
from docstra_tui.tui.transcript.blocks.leaves import Block, Leaf, Verbatim
from docstra_tui.tui.transcript.blocks.open_blocks import (
    FENCE,
    OpenFence,
    OpenTable,
    OpenThinking,
    line_starts,
)
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.blocks.markdown import Parsed

LONG_LINE = 5_000
"""Characters of a line from which it is no Markdown but a block of its own, shown as it is."""
GLANCE, SLICE = 1_000, 8_000
"""Characters looked at in one step: at first, and at most when no block ends in those."""
FENCE_LINE = re.compile(r"^ {0,3}(?:```|~~~).*\n", re.MULTILINE)
DEEP_QUOTE = re.compile(r" {0,3}(?:> ?){10,}")
UNCLEAR = re.compile(
    r"\s*+(?:>\s*+)*+(?:[-=]+|[*_+]{1,3}|#{1,6}|\d{1,9}[.)]?|`{1,3}|~{1,3}|\|)?+\s*+\Z"
    r"|\s*+(?:[-*+]|\d{1,9}[.)])\s++\[?[ x]?\Z"
    r"|\s*+(?:>\s*+)*+(?:[-*+]\s++)?+(?:`{3,}[^`]*+|~{3,}.*+)\Z"
)  # nothing is given back: a line of spaces would be looked at as often as it is long
"""A last line of which nobody knows yet what it will be; it is not shown before it is clear."""


class Growing:
    """The blocks of one answer."""

    def __init__(self) -> None:
        self.text = ""
        """Everything that came; safe to show but for its tabs."""
        self.blocks: list[Block] = []
        """Finished blocks."""
        self.tail: list[Block] = []
        """Blocks that may still change."""
        self.parsed = 0
        """How often Markdown was parsed, for tests."""
        self._at = 0
        """Where the tail begins."""
        self._gap = False
        """An empty line was skipped before the tail."""
        self._ended = False
        self._fence: OpenFence | None = None
        self._table: OpenTable | None = None
        self._thinking: OpenThinking | None = None
        self._is_started = False
        self._look = GLANCE
        self._is_long = False
        """In the middle of a line that is no Markdown."""
        self._tail_text: str | None = None

    def feed(self, text: str) -> None:
        """More of the answer; `advance` takes it in."""
        self.text += text

    def advance(self, *, ended: bool = False, steps: int | None = None) -> bool:
        """Take in what was fed; True when `steps` were not enough. `ended`: nothing comes any more."""
        self._ended = ended
        while steps is None or steps > 0:
            if not self._step():
                return False
            if steps is not None:
                steps -= 1
        return True

    def _step(self) -> bool:
        """One step; True when another may follow."""
        if not self._is_started and not self._start():
            return False
        if self._thinking is not None:
            return self._think()
        if self._fence is not None:
            return self._take_fence()
        if self._table is not None:
            return self._take_table()
        return self._take_markdown()

    # Thinking

    def _start(self) -> bool:
        found = thought.START.match(self.text)
        if found is not None:
            self._is_started = True
            self._thinking = OpenThinking(found.end())
            return True
        if thought.PART_OF_START.match(self.text) is not None and not self._ended:
            return False
        self._is_started = True
        return True

    def _think(self) -> bool:
        thinking = self._thinking
        assert thinking is not None
        found = thought.END.search(self.text, thinking.cursor)
        end = found.start() if found is not None else len(self.text)
        thinking.take(self.text, end, is_whole=found is not None or self._ended)
        if found is None and not self._ended:
            self.tail = [thinking.block(end)]
            return False
        self.tail = []
        self.blocks.append(thinking.block(found.end() if found is not None else end, is_open=False))
        self._at = found.end() if found is not None else end
        self._thinking = None
        return self._at < len(self.text)

    # Markdown

    def _take_markdown(self) -> bool:
        self._skip_blank()
        region, is_literal = self._region()
        if not region.strip() and not self._is_long:
            self.tail = []
            return False
        if is_literal:
            return self._take_literal(region)
        is_all = self._at + len(region) == len(self.text)
        if is_all and self._tail_text == region and not self._ended:
            return False  # nothing came since; behind a region that was cut there is more to look at
        return self._take_region(region)

    def _skip_blank(self) -> None:
        """Go past empty lines that are whole."""
        text, at = self.text, self._at
        while True:
            end = text.find("\n", at)
            if end < 0 or text[at:end].strip():
                break
            at = end + 1
        if at > self._at:
            self._gap = True
            self._at = at

    def _region(self) -> tuple[str, bool]:
        """What is looked at now, and whether it is a line that is no Markdown."""
        text, at = self.text, self._at
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if self._is_long or end - at > LONG_LINE or DEEP_QUOTE.match(text, at, min(end, at + 200)):
            return text[at : min(end + 1, at + LONG_LINE)], True
        stop = at + self._look
        if self._look == GLANCE:
            # What stands after the beginning of a fence would be parsed for nothing.
            fence = FENCE_LINE.search(text, at, min(stop, len(text)))
            stop = stop if fence is None else fence.end()
        return text[at:stop], False

    def _take_literal(self, part: str) -> bool:
        """Show a part of a line as it is; True when it was a whole part."""
        from docstra_tui.tui.transcript.blocks.markdown import literal

        is_whole = part.endswith("\n") or len(part) >= LONG_LINE or self._ended
        if not is_whole and self._tail_text == part:
            return False
        gap = self._gap if self.blocks and self.blocks[-1].kind == "literal" else bool(self.blocks)
        end = self._at + len(part)
        block = Block(self._at, end, "literal", [literal(part)], gap=gap, is_open=not is_whole)
        if not is_whole:
            self._tail_text = part
            self.tail = [block]
            return False
        if part.strip("\n"):
            self._finish(block)
        self._at = end
        self._gap = False
        self._is_long = not part.endswith("\n") and not (self._ended and end == len(self.text))
        return end < len(self.text)

    def _take_region(self, region: str) -> bool:
        from docstra_tui.tui.transcript.blocks.markdown import leaves_of, parse_blocks

        at = self._at
        is_cut = at + len(region) < len(self.text)
        shown, limit = self._cut_region(region, is_cut)
        is_limited = limit is not None
        closed = (self._ended and not is_cut) or is_limited
        visible = shown if closed else _clear_part(shown)
        self.parsed += 1
        starts = line_starts(shown)
        whole_lines = shown.count("\n")
        parsed = parse_blocks(visible)
        tail: list[Block] = []
        for index, found in enumerate(parsed):
            first = starts[found.first_line]
            if found.kind == "code" and found.tag.type == "fence" and found.first_line < whole_lines:
                self._open_fence(at + first, shown[first:])
                return True
            if found.kind == "table" and found.first_line + 2 <= whole_lines:
                self._open_table(at + first, found)
                return True
            following = parsed[index + 1] if index + 1 < len(parsed) else None
            is_final = closed or (following is not None and _has_begun(following, whole_lines))
            end = starts[following.first_line] if following is not None else len(shown)
            source = shown[first:end]
            before = tail[-1] if tail else self.blocks[-1] if self.blocks else None
            gap = before is not None
            if before is not None and found.kind == before.kind == "item":
                gap = self._gap if index == 0 else _ends_blank(shown[:first])
            block = Block(
                at + first, at + first + len(source.rstrip()), found.kind, leaves_of(found, source), gap=gap
            )
            if is_final and not tail:
                self._finish(block, at + end)
                self._gap = _ends_blank(shown[:end])
            else:
                block.is_open = True
                tail.append(block)
                for lines in _code_of(block):
                    lines.reopen()
        if closed and not tail:
            self._at = at + len(shown)
            self._tail_text = None
            self.tail = []
            return self._at < len(self.text)
        if is_cut and self._at == at:
            if self._look < SLICE:
                self._look *= 2
                return True
            # A block larger than what is looked at: no Markdown block of people is that long.
            return self._finish_oversized(region)
        self._tail_text = None if is_cut else region[self._at - at :]
        self.tail = tail
        return self._at > at and is_cut

    def _cut_region(self, region: str, is_cut: bool) -> tuple[str, int | None]:
        """The region up to a line that is no Markdown, if there is one, and where that begins."""
        starts = line_starts(region)
        for first, end in pairwise(starts[1:]):
            if end - first > LONG_LINE or DEEP_QUOTE.match(region, first, end):
                return region[:first], first
        if is_cut:
            line_start = region.rfind("\n") + 1
            full = self.text.find("\n", self._at + line_start)
            size = (len(self.text) if full < 0 else full) - self._at - line_start
            if line_start and size > LONG_LINE:
                return region[:line_start], line_start
            return region[:line_start] if line_start else region, None
        return region, None

    def _finish_oversized(self, region: str) -> bool:
        """End a block that fills the whole region, at the last line end in it."""
        from docstra_tui.tui.transcript.blocks.markdown import leaves_of, parse_blocks

        end = region.rfind("\n") + 1 or len(region)
        source = region[:end]
        parsed = parse_blocks(source)
        leaves: list[Leaf] = [leaf for found in parsed for leaf in leaves_of(found, source)]
        kind = parsed[0].kind if parsed else "text"
        gap = bool(self.blocks) and (self._gap or self.blocks[-1].kind != kind)
        block = Block(self._at, self._at + len(source.rstrip()), kind, leaves, gap=gap)
        self._finish(block, self._at + end)
        self._gap = _ends_blank(source)
        return True

    def _finish(self, block: Block, end: int | None = None) -> None:
        block.is_open = False
        self.blocks.append(block)
        self.tail = []
        self._at = block.end if end is None else end
        self._gap = True
        self._tail_text = None
        self._look = GLANCE

    # Fences

    def _open_fence(self, start: int, source: str) -> None:
        line = source.split("\n", 1)[0]
        found = FENCE.match(line)
        assert found is not None
        self._at = start
        self._fence = OpenFence(
            start, start + len(line) + 1, len(found[1]), found[2], found[3], bool(self.blocks)
        )

    def _take_fence(self) -> bool:
        fence = self._fence
        assert fence is not None
        end = fence.take(self.text, ended=self._ended)
        if end is None:
            self.tail = [fence.block]
            return False
        self._fence = None
        self._finish(fence.block, end)
        return self._at < len(self.text)

    # Tables

    def _open_table(self, start: int, found: Parsed) -> None:
        end = start
        for _ in range(2):
            end = self.text.index("\n", end) + 1
        self._at = start
        self._table = OpenTable(start, end, self.text[start:end], bool(self.blocks))

    def _take_table(self) -> bool:
        table = self._table
        assert table is not None
        self.parsed += 1
        end = table.take(self.text, ended=self._ended)
        if end is None:
            self.tail = [table.block]
            return False
        self._table = None
        self._finish(table.block, end)
        return self._at < len(self.text)


def _has_begun(block: Parsed, whole_lines: int) -> bool:
    """True when no later text can make `block` a part of the one before it."""
    is_fence = block.tag.type == "fence" and block.first_line < whole_lines
    return is_fence or block.first_line + 2 <= whole_lines


def _code_of(block: Block) -> list[SourceLines]:
    return [leaf.lines for leaf in block.leaves if isinstance(leaf, Verbatim) and leaf.is_code]


def _ends_blank(text: str) -> bool:
    """True when the last whole line of `text` is empty."""
    return not text.removesuffix("\n").rpartition("\n")[2].strip()


def _clear_part(text: str) -> str:
    """`text` without a last line that may still become anything."""
    head, feed, last = text.rpartition("\n")
    if last and UNCLEAR.match(last):
        return head + feed
    return text
