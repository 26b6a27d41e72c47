"""When an engine leaves, on a clock that the test turns."""

from __future__ import annotations

import os
from typing import Any

import pytest

from docstra_tui.engine.client.identity import EngineIdentity, EngineOptions
from docstra_tui.engine.server.presence import Presence


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def presence(clock: Clock, owner: str = "", **options: Any) -> Presence:
    return Presence(EngineOptions(EngineIdentity(owner=owner), "s", "l", **options), clock)


def after(clock: Clock, minutes: float, there: Presence, *, failed: bool = False) -> bool:
    clock.now += minutes * 60
    return there.is_over(failed=failed)


def test_it_leaves_after_the_idle_time_and_not_while_somebody_is_there() -> None:
    clock = Clock()
    there = presence(clock, idle_minutes=30)
    assert not after(clock, 29, there) and there.leaves_in_s == 60
    with there.client(lasting=True):
        assert there.leaves_in_s is None
        assert not after(clock, 100, there)
    assert not after(clock, 29, there)
    with there.request():
        assert not after(clock, 100, there)
    assert not after(clock, 29, there) and after(clock, 2, there)


def test_one_that_a_command_started_leaves_sooner_until_a_lasting_client_came() -> None:
    clock = Clock()
    there = presence(clock, idle_minutes=30, oneshot_minutes=5, oneshot=True)
    with there.client(lasting=False):
        pass
    assert there.leave_after_minutes == 5
    assert not after(clock, 4, there)
    with there.client(lasting=True):
        pass
    assert there.leave_after_minutes == 30
    assert not after(clock, 29, there) and after(clock, 2, there)


def test_one_with_no_idle_time_at_all_still_waits_for_who_started_it() -> None:
    clock = Clock()
    there = presence(clock, oneshot_minutes=0, oneshot=True)
    assert not after(clock, 0.1, there)
    with there.client(lasting=False), there.request():
        assert not after(clock, 5, there)
    assert after(clock, 0.01, there)


def test_one_without_a_model_leaves_soon_but_not_before_it_could_be_read() -> None:
    clock = Clock()
    there = presence(clock)
    assert not after(clock, 0.1, there, failed=True) and after(clock, 1, there, failed=True)


def test_one_without_a_model_is_held_by_nobody() -> None:
    """A screen that was left open would keep each of them for ever, and what its device holds."""
    clock = Clock()
    there = presence(clock)
    with there.client(lasting=True), there.request():
        assert not after(clock, 5, there)
        assert not after(clock, 0, there, failed=True)  # from now on
        assert not after(clock, 0.1, there, failed=True) and after(clock, 1, there, failed=True)


def test_one_of_a_single_terminal_goes_with_its_client() -> None:
    clock = Clock()
    there = presence(clock, owner="pid-1")
    assert not after(clock, 1, there)
    with there.client(lasting=True):
        assert not after(clock, 100, there)
    assert after(clock, 0.1, there)


@pytest.mark.parametrize(("parent", "over"), [(0, False), (os.getppid(), False), (1 << 22, True)])
def test_one_of_a_single_terminal_goes_with_its_process(parent: int, over: bool) -> None:
    there = presence(Clock(), owner="pid-1", parent=parent)
    with there.client(lasting=True):
        assert there.is_over(failed=False) is over
