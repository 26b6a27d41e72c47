"""A conversation with every fork of it, as it leaves the saved ones and comes to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstra_tui.session.tree import TurnTree

if TYPE_CHECKING:
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.session.turns import SavedTurn, StoredSession


AT_ONCE = 2_000
"""Turns that are read before others who want something of the disk have their turn."""


@dataclass(frozen=True)
class WholeSession:
    """One conversation."""

    session: StoredSession
    """With the turns of the path that is shown; none of one that only came in."""
    turns: tuple[SavedTurn, ...]
    """All that are not deleted, oldest first."""


def whole(store: SessionStore, which: str) -> WholeSession:
    """A saved session by its id, the beginning of it, or `last`. Blocks. Raises `StoreError`."""
    session = store.load(which, characters=1)
    tree = TurnTree(session.nodes)
    numbers = [number for number, node in tree.nodes.items() if not node.is_deleted]
    parts = [numbers[first : first + AT_ONCE] for first in range(0, len(numbers), AT_ONCE)]
    read = [turn for part in parts for turn in store.turns(session.id, part)]
    turns = {turn.id: replace(turn, parent=tree.parent(turn.id)) for turn in read}
    path = tuple(turns[number] for number in tree.path(session.tip) if number in turns)
    return WholeSession(replace(session, turns=path, skipped=0), tuple(turns.values()))
