"""Which turn follows which: paths, places, and numbers that a damaged disk changed."""

from __future__ import annotations

import random

from docstra_tui.session.tree import LAST_ASKED, NO_TURN, Node, TurnTree


def tree(*parents: int, deleted: tuple[int, ...] = ()) -> TurnTree:
    """Turns 1, 2, … that follow these; asked in that order."""
    return TurnTree(
        Node(number, parent, float(number), number in deleted) for number, parent in enumerate(parents, 1)
    )


def test_turns_of_which_nothing_is_said_follow_what_was_asked_before() -> None:
    line = tree(LAST_ASKED, LAST_ASKED, LAST_ASKED)
    assert line.path(NO_TURN) == line.path(3) == line.path(1) == (1, 2, 3)
    assert not line.forks and line.beside(2) == (2,)


def test_a_fork_stands_beside_the_first_and_each_has_its_path() -> None:
    forked = tree(0, 1, 2, 1, 4)  # 4 in the place of 2, 5 below it
    assert forked.path(3) == (1, 2, 3) and forked.path(5) == (1, 4, 5)
    assert forked.forks == {2: (2, 4), 4: (2, 4)}
    assert forked.newest_tip(1) == 5 and forked.newest_tip(2) == 3
    assert forked.path(2) == (1, 2, 3), "what was asked below it is shown with it"
    assert forked.above(5) == (1, 4) and forked.above(5, 1) == (4,)
    assert tree(0, 0).beside(1) == (1, 2), "the first question may be another"


def test_what_follows_a_deleted_turn_follows_the_one_before_it() -> None:
    assert tree(0, 1, 2, 3, deleted=(2, 3)).path(4) == (1, 4)
    assert tree(0, 1, 2, deleted=(1,)).path(3) == (2, 3)
    assert tree(0, 1, 2, deleted=(3,)).path(3) == (1, 2)
    assert tree(0, 1, 1, deleted=(3,)).path(3) == (1, 2), "the other one is left"
    assert tree(0, 1, deleted=(1, 2)).path(2) == ()
    assert tree(0, 1, 1, deleted=(1,)).beside(2) == (2, 3)


def test_changed_numbers_cost_a_place_and_no_turn() -> None:
    assert tree(0, 77, 2).path(3) == (1, 2, 3), "the one before it is gone"
    chance = random.Random(3)
    for _ in range(300):
        count = chance.randrange(1, 9)
        parents = [chance.choice((-1, 0, 99, *range(1, count + 1))) for _ in range(count)]
        deleted = tuple(number for number in range(1, count + 1) if chance.random() < 0.2)
        damaged = tree(*parents, deleted=deleted)
        for number in range(1, count + 1):
            path = damaged.path(number)
            assert len(set(path)) == len(path) and not set(path) & set(deleted)
            assert number in path or number in deleted
            assert damaged.above(path[-1]) == path[:-1] if path else set(deleted) == set(range(1, count + 1))


def test_ten_thousand_turns_are_no_matter() -> None:
    line = tree(*range(10_000))
    assert len(line.path(1)) == 10_000 and line.newest_tip() == 10_000
