"""The conversation's context items, each at its place: an append-only log, but for what the user changes.

Nothing before the end moves unless a file is removed or edited, so a model that keeps its cache reads
only what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from docstra_tui.llm.items import ContextItem, Key
from docstra_tui.session.turns import Placed

WAITING = 0
"""In the place of a turn: the item enters with the next question."""


@dataclass(frozen=True)
class _Place:
    turn_id: int
    key: Key
    """Of the whole of it, as it was picked."""
    item: ContextItem
    """What stands there: what was picked, its outline or some of its lines."""


class ContextLog:
    """Which item stands in front of which turn's question."""

    def __init__(self, placed: Iterable[Placed] = ()) -> None:
        self._places = [_Place(place.turn_id, place.item.key, place.item) for place in placed]
        self._ticked: set[Key] = {place.key for place in self._places}
        """What the user chose; items that only a task brought are not theirs to lose by not ticking."""

    @property
    def items(self) -> tuple[ContextItem, ...]:
        """All of them, in the order in which the model reads them."""
        return tuple(place.item for place in self._places)

    @property
    def waiting(self) -> tuple[ContextItem, ...]:
        """Those that enter with the next question."""
        return self.of(WAITING)

    def of(self, turn_id: int) -> tuple[ContextItem, ...]:
        """Those in front of one turn's question."""
        return tuple(place.item for place in self._places if place.turn_id == turn_id)

    def before(self, turn_id: int) -> tuple[Placed, ...]:
        """Those of the turns before this one."""
        return tuple(
            Placed(place.turn_id, place.item)
            for place in self._places
            if place.turn_id not in (turn_id, WAITING)
        )

    def behind(self, key: Key, turns: Sequence[int]) -> tuple[list[ContextItem], set[int]]:
        """What the model reads after an item: the items, and which of `turns` (oldest first)."""
        at = next((index for index, place in enumerate(self._places) if place.key == key), None)
        if at is None:
            return [], set()
        turn_id = self._places[at].turn_id
        start = turns.index(turn_id) if turn_id in turns else len(turns)
        return [place.item for place in self._places[at + 1 :]], set(turns[start:])

    def copy(self) -> ContextLog:
        """One to try things on."""
        other = ContextLog()
        other._places, other._ticked = list(self._places), set(self._ticked)
        return other

    def choose(
        self, items: Sequence[ContextItem], sent: Mapping[Key, ContextItem | None] | None = None
    ) -> None:
        """The files ticked now: one that is gone leaves, one that was edited is replaced where it is,
        a new one enters with the next question.

        `sent` says what stands for some of them, in the same place; None for one that is left out.
        """
        instead = sent or {}
        chosen = {item.key: found for item in items if (found := instead.get(item.key, item)) is not None}
        self._rename({item.key for item in items})
        gone = self._ticked - chosen.keys()
        known = {place.key for place in self._places}
        places = [
            replace(place, item=chosen.get(place.key, place.item))
            for place in self._places
            if place.key not in gone
        ]
        said = [place for place in places if place.turn_id != WAITING]
        still_waiting = {place.key for place in places if place.turn_id == WAITING}
        # What waits is in the order given; what only a task brought follows it.
        waiting = [
            _Place(WAITING, key, item)
            for key, item in chosen.items()
            if key in still_waiting or key not in known
        ]
        others = [place for place in places if place.turn_id == WAITING and place.key not in chosen]
        self._places = [*said, *waiting, *others]
        self._ticked = set(chosen)

    def _rename(self, wanted: set[Key]) -> None:
        """Lines of a file that became shorter end earlier now: they stay where they are."""
        fresh = wanted - {place.key for place in self._places}
        ends = {key[:2]: key for key in fresh if key[1] is not None}
        for index, place in enumerate(self._places):
            now = ends.get(place.key[:2])
            if now is not None and place.key in self._ticked and place.key not in wanted:
                self._places[index] = replace(place, key=now)
                self._ticked = self._ticked - {place.key} | {now}

    def add(self, items: Iterable[ContextItem]) -> None:
        """Items that a task is about: they enter with the next question unless they are there already."""
        for item in items:
            for index, place in enumerate(self._places):
                if item.key in (place.key, place.item.key):
                    self._places[index] = replace(place, item=item)
                    break
            else:
                self._places.append(_Place(WAITING, item.key, item))

    def enter(self, turn_id: int) -> tuple[ContextItem, ...]:
        """The waiting items stand in front of this turn from now on; those items."""
        self._move(WAITING, turn_id)
        return self.of(turn_id)

    def leave(self, turn_id: int) -> None:
        """The turn came to nothing: its items wait for the next question."""
        self._move(turn_id, WAITING)

    def _move(self, source: int, target: int) -> None:
        self._places = [
            replace(place, turn_id=target) if place.turn_id == source else place for place in self._places
        ]
