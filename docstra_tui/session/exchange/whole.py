"""A conversation with every fork of it, as it leaves the saved ones and comes to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstra_tui.session.tree import TurnTree

if TYPE_CHECKING:
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.session.turns import SavedTurn, StoredSession


@dataclass(frozen=True)
class WholeSession:
    """One conversation."""

    session: StoredSession
    """With the turns of the path that is shown, as far as somebody read them."""
    turns: tuple[SavedTurn, ...]
    """All that are not deleted, oldest first."""


def whole(store: SessionStore, which: str) -> WholeSession:
    """A saved session by its id, the beginning of it, or `last`. Blocks. Raises `StoreError`."""
    session = store.load(which)
    tree = TurnTree(session.nodes)
    numbers = [number for number, node in tree.nodes.items() if not node.is_deleted]
    turns = [replace(turn, parent=tree.parent(turn.id)) for turn in store.turns(session.id, numbers)]
    return WholeSession(session, tuple(turns))
