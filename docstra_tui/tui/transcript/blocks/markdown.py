"""Markdown as the tokens of its blocks. Nothing that was said is hidden: HTML, entities and link definitions
are shown as they are written, emphasis takes only signs that are clearly meant.

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

INLINE_LIMIT = 5_000
"""Characters of one paragraph that are read as Markdown; a longer one is shown as it is written."""
MOST_BRACKETS = 200
"""Brackets in one paragraph that are looked at; each may be the start of a link."""
DEEPEST = 18
"""Levels of nesting that are drawn; the parser drops what is deeper, so that is shown as written."""
ESCAPABLE = frozenset("*_`#|~+-.!>")
"""What a backslash hides itself before; elsewhere (LaTeX, paths) it stays."""


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
        end = end_of(tokens, index)
        if token.type in ("bullet_list_open", "ordered_list_open"):
            inner = index + 1
            while inner < end - 1:
                last = end_of(tokens, inner)
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


def end_of(tokens: Sequence[Token], index: int) -> int:
    """The index after the token that closes what opens at `index`."""
    depth = 0
    for at in range(index, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at + 1
    return len(tokens)
