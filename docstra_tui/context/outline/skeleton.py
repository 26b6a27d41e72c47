"""A program without its bodies: what is declared, its documentation's first paragraph, and its lines.

Parses with tree-sitter, whose parsers can be slow or crash on hostile input, so it is meant to run in
a process of its own (`outline_process`). Text in, text out; knows nothing about files or models.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from docstra_tui.context.outline.grammars import COMMENTS, FUNCTION_VALUES, GRAMMARS, Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

SECONDS = 1.0
"""Parsing is given up after this; a megabyte of source takes a quarter of it."""

IMPORTS = 15
"""Import lines that are kept."""
TYPE_LINES = 40
VALUE_LINES = 6
DOC_LINES = 12
DEPTH = 60
"""Containers inside containers that are looked into."""
LINE = 240
"""Characters of a line that are kept: a minified file is one line."""
SIGNATURE = 2000

_QUOTES = re.compile(r"""[rRuUbBfF]{0,2}("{3}|'{3}|"|')""")
_EMPTY_COMMENT = re.compile(r"\s*(?://[/!]?|#|\*|/\*\*?)?\s*")
_CPLUSPLUS = re.compile(r"^\s*(?:namespace|template|class|using|public:|private:)\b|\w::\w", re.MULTILINE)
"""What no C has: a header's name does not tell which of the two it is."""
_LICENCE = re.compile(r"copyright|licen[cs]e|spdx", re.IGNORECASE)


def skeleton(content: str, language: str, first_line: int = 1) -> str | None:
    """The declarations of a program; None for an unknown language, or when nothing is declared.

    `first_line` is the number of the first line of `content` in its file. None too when the parser
    takes more than `SECONDS`.
    """
    if language == "c" and _CPLUSPLUS.search(content):
        language = "cpp"
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return None
    source = content.encode("utf-8", "replace")
    root = _parse(source, grammar)
    if root is None:
        return None
    lines = _Skeleton(source, grammar, first_line).of(root)
    return "\n".join(lines) + "\n" if lines else None


def _parse(source: bytes, grammar: Grammar) -> Node | None:
    # A tenth of a second, wanted only when somebody looks at an outline.
    from tree_sitter import Language, Parser

    language = Language(getattr(import_module(grammar.module), grammar.language)())
    deadline = time.monotonic() + SECONDS
    try:
        # Only the form that asks for the source piece by piece can be stopped.
        tree = Parser(language).parse(
            lambda offset, _: source[offset : offset + 65536],
            progress_callback=lambda _offset, _error: time.monotonic() > deadline,
        )
    except ValueError:
        return None
    return tree.root_node


@dataclass
class _Frame:
    """Siblings still to be looked at."""

    nodes: Iterator[Node]
    closer: str = ""
    """The line that ends them."""


class _Skeleton:
    """The lines of one skeleton, in the making. No recursion: files nest as deep as they like."""

    def __init__(self, source: bytes, grammar: Grammar, first_line: int) -> None:
        self._source = source
        self._grammar = grammar
        self._offset = first_line
        self._lines: list[str] = []
        self._imports = 0
        self._imports_at = 0
        self._before: list[Node] = []
        """Comments and attributes that may belong to what follows."""
        self._frames: list[_Frame] = []
        self._end_row = -1

    def of(self, root: Node) -> list[str]:
        """All lines."""
        self._opening(root)
        self._frames.append(_Frame(iter(root.named_children)))
        deadline = time.monotonic() + SECONDS
        while self._frames:
            frame = self._frames[-1]
            node = next(frame.nodes, None)
            if node is None or time.monotonic() > deadline:
                self._frames.pop()
                self._before.clear()
                if frame.closer:
                    self._lines.append(frame.closer)
            else:
                self._visit(node)
        if self._imports > IMPORTS:
            more = f"{self._grammar.comment} … {self._imports - IMPORTS} more imports"
            self._lines.insert(self._imports_at, more)
        return self._lines

    # Visiting

    def _visit(self, node: Node) -> None:
        grammar, kind = self._grammar, node.type
        if kind in COMMENTS:
            if grammar.braces and node.start_point.row > self._end_row:
                self._before.append(node)
            return
        if kind in grammar.attributes:
            self._before.append(node)
            return
        inner = self._inner(node) if kind in grammar.wrappers else node
        self._end_row = node.end_point.row
        self._define(node, inner)
        self._before.clear()

    def _inner(self, wrapper: Node) -> Node:
        """What a wrapper wraps; itself when that is nothing known."""
        grammar = self._grammar
        known = grammar.functions | grammar.containers | grammar.types | grammar.values | grammar.wrappers
        for _ in range(10):
            inner = next((child for child in reversed(wrapper.named_children) if child.type in known), None)
            if inner is None:
                return wrapper
            if inner.type not in grammar.wrappers:
                return inner
            wrapper = inner
        return wrapper

    def _define(self, outer: Node, node: Node) -> None:
        grammar, kind = self._grammar, node.type
        body = node.child_by_field_name("body")
        if kind in grammar.functions:
            self._function(outer, body)
        elif kind in grammar.containers:
            if body is None:  # `struct point;`, or a use of one
                self._short(outer, VALUE_LINES)
            else:
                self._container(outer, body)
        elif kind in grammar.types:
            self._short(outer, TYPE_LINES)
        elif kind in grammar.imports:
            self._import(node)
        elif kind in grammar.values or kind in grammar.wrappers:
            named = _function_value(node)
            if named is not None:
                self._function(outer, named)
            elif grammar.braces or _is_assignment(node):
                self._short(outer, VALUE_LINES)
        elif (kind in grammar.transparent or node.is_error) and len(self._frames) < DEPTH:
            self._end_row = node.start_point.row
            self._frames.append(_Frame(iter(node.named_children)))

    def _function(self, outer: Node, body: Node | None) -> None:
        if body is None or _rows(outer) <= 2:
            self._short(outer, 2)
            return
        self._comments(outer)
        signature = self._text(outer.start_byte, body.start_byte).rstrip()
        document = self._docstring(body)
        if document:
            self._add(outer, signature, self._hint(outer))
            self._lines += [*document, f"{self._indent(body)}…"]
        elif body.type in ("block", "compound_statement", "statement_block") or self._grammar.braces:
            left_out = " {…}" if self._grammar.braces else " …"
            self._add(outer, signature + left_out, self._hint(outer))
        else:
            self._add(outer, signature + " …", self._hint(outer))

    def _container(self, outer: Node, body: Node) -> None:
        if len(self._frames) >= DEPTH:
            return
        self._comments(outer)
        header = self._text(outer.start_byte, body.start_byte).rstrip()
        opener = " {" if self._grammar.braces else ""
        self._add(outer, header + opener, self._hint(outer))
        self._lines += self._docstring(body)
        closer = f"{self._indent(outer)}}}" if self._grammar.braces else ""
        self._end_row = body.start_point.row
        self._frames.append(_Frame(iter(body.named_children), closer))

    def _short(self, node: Node, limit: int) -> None:
        """All of it when it has at most `limit` lines, else its beginning."""
        self._comments(node)
        text = self._text(node.start_byte, node.end_byte).rstrip()
        if _rows(node) <= limit:
            end = self._source[node.end_byte : node.end_byte + 1]
            self._add(node, text + ";" if end == b";" else text)
        else:
            kept = text.split("\n")[: max(1, limit // 4)]
            self._add(node, "\n".join(kept) + " …", self._hint(node))

    def _import(self, node: Node) -> None:
        self._imports += 1
        if self._imports <= IMPORTS:
            text = " ".join(self._text(node.start_byte, node.end_byte).split())
            self._lines.append(self._indent(node) + _cut(text, LINE // 2))
            self._imports_at = len(self._lines)

    # Documentation

    def _opening(self, root: Node) -> None:
        """The comment or docstring that opens the file, unless it is its licence."""
        if not self._grammar.braces:
            self._lines += self._docstring(root)
            return
        opening: list[Node] = []
        for node in root.named_children[:40]:
            if node.type not in COMMENTS or (
                opening and node.start_point.row > opening[-1].end_point.row + 1
            ):
                # A comment right above a definition documents that.
                if opening and node.type not in COMMENTS and node.start_point.row <= _last_row(opening) + 1:
                    opening = []
                break
            opening.append(node)
        text = self._text(opening[0].start_byte, opening[-1].end_byte) if opening else ""
        if text and not _LICENCE.search(text) and not text.startswith("#!"):
            self._lines += _first_paragraph(text.split("\n"), "*/" if "/*" in text else "")

    def _comments(self, node: Node) -> None:
        """The comments and attributes directly above a definition."""
        kept: list[Node] = []
        row = node.start_point.row
        for before in reversed(self._before):
            if _last_row([before]) < row - 1:
                break
            kept.insert(0, before)
            row = before.start_point.row
        self._before.clear()
        comments = [before for before in kept if before.type in COMMENTS]
        if comments:
            text = self._text(comments[0].start_byte, comments[-1].end_byte).rstrip()
            closer = "*/" if comments[-1].type == "block_comment" or "/*" in text else ""
            lines = _first_paragraph(text.split("\n"), closer)
            self._lines += [self._indent(comments[0]) + lines[0], *lines[1:]]
        for before in kept:
            if before.type not in COMMENTS:
                self._add(before, self._text(before.start_byte, before.end_byte).rstrip())

    def _docstring(self, body: Node) -> list[str]:
        """The first paragraph of a docstring, quoted; nothing where there is none."""
        if self._grammar.braces:
            return []
        first = next((child for child in body.named_children[:20] if child.type not in COMMENTS), None)
        if first is not None and first.type == "expression_statement" and first.named_children:
            first = first.named_children[0]
        if first is None or first.type != "string":
            return []
        text = self._text(first.start_byte, first.end_byte)
        quotes = _QUOTES.match(text)
        if quotes is None:
            return []
        lines = _first_paragraph(text.split("\n"), quotes[1])
        return [self._indent(first) + lines[0], *lines[1:]]

    # Text

    def _text(self, start: int, end: int) -> str:
        return self._source[start : min(end, start + 200_000)].decode("utf-8", "replace")

    def _indent(self, node: Node) -> str:
        """The white space in front of a node, when there is nothing else."""
        column = min(node.start_point.column, 200)
        before = self._source[node.start_byte - column : node.start_byte]
        return before.decode("ascii", "replace") if not before.strip() else ""

    def _add(self, node: Node, text: str, hint: str = "") -> None:
        text = _cut(text.replace("\r", ""), SIGNATURE)
        lines = [_cut(line, LINE) for line in (self._indent(node) + text).split("\n")]
        lines[-1] += hint
        self._lines += lines

    def _hint(self, node: Node) -> str:
        first = node.start_point.row + self._offset
        return f"  {self._grammar.comment} lines {first}-{first + _rows(node) - 1}"


def _rows(node: Node) -> int:
    return _last_row([node]) - node.start_point.row + 1


def _last_row(nodes: Sequence[Node]) -> int:
    """The row of the last character; some comments reach to the start of the next line."""
    end = nodes[-1].end_point
    return end.row - 1 if end.column == 0 and end.row > nodes[-1].start_point.row else end.row


def _function_value(node: Node) -> Node | None:
    """The body of the function that a declaration gives a name, if it does."""
    for child in node.named_children[:1] if node.type == "expression_statement" else node.named_children[:4]:
        value = child.child_by_field_name("value") or child.child_by_field_name("right")
        if value is None and child.type in FUNCTION_VALUES:
            value = child
        if value is not None and value.type in FUNCTION_VALUES:
            return value.child_by_field_name("body")
    value = node.child_by_field_name("value")
    if value is not None and value.type in FUNCTION_VALUES:
        return value.child_by_field_name("body")
    return None


def _is_assignment(node: Node) -> bool:
    if node.type != "expression_statement":
        return True
    return bool(node.named_children) and node.named_children[0].type in ("assignment", "type")


def _first_paragraph(lines: list[str], closer: str) -> list[str]:
    """The lines up to the first empty one, closed again where something was left out."""
    is_empty: Callable[[str], bool] = lambda line: _EMPTY_COMMENT.fullmatch(line) is not None  # noqa: E731
    start = next((number for number, line in enumerate(lines) if number and not is_empty(line)), len(lines))
    first = 0 if not is_empty(lines[0]) and lines[0].strip() not in ('"""', "'''") else start
    end = next((number for number in range(first, len(lines)) if is_empty(lines[number])), len(lines))
    kept = [_cut(line.rstrip(), LINE) for line in lines[: min(max(end, 1), DOC_LINES)]]
    if len(kept) < len(lines):
        rest = "".join(lines[len(kept) :]).strip()
        kept[-1] += (" …" if rest not in (closer, "") else "") + (" */" if closer == "*/" else closer)
    return kept


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
