"""An answer as it grows: which of its blocks are finished for good, and what the tail is now.

Only the tail is parsed again. A block is finished when the next one has begun for sure; the lines of a
fence and the rows of a table are taken one by one. The finished blocks depend on the text only, never
on the pieces it came in, so what is drawn in the end is what a fresh look at the whole text draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.tui.transcript.blocks.leaves import Block, Leaf, Verbatim
from docstra_tui.tui.transcript.blocks.open_blocks import (
    FENCE,
    OpenFence,
    OpenTable,
)
from docstra_tui.tui.transcript.blocks.regions import (
    GLANCE,
    LONG_LINE,
    SLICE,
    Region,
    after_blank,
    clear_part,
    cut_region,
    ends_blank,
    literal_region,
    markdown_region,
)
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

if TYPE_CHECKING:
    from docstra_tui.tui.transcript.blocks.markdown import Parsed


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
        if self._fence is not None:
            return self._take_fence()
        if self._table is not None:
            return self._take_table()
        return self._take_markdown()

    # Markdown

    def _take_markdown(self) -> bool:
        text = self.text
        at = after_blank(text, self._at)
        if at > self._at:
            self._gap = True
            self._at = at
        literal = literal_region(text, at, is_long=self._is_long)
        region = markdown_region(text, at, self._look) if literal is None else literal
        if not region.strip() and not self._is_long:
            self.tail = []
            return False
        if literal is not None:
            return self._take_literal(region)
        is_all = at + len(region) == len(text)
        if is_all and self._tail_text == region and not self._ended:
            return False  # nothing came since; behind a region that was cut there is more to look at
        return self._take_region(region)

    def _take_literal(self, part: str) -> bool:
        """Show a part of a line as it is; True when it was a whole part."""
        from docstra_tui.tui.transcript.blocks.parsed_leaves import literal

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
        from docstra_tui.tui.transcript.blocks.markdown import parse_blocks

        at = self._at
        is_cut = at + len(region) < len(self.text)
        shown, is_limited = cut_region(self.text, at, region)
        closed = (self._ended and not is_cut) or is_limited
        self.parsed += 1
        looked = Region(at, shown)
        parsed = parse_blocks(shown if closed else clear_part(shown))
        tail: list[Block] = []
        for index, found in enumerate(parsed):
            if self._opens(found, looked):
                return True
            following = parsed[index + 1] if index + 1 < len(parsed) else None
            is_final = closed or (following is not None and _has_begun(following, looked.whole_lines))
            end = looked.starts[following.first_line] if following is not None else len(shown)
            block = self._block(found, looked, end, tail, is_first=not index)
            if is_final and not tail:
                self._finish(block, at + end)
                self._gap = ends_blank(shown[:end])
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
            return self._look_further(region)
        self._tail_text = None if is_cut else region[self._at - at :]
        self.tail = tail
        return self._at > at and is_cut

    def _opens(self, found: Parsed, region: Region) -> bool:
        """True for a fence or a table of which enough has come: it is read line by line from now on."""
        first = region.starts[found.first_line]
        if found.kind == "code" and found.tag.type == "fence" and found.first_line < region.whole_lines:
            self._open_fence(region.at + first, region.text[first:])
            return True
        if found.kind == "table" and found.first_line + 2 <= region.whole_lines:
            self._open_table(region.at + first)
            return True
        return False

    def _block(self, found: Parsed, region: Region, end: int, tail: list[Block], *, is_first: bool) -> Block:
        """What was parsed and ends at `end` of the region, after the finished ones and `tail`."""
        from docstra_tui.tui.transcript.blocks.parsed_leaves import leaves_of

        first = region.starts[found.first_line]
        source, start = region.text[first:end], region.at + first
        before = tail[-1] if tail else self.blocks[-1] if self.blocks else None
        gap = before is not None
        if before is not None and found.kind == before.kind == "item":
            gap = self._gap if is_first else ends_blank(region.text[:first])
        return Block(start, start + len(source.rstrip()), found.kind, leaves_of(found, source), gap=gap)

    def _look_further(self, region: str) -> bool:
        """No block ended in the region."""
        if self._look < SLICE:
            self._look *= 2
            return True
        # A block larger than what is looked at: no Markdown block of people is that long.
        return self._finish_oversized(region)

    def _finish_oversized(self, region: str) -> bool:
        """End a block that fills the whole region, at the last line end in it."""
        from docstra_tui.tui.transcript.blocks.markdown import parse_blocks
        from docstra_tui.tui.transcript.blocks.parsed_leaves import leaves_of

        end = region.rfind("\n") + 1 or len(region)
        source = region[:end]
        parsed = parse_blocks(source)
        leaves: list[Leaf] = [leaf for found in parsed for leaf in leaves_of(found, source)]
        kind = parsed[0].kind if parsed else "text"
        gap = bool(self.blocks) and (self._gap or self.blocks[-1].kind != kind)
        block = Block(self._at, self._at + len(source.rstrip()), kind, leaves, gap=gap)
        self._finish(block, self._at + end)
        self._gap = ends_blank(source)
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

    def _open_table(self, start: int) -> None:
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
