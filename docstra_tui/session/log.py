"""The conversation's context items, each at its place: an append-only log, but for what the user changes.

Nothing before the end moves unless a file is removed or edited, so a model that keeps its cache reads
only what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.turns import Placed

WAITING = 0
"""In the place of a turn: the item enters with the next question."""


class ContextLog:
    """Which item stands in front of which turn's question."""

    def __init__(self, placed: Iterable[Placed] = ()) -> None:
        self._placed: list[Placed] = list(placed)
        self._ticked = {place.item.key for place in self._placed}
        """What the user chose; items that only a task brought are not theirs to lose by not ticking."""

    @property
    def items(self) -> tuple[ContextItem, ...]:
        """All of them, in the order in which the model reads them."""
        return tuple(place.item for place in self._placed)

    @property
    def waiting(self) -> tuple[ContextItem, ...]:
        """Those that enter with the next question."""
        return self.of(WAITING)

    def of(self, turn_id: int) -> tuple[ContextItem, ...]:
        """Those in front of one turn's question."""
        return tuple(place.item for place in self._placed if place.turn_id == turn_id)

    def before(self, turn_id: int) -> tuple[Placed, ...]:
        """Those of the turns before this one."""
        return tuple(place for place in self._placed if place.turn_id not in (turn_id, WAITING))

    def choose(self, items: Sequence[ContextItem]) -> None:
        """The files ticked now: one that is gone leaves, one that was edited is replaced where it is,
        a new one enters with the next question."""
        chosen = {item.key: item for item in items}
        unticked = self._ticked - chosen.keys()
        known = {place.item.key for place in self._placed}
        placed = [
            Placed(place.turn_id, chosen.get(place.item.key, place.item))
            for place in self._placed
            if place.item.key not in unticked
        ]
        said = [place for place in placed if place.turn_id != WAITING]
        still_waiting = {place.item.key for place in placed if place.turn_id == WAITING}
        # What waits is in the order given; what only a task brought follows it.
        waiting = [item for key, item in chosen.items() if key in still_waiting or key not in known]
        others = [place for place in placed if place.turn_id == WAITING and place.item.key not in chosen]
        self._placed = [*said, *(Placed(WAITING, item) for item in waiting), *others]
        self._ticked = set(chosen)

    def add(self, items: Iterable[ContextItem]) -> None:
        """Items that a task is about: they enter with the next question unless they are there already."""
        for item in items:
            for index, place in enumerate(self._placed):
                if place.item.key == item.key:
                    self._placed[index] = Placed(place.turn_id, item)
                    break
            else:
                self._placed.append(Placed(WAITING, item))

    def enter(self, turn_id: int) -> tuple[ContextItem, ...]:
        """The waiting items stand in front of this turn from now on; those items."""
        self._move(WAITING, turn_id)
        return self.of(turn_id)

    def leave(self, turn_id: int) -> None:
        """The turn came to nothing: its items wait for the next question."""
        self._move(turn_id, WAITING)

    def _move(self, source: int, target: int) -> None:
        self._placed = [
            Placed(target if place.turn_id == source else place.turn_id, place.item) for place in self._placed
        ]
