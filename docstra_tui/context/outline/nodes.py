"""A program as a tree, and what a node of it is: its lines, a function under a name, an assignment."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from docstra_tui.context.outline.grammars import FUNCTION_VALUES, Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

SECONDS = 1.0
"""Parsing is given up after this; a megabyte of source takes a quarter of it."""
PIECE = 1 << 16
"""Bytes that a parser is given at once."""


def parse(source: bytes, grammar: Grammar) -> Node | None:
    """The root of the tree; None when it takes more than `SECONDS`.

    Never ask a node for its `text`: the source is taken back, and tree-sitter would end the process. It is
    `source[node.start_byte : node.end_byte]`.
    """
    # A tenth of a second, wanted only when somebody looks at an outline.
    from tree_sitter import Language, Parser

    language = Language(getattr(import_module(grammar.module), grammar.language)())
    deadline = time.monotonic() + SECONDS
    with _Source(source) as given, suppress(ValueError):
        # Only the form that asks for the source piece by piece can be stopped.
        return (
            Parser(language)
            .parse(given.piece, progress_callback=lambda _offset, _error: time.monotonic() > deadline)
            .root_node
        )
    return None


class _Source:
    """A text that is given to a parser, and taken back: tree-sitter 0.26 lets go of no piece by itself, and
    those of a hundred thousand files would stay in memory."""

    def __init__(self, source: bytes) -> None:
        self._whole = memoryview(source)
        self._given: list[memoryview] = []

    def piece(self, offset: int, _: object) -> memoryview:
        self._given.append(self._whole[offset : offset + PIECE])
        return self._given[-1]

    def __enter__(self) -> _Source:
        return self

    def __exit__(self, *_: object) -> None:
        for piece in (*self._given, self._whole):
            piece.release()


def rows(node: Node) -> int:
    """Lines that a node stands on."""
    return last_row([node]) - node.start_point.row + 1


def last_row(nodes: Sequence[Node]) -> int:
    """The row of the last character; some comments reach to the start of the next line."""
    end = nodes[-1].end_point
    return end.row - 1 if end.column == 0 and end.row > nodes[-1].start_point.row else end.row


def function_value(node: Node) -> Node | None:
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


def is_assignment(node: Node) -> bool:
    """False for a statement that only looks like a value: a call, a string."""
    if node.type != "expression_statement":
        return True
    return bool(node.named_children) and node.named_children[0].type in ("assignment", "type")
