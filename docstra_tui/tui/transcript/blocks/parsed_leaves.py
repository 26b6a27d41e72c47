"""From the tokens of a block to its leaves, and what lists and quotes put before their lines."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.inline import inline
from docstra_tui.tui.transcript.blocks.leaves import Leaf, Rule, Table, Text, Verbatim
from docstra_tui.tui.transcript.blocks.lines import Bits, show
from docstra_tui.tui.transcript.blocks.markdown import DEEPEST, Parsed, end_of
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

BULLETS = "•◦▪"


class _Place:
    """A list item or a quote that is open: what it puts before the lines inside."""

    def __init__(self, first: Bits, rest: Bits) -> None:
        self.first = first
        self.rest = rest


class _Walk:
    """From the tokens of one block to its leaves."""

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self._places: list[_Place] = []
        self._lists: list[Token] = []
        self._last_line: int | None = None

    def walk(self, tokens: Sequence[Token], tag: Token) -> list[Leaf]:
        if tokens and tokens[0].type == "list_item_open":
            self._lists.append(tag)
        index = 0
        while index < len(tokens):
            index = self._step(tokens, index)
        return self.leaves

    def _step(self, tokens: Sequence[Token], index: int) -> int:
        token = tokens[index]
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._lists.append(token)
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._open_item(token)
                if index + 1 < len(tokens) and tokens[index + 1].type == "list_item_close":
                    self._put(Text(), token.map)
            case "blockquote_open":
                bar: Bits = (("│ ", look.QUOTE),)
                self._places.append(_Place(bar, bar))
                if index + 1 < len(tokens) and tokens[index + 1].type == "blockquote_close":
                    self._put(Text(), token.map)
            case "list_item_close" | "blockquote_close":
                self._places.pop()
            case "paragraph_open":
                self._put(Text(bits=inline(tokens[index + 1])), token.map)
                return index + 3
            case "heading_open":
                style = look.HEADING if token.tag in ("h1", "h2") else look.SUBHEADING
                self._put(Text(bits=inline(tokens[index + 1], style)), token.map)
                return index + 3
            case "fence" | "code_block":
                self._put(_code(token), token.map)
            case "hr":
                self._put(Rule(), token.map)
            case "table_open":
                end = end_of(tokens, index)
                self._put(table(tokens[index:end]), token.map)
                return end
            case _:
                if token.content:
                    self._put(Text(bits=((show(token.content), look.PLAIN),)), token.map)
        return index + 1

    def _open_item(self, token: Token) -> None:
        is_numbered = bool(self._lists) and self._lists[-1].type.startswith("ordered")
        if is_numbered:
            mark = f"{token.info}{token.markup} "
        else:
            depth = sum(tag.type.startswith("bullet") for tag in self._lists)
            mark = BULLETS[(max(1, depth) - 1) % len(BULLETS)] + " "
        self._places.append(_Place(((mark, look.LISTMARK),), ((" " * len(mark), look.PLAIN),)))

    def _put(self, leaf: Leaf, lines: list[int] | None) -> None:
        first, end = lines or (self._last_line or 0, self._last_line or 0)
        if self._last_line is not None and first > self._last_line:
            leaf.gap = _join(place.rest for place in self._places if place.first is place.rest)
        leaf.first = _join(place.first for place in self._places)
        leaf.rest = _join(place.rest for place in self._places)
        for place in self._places:
            place.first = place.rest
        self._last_line = end
        self.leaves.append(leaf)


def _join(parts: object) -> Bits:
    return tuple(bit for part in parts for bit in part)  # type: ignore[attr-defined]


def leaves_of(block: Parsed, source: str) -> list[Leaf]:
    """The leaves of a block; `source` is its text, shown as it is where it nests too deep."""
    if any(token.level >= DEEPEST for token in block.tokens):
        return [literal(source)]
    return _Walk().walk(block.tokens, block.tag)


def literal(source: str, style: int = look.PLAIN) -> Verbatim:
    """Text as it is written."""
    lines = SourceLines(look=style)
    for line in source.rstrip("\n").split("\n"):
        lines.add(line)
    lines.end()
    return Verbatim(lines=lines, is_code=False, look=style)


def _code(token: Token) -> Verbatim:
    lines = SourceLines(language_of(token.info), look=look.FENCE)
    info = show(token.info).strip()
    content = token.content
    written = content.removesuffix("\n").split("\n") if content else []
    for line in written:
        lines.add(line)
    first, end = token.map or (0, 0)
    lines.end(is_closed=token.type == "fence" and end - first > len(written) + 1)
    return Verbatim(lines=lines, is_code=True, look=look.FENCE, info=info)


def language_of(info: str) -> str:
    """The first word after a fence's signs, without decoration."""
    words = show(info).strip().split(maxsplit=1)
    return words[0].strip("{}.").split(",")[0][:30] if words else ""


def table(tokens: Sequence[Token]) -> Table:
    """A table's cells."""
    result = Table()
    row: list[Bits] = []
    alignments: list[str] = []
    is_head = False
    for index, token in enumerate(tokens):
        match token.type:
            case "thead_open":
                is_head = True
            case "thead_close":
                is_head = False
            case "tr_open":
                row = []
            case "th_open" | "td_open":
                if is_head:
                    style = str(token.attrs.get("style", "")) if token.attrs else ""
                    alignments.append(style.removeprefix("text-align:") or "left")
                row.append(inline(tokens[index + 1], look.STRONG if is_head else look.PLAIN))
            case "tr_close":
                if is_head:
                    result.head = tuple(row)
                else:
                    result.rows.append(tuple(row))
    result.alignments = tuple(alignments)
    return result
