"""A program without its bodies: what is declared, its documentation's first paragraph, and its lines.

Parses with tree-sitter, whose parsers can be slow or crash on hostile input, so it is meant to run in
a process of its own (`process`). Text in, text out; knows nothing about files or models.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstra_tui.context.outline.cuda import as_cpp
from docstra_tui.context.outline.documentation import (
    LINE,
    cut,
    docstring,
    first_paragraph,
    opening_comment,
    shortened,
)
from docstra_tui.context.outline.grammars import COMMENTS, GRAMMARS, Grammar
from docstra_tui.context.outline.nodes import SECONDS, function_value, is_assignment, last_row, parse, rows
from docstra_tui.context.outline.scripts import declaring_body, is_function_body, is_plain, lists_names
from docstra_tui.context.outline.source import Source

if TYPE_CHECKING:
    from tree_sitter import Node

IMPORTS = 15
"""Import lines that are kept."""
TYPE_LINES = 40
VALUE_LINES = 6
DEPTH = 60
"""Containers inside containers that are looked into."""
SIGNATURE = 2000

_CPLUSPLUS = re.compile(r"^\s*(?:namespace|template|class|using|public:|private:)\b|\w::\w", re.MULTILINE)
"""What no C has: a header's name does not tell which of the two it is."""


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
    root = parse(as_cpp(source) if language in ("c", "cpp", "cuda") else source, grammar)
    if root is None:
        return None
    lines = _Skeleton(Source(source, grammar.comment, first_line), grammar).of(root)
    return "\n".join(lines) + "\n" if lines else None


@dataclass
class _Frame:
    """Siblings still to be looked at."""

    nodes: Iterator[Node]
    closer: str = ""
    """The line that ends them."""
    are_statements: bool = False
    """True in the body of a function: most of them do something and declare nothing."""


class _Skeleton:
    """The lines of one skeleton, in the making. No recursion: files nest as deep as they like."""

    def __init__(self, source: Source, grammar: Grammar) -> None:
        self._source = source
        self._grammar = grammar
        self._lines: list[str] = []
        self._imports = 0
        self._imports_at = 0
        self._before: list[Node] = []
        """Comments and attributes that may belong to what follows."""
        self._frames: list[_Frame] = []
        self._end_row = -1

    def of(self, root: Node) -> list[str]:
        """All lines."""
        if self._grammar.braces:
            self._lines += opening_comment(self._source, root)
        else:
            self._lines += docstring(self._source, root)
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
        if self._frames[-1].are_statements and is_plain(node):
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
            elif body.type in grammar.functions:  # `extern "C"` before a single one
                self._function(outer, body.child_by_field_name("body"))
            elif body.type in grammar.values | grammar.types:
                self._short(outer, VALUE_LINES)
            else:
                self._container(outer, body)
        elif kind in grammar.types:
            self._short(outer, TYPE_LINES)
        elif kind in grammar.imports:
            self._import(node)
        elif kind in grammar.values or kind in grammar.wrappers:
            named = function_value(node)
            inner = declaring_body(node) if named is None and grammar.has_expressions else None
            if named is not None:
                self._function(outer, named)
            elif inner is not None:
                self._container(outer, inner)
            elif grammar.has_expressions and lists_names(node):
                self._short(outer, TYPE_LINES)
            elif grammar.braces or is_assignment(node):
                self._short(outer, VALUE_LINES)
        elif (kind in grammar.transparent or node.is_error) and len(self._frames) < DEPTH:
            self._end_row = node.start_point.row
            self._frames.append(_Frame(iter(node.named_children)))

    def _function(self, outer: Node, body: Node | None) -> None:
        if body is None or rows(outer) <= 2:
            self._short(outer, 2)
            return
        self._comments(outer)
        signature = self._source.text(outer.start_byte, body.start_byte).rstrip()
        document = [] if self._grammar.braces else docstring(self._source, body)
        if document:
            self._add(outer, signature, self._source.hint(outer))
            self._lines += [*document, f"{self._source.indent(body)}…"]
        elif body.type in ("block", "compound_statement", "statement_block") or self._grammar.braces:
            left_out = " {…}" if self._grammar.braces else " …"
            self._add(outer, signature + left_out, self._source.hint(outer))
        else:
            self._add(outer, signature + " …", self._source.hint(outer))

    def _container(self, outer: Node, body: Node) -> None:
        if len(self._frames) >= DEPTH:
            return
        self._comments(outer)
        header = self._source.text(outer.start_byte, body.start_byte).rstrip()
        if self._grammar.has_expressions:
            header = shortened(header, VALUE_LINES)
        opener = ("{" if header.endswith("(") else " {") if self._grammar.braces else ""
        self._add(outer, header + opener, self._source.hint(outer))
        if not self._grammar.braces:
            self._lines += docstring(self._source, body)
        closer = f"{self._source.indent(outer)}}}" if self._grammar.braces else ""
        self._end_row = body.start_point.row
        are_statements = self._grammar.has_expressions and is_function_body(body)
        self._frames.append(_Frame(iter(body.named_children), closer, are_statements))

    def _short(self, node: Node, limit: int) -> None:
        """All of it when it has at most `limit` lines, else its beginning."""
        self._comments(node)
        text = self._source.text(node.start_byte, node.end_byte).rstrip()
        if rows(node) <= limit:
            end = self._source.text(node.end_byte, node.end_byte + 1)
            self._add(node, text + ";" if end == ";" else text)
        else:
            kept = text.split("\n")[: max(1, limit // 4)]
            self._add(node, "\n".join(kept) + " …", self._source.hint(node))

    def _import(self, node: Node) -> None:
        self._imports += 1
        if self._imports <= IMPORTS:
            text = " ".join(self._source.text(node.start_byte, node.end_byte).split())
            self._lines.append(self._source.indent(node) + cut(text, LINE // 2))
            self._imports_at = len(self._lines)

    # Documentation

    def _comments(self, node: Node) -> None:
        """The comments and attributes directly above a definition."""
        kept: list[Node] = []
        row = node.start_point.row
        for before in reversed(self._before):
            if last_row([before]) < row - 1:
                break
            kept.insert(0, before)
            row = before.start_point.row
        self._before.clear()
        comments = [before for before in kept if before.type in COMMENTS]
        if comments:
            text = self._source.text(comments[0].start_byte, comments[-1].end_byte).rstrip()
            closer = "*/" if comments[-1].type == "block_comment" or "/*" in text else ""
            lines = first_paragraph(text.split("\n"), closer)
            self._lines += [self._source.indent(comments[0]) + lines[0], *lines[1:]]
        for before in kept:
            if before.type not in COMMENTS:
                self._add(before, self._source.text(before.start_byte, before.end_byte).rstrip())

    # Lines

    def _add(self, node: Node, text: str, hint: str = "") -> None:
        text = cut(text.replace("\r", ""), SIGNATURE)
        lines = [cut(line, LINE) for line in (self._source.indent(node) + text).split("\n")]
        lines[-1] += hint
        self._lines += lines
