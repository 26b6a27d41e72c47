"""What the answers of a conversation are checked against: what was sent with each."""

from __future__ import annotations

from collections.abc import Sequence

from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.session.citations.checking import verify
from docstra_tui.session.citations.citation import Citation
from docstra_tui.session.turns import WITHOUT_TEXT, SavedTurn


def sent_with(turn: SavedTurn, before: Sequence[SavedTurn] = ()) -> tuple[ContextItem, ...]:
    """The files of a turn, as they were sent; empty where there were none, or where not all of them are here
    to be looked at.

    `before` are the turns of its path: what joins the answers about parts has the files of these.
    """
    turns = [turn]
    if turn.task == JOIN:
        question = turn.fields.get("question")
        for earlier in reversed(before):
            if earlier.task != PART or earlier.fields.get("question") != question:
                break
            turns.insert(0, earlier)
    items = tuple(dict.fromkeys(item for one in turns for item in one.files))
    return () if any(item.detail in WITHOUT_TEXT for item in items) else items


def citations_of(turn: SavedTurn, before: Sequence[SavedTurn] = ()) -> tuple[Citation, ...]:
    """Those of an answer, looked up in what was sent with its question. Blocks."""
    return checked(turn.answer, sent_with(turn, before))


def checked(answer: str, items: Sequence[ContextItem]) -> tuple[Citation, ...]:
    """The citations of an answer; none where nothing was sent that it could be about. Blocks."""
    return verify(answer, items) if items and answer.strip() else ()
