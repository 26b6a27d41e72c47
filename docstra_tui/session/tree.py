"""A conversation as a tree: which turn follows which, and which stand in the same place.

Pure: knows numbers and times, no words and no disk. Numbers that a damaged disk changed cost the place of a
turn, never the turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NO_TURN = 0
"""In the place of a turn's number: what follows it begins the conversation."""

LAST_ASKED = -1
"""In the place of the turn before it: that which was asked before it. So it is with every turn of an older
program, and of whoever says nothing else."""


@dataclass(frozen=True)
class Node:
    """A turn, as the tree knows it."""

    id: int
    parent: int
    """The turn before it, `NO_TURN` or `LAST_ASKED`."""
    asked: float
    is_deleted: bool = False
    """It is passed over: what follows it follows the one before it."""


class TurnTree:
    """The turns of one conversation. Never changes."""

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self.nodes: Mapping[int, Node] = {
            node.id: node for node in sorted(nodes, key=lambda node: (node.asked, node.id))
        }
        """By their numbers, oldest first."""
        self._above = _without_circles(_parents(self.nodes))
        self._below: dict[int, list[int]] = {}
        for number, node in self.nodes.items():
            if not node.is_deleted:
                self._below.setdefault(self.parent(number), []).append(number)

    def parent(self, number: int) -> int:
        """The turn before it; `NO_TURN` for one that begins the conversation."""
        above = self._above.get(number, NO_TURN)
        while above != NO_TURN and self.nodes[above].is_deleted:
            above = self._above[above]
        return above

    def beside(self, number: int) -> tuple[int, ...]:
        """The turns in its place, itself among them, oldest first."""
        return tuple(self._below.get(self.parent(number), ()))

    @property
    def forks(self) -> dict[int, tuple[int, ...]]:
        """For each turn that is not alone in its place those that are there, oldest first."""
        return {
            number: tuple(places) for places in self._below.values() if len(places) > 1 for number in places
        }

    def newest_tip(self, number: int = NO_TURN) -> int:
        """The latest turn below one that nothing follows; itself where nothing follows it."""
        ends = [NO_TURN] if number not in self.nodes else [number]
        tips = []
        while ends:
            at = ends.pop()
            below = self._below.get(at, ())
            if below:
                ends.extend(below)
            elif at != NO_TURN:
                tips.append(at)
        return max(tips, key=lambda tip: (self.nodes[tip].asked, tip), default=NO_TURN)

    def above(self, number: int, count: int | None = None) -> tuple[int, ...]:
        """The turns before one, oldest first; of them the last `count`."""
        found: list[int] = []
        at = self.parent(number)
        while at in self.nodes and (count is None or len(found) < count):
            found.append(at)
            at = self.parent(at)
        return tuple(reversed(found))

    def path(self, tip: int) -> tuple[int, ...]:
        """The turns down to a tip, oldest first, and what was asked below it last. Of one that is deleted
        the way goes by the turn before it; of one that nobody knows, to what was asked last."""
        if tip in self.nodes and self.nodes[tip].is_deleted:
            tip = self.parent(tip)
        end = self.newest_tip(tip)
        return (*self.above(end), end) if end in self.nodes else ()


def _parents(nodes: Mapping[int, Node]) -> dict[int, int]:
    """The turn before each; of one that is not there any more, the one that was asked before."""
    above, before = {}, NO_TURN
    for number, node in nodes.items():
        is_known = node.parent == NO_TURN or node.parent in nodes
        above[number] = node.parent if is_known else before
        before = number
    return above


def _without_circles(above: dict[int, int]) -> dict[int, int]:
    """A turn that would follow itself begins the conversation."""
    settled = {NO_TURN}
    for number in above:
        at, way = number, dict[int, None]()
        while at not in settled and at not in way:
            way[at] = None
            at = above[at]
        if at in way:
            above[at] = NO_TURN
        settled.update(way)
    return above
