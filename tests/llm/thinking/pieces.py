"""What a splitter gives out, put together."""

from __future__ import annotations

from collections.abc import Iterable

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.thinking.tags import Piece


def joined(pieces: Iterable[Piece]) -> tuple[str, str]:
    """The thinking and the answer, as an `AnswerStream` would have them."""
    thinking, answer = "", ""
    for piece in pieces:
        if isinstance(piece, Thought):
            thinking += piece.text
        elif isinstance(piece, Reframed):
            thinking, answer = thinking + answer, ""
        else:
            answer += piece
    return thinking, answer
