"""Blocks of an answer that are read line by line while they are open: fences, tables."""

from __future__ import annotations

import re

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Block, Table, Verbatim
from docstra_tui.tui.transcript.blocks.lines import show
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})(.*)\Z", re.DOTALL)
ROWS = 8_000
"""Characters of table rows that are read at once."""


class OpenFence:
    """A code block without its closing fence."""

    def __init__(self, start: int, cursor: int, indent: int, signs: str, info: str, gap: bool) -> None:
        from docstra_tui.tui.transcript.blocks.parsed_leaves import language_of

        self._cursor = cursor
        self._indent = indent
        self._signs = signs
        self._lines = SourceLines(language_of(info), look=look.FENCE)
        leaf = Verbatim(lines=self._lines, is_code=True, look=look.FENCE, info=show(info).strip())
        self.block = Block(start, cursor, "code", [leaf], gap=gap, is_open=True)

    def take(self, text: str, *, ended: bool) -> int | None:
        """Read on; where the fence ends, once it does."""
        while (stop := text.find("\n", self._cursor)) >= 0:
            line = text[self._cursor : stop]
            self._cursor = stop + 1
            if self._closes(line):
                return self._close(self._cursor)
            self._lines.add(self._dedent(line))
        partial = text[self._cursor :]
        if ended:
            if partial and not self._closes(partial):
                self._lines.add(self._dedent(partial))
            return self._close(len(text))
        is_closing = partial.strip() and not partial.strip().strip(self._signs[0])
        self._lines.grow(None if is_closing else self._dedent(partial))
        self.block.end = len(text)
        return None

    def _close(self, end: int) -> int:
        self._lines.grow(None)
        self._lines.end()
        self.block.end = end
        return end

    def _closes(self, line: str) -> bool:
        found = FENCE.match(line)
        return (
            found is not None
            and found[2][0] == self._signs[0]
            and len(found[2]) >= len(self._signs)
            and not found[3].strip()
        )

    def _dedent(self, line: str) -> str:
        lead = len(line) - len(line.lstrip(" "))
        return line[min(lead, self._indent) :]


class OpenTable:
    """A table whose next row may come."""

    def __init__(self, start: int, cursor: int, head: str, gap: bool) -> None:
        from docstra_tui.tui.transcript.blocks.markdown import parse_blocks
        from docstra_tui.tui.transcript.blocks.parsed_leaves import table

        self._head = head
        self._cursor = cursor
        self._table: Table = table(parse_blocks(head)[0].tokens)
        self._whole = 0
        self.block = Block(start, cursor, "table", [self._table], gap=gap, is_open=True)

    def take(self, text: str, *, ended: bool) -> int | None:
        """Read on; where the table ends, once it does."""
        del self._table.rows[self._whole :]
        self._table.is_partial = False
        while self._cursor < len(text):
            stop = text.rfind("\n", self._cursor, self._cursor + ROWS) + 1
            if not stop:
                stop = text.find("\n", self._cursor) + 1
            if not stop and ended:
                stop = len(text)
            if not stop:
                break
            chunk = text[self._cursor : stop]
            used = self._rows(chunk)
            self._whole = len(self._table.rows)
            self._cursor += used
            self.block.end = self._cursor
            if used < len(chunk):
                return self._cursor
        if ended:
            return len(text)
        partial = text[self._cursor :]
        if partial.strip(" |"):
            self._rows(partial)
            self._table.is_partial = len(self._table.rows) > self._whole
        return None

    def _rows(self, chunk: str) -> int:
        """Take the rows at the beginning of `chunk`; how many characters they are."""
        from docstra_tui.tui.transcript.blocks.markdown import parse_blocks
        from docstra_tui.tui.transcript.blocks.parsed_leaves import table

        parsed = parse_blocks(self._head + chunk)
        if not parsed or parsed[0].kind != "table":
            return 0
        found = table(parsed[0].tokens)
        self._table.rows += found.rows
        lines = parsed[0].end_line - 2
        starts = line_starts(chunk)
        return starts[lines] if lines < len(starts) else len(chunk)


def line_starts(text: str) -> list[int]:
    """Where each line of `text` begins, and its end."""
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    starts.append(len(text))
    return starts
