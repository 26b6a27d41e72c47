"""Markdown as blocks of leaves. Nothing that was said is hidden: HTML, entities and link definitions are
shown as they are written, emphasis takes only signs that are clearly meant, links show where they lead.

Imported with the first answer: the parser is not part of the first frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit, getLine
from markdown_it.rules_block.table import table as read_table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, emphasis
from markdown_it.token import Token

from docstra_tui.text import sanitize_text
from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.leaves import Leaf, Rule, Table, Text, Verbatim
from docstra_tui.tui.transcript.blocks.lines import Bits, show
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines

INLINE_LIMIT = 5_000
"""Characters of one paragraph that are read as Markdown; a longer one is shown as it is written."""
MOST_BRACKETS = 200
"""Brackets in one paragraph that are looked at; each may be the start of a link."""
DEEPEST = 18
"""Levels of nesting that are drawn; the parser drops what is deeper, so that is shown as written."""
ESCAPABLE = frozenset("*_`#|~+-.!>")
"""What a backslash hides itself before; elsewhere (LaTeX, paths) it stays."""
BULLETS = "•◦▪"


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """The parser of answers."""
    markdown = MarkdownIt("gfm-like", {"html": False, "linkify": False, "maxNesting": DEEPEST + 2})
    markdown.disable(
        ["html_block", "html_inline", "reference", "lheading", "entity", "autolink", "linkify"],
        ignoreInvalid=True,
    )
    markdown.core.ruler.at("inline", _read_inline)
    markdown.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.at("emphasis", _clear_emphasis)
    markdown.inline.ruler.at("escape", _escape)
    return markdown


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, with all that stands in its rows: cells that no column is for go into the last one.

    The parser drops them, and in an answer they are mostly code with a pipe in it.
    """
    first = len(state.tokens)
    if not read_table(state, start, end, silent):
        return False
    if silent:
        return True
    cells: list[Token] = []
    line = start
    for token in state.tokens[first:]:
        if token.type == "tr_open":
            cells, line = [], (token.map or (start, end))[0]
        elif token.type == "inline":
            cells.append(token)
        elif token.type == "tr_close":
            found = escapedSplit(getLine(state, line).strip())
            found = found[1:] if found and not found[0] else found
            found = found[:-1] if found and not found[-1] else found
            if len(found) > len(cells):
                cells[-1].content = " | ".join(text.strip() for text in found[len(cells) - 1 :])
    return True


def _read_inline(state: StateCore) -> None:
    """Read the text of every block, except where that would take long: such text has no children."""
    for token in state.tokens:
        if token.type == "inline":
            content = token.content
            token.children = []
            if len(content) <= INLINE_LIMIT and content.count("[") <= MOST_BRACKETS:
                state.md.inline.parse(content, state.md, state.env, token.children)


def _clear_emphasis(state: StateInline, silent: bool) -> bool:
    """Emphasis, except `_` (names of code) and stars between two letters or digits (products)."""
    sign = state.src[state.pos]
    if sign == "_":
        return False
    end = state.pos
    while end < state.posMax and state.src[end] == sign:
        end += 1
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[end] if end < state.posMax else " "
    if before.isascii() and before.isalnum() and after.isascii() and after.isalnum():
        if not silent:
            state.pending += state.src[state.pos : end]
        state.pos = end
        return True
    return emphasis.tokenize(state, silent)


def _escape(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "\\" or state.pos + 1 >= state.posMax:
        return False
    following = state.src[state.pos + 1]
    if following not in ESCAPABLE:
        return False
    if not silent:
        token = state.push("text_special", "", 0)
        token.content, token.markup, token.info = following, "\\" + following, "escape"
    state.pos += 2
    return True


@dataclass
class Parsed:
    """A block at the top level, or one item of a list there."""

    first_line: int
    end_line: int
    kind: str
    tokens: Sequence[Token]
    tag: Token


def parse_blocks(text: str) -> list[Parsed]:
    """The blocks of `text`, in order; an item of a top-level list is a block of its own."""
    tokens = parser().parse(text)
    blocks: list[Parsed] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        end = _end_of(tokens, index)
        if token.type in ("bullet_list_open", "ordered_list_open"):
            inner = index + 1
            while inner < end - 1:
                last = _end_of(tokens, inner)
                blocks.append(_parsed("item", tokens[inner:last], token))
                inner = last
        else:
            kind = {"fence": "code", "table_open": "table", "hr": "rule"}.get(token.type, "text")
            blocks.append(_parsed(kind, tokens[index:end], token))
        index = end
    return blocks


def _parsed(kind: str, tokens: Sequence[Token], tag: Token) -> Parsed:
    first, end = tokens[0].map or (0, 0)
    return Parsed(first, end, kind, tokens, tag)


def _end_of(tokens: Sequence[Token], index: int) -> int:
    """The index after the token that closes what opens at `index`."""
    depth = 0
    for at in range(index, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at + 1
    return len(tokens)


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
                end = _end_of(tokens, index)
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


_OPENING = {"strong_open": look.STRONG, "em_open": look.EMPHASIS, "s_open": look.STRUCK}


def inline(token: Token, style: int = look.PLAIN) -> Bits:
    """The text of one inline token with its looks; line feeds are breaks that the model wrote."""
    children = token.children
    if not children:
        return ((_shown(token.content), style),)
    bits: list[tuple[str, int]] = []
    styles = [style]
    targets: list[tuple[str, int]] = []
    for child in children:
        kind = child.type
        if kind in _OPENING:
            styles.append(styles[-1] | _OPENING[kind])
        elif kind in ("strong_close", "em_close", "s_close"):
            styles.pop()
        elif kind == "link_open":
            styles.append(styles[-1] | look.LINK)
            targets.append((_target(child, "href"), len(bits)))
        elif kind == "link_close":
            styles.pop()
            target, first = targets.pop()
            words = "".join(text for text, _ in bits[first:])
            if target and target != words:
                _add(bits, f" ({target})", styles[-1] | look.MUTED)
        elif kind in ("softbreak", "hardbreak"):
            _add(bits, "\n", styles[-1])
        elif kind == "code_inline":
            _add(bits, _shown(child.content), styles[-1] | look.CODE)
        elif kind == "image":
            _add(bits, _shown(child.content) or "image", styles[-1] | look.LINK)
            _add(bits, f" ({_target(child, 'src')})", styles[-1] | look.MUTED)
        elif child.content:
            _add(bits, _shown(child.content), styles[-1])
    return tuple(bits)


def _add(bits: list[tuple[str, int]], text: str, style: int) -> None:
    if bits and bits[-1][1] == style:
        bits[-1] = (bits[-1][0] + text, style)
    else:
        bits.append((text, style))


def _target(token: Token, name: str) -> str:
    target = show(str(token.attrs.get(name, "")))
    title = show(str(token.attrs.get("title", "") or ""))
    return f'{target} "{title}"' if title else target


def _shown(text: str) -> str:
    """Parsed text made safe once more: percent signs and the like are read by the parser."""
    return sanitize_text(text) if not text.isprintable() else text
