"""What the answers of a conversation are checked against: what was sent with each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.session.citations.checking import NOTHING, LookedUp, looked_up
from docstra_tui.session.citations.citation import Citation
from docstra_tui.session.citations.since import Since
from docstra_tui.session.citations.texts import Texts
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


def citations_of(
    turn: SavedTurn,
    before: Sequence[SavedTurn] = (),
    since: Since | None = None,
    texts: Texts | None = None,
) -> tuple[Citation, ...]:
    """Those of an answer, looked up in what was sent with its question; `since` says what changed. Blocks."""
    return checked(turn.answer, sent_with(turn, before), since, texts).citations


def citations_on_paths(
    turns: Iterable[SavedTurn], root: Path | None = None
) -> dict[int, tuple[Citation, ...]]:
    """Those of every answer of a conversation about the folder `root`, forks and all, by the turn; oldest
    first. Blocks."""
    found: dict[int, tuple[Citation, ...]] = {}
    known: dict[int, SavedTurn] = {}
    since, texts = Since(root), Texts()
    for turn in turns:
        known[turn.id] = turn
        if turn.answer.strip():
            before = _before(turn, known) if turn.task == JOIN else ()
            found[turn.id] = citations_of(turn, before, since, texts)
    return found


def _before(turn: SavedTurn, known: Mapping[int, SavedTurn]) -> list[SavedTurn]:
    """The turns of its path, as far back as it is about parts."""
    path: list[SavedTurn] = []
    while (earlier := known.get(turn.parent)) is not None and earlier.task == PART:
        path.insert(0, earlier)
        turn = earlier
    return path


def checked(
    answer: str, items: Sequence[ContextItem], since: Since | None = None, texts: Texts | None = None
) -> LookedUp:
    """The citations of an answer; none where nothing was sent that it could be about. Blocks."""
    if not items or not answer.strip():
        return LookedUp(())
    return looked_up(answer, items, NOTHING if since is None else since.of(items), texts)
