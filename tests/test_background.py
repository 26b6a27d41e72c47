"""What is done in another thread reaches whoever waits for it, and nobody else."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from docstra_tui.background import begin, fulfil


def test_what_it_gives_and_what_it_raises_reach_who_waits() -> None:
    where = begin(threading.current_thread, "elsewhere").result(5)
    assert (where.name, where.daemon) == ("elsewhere", True)

    for error in (ZeroDivisionError("oops"), KeyboardInterrupt(), SystemExit(3)):

        def fail(error: BaseException = error) -> None:
            raise error

        with pytest.raises(type(error)) as raised:
            begin(fail, "elsewhere").result(5)
        assert raised.value is error


def test_who_does_it_hears_of_nothing() -> None:
    outcome: Future[int] = Future()
    fulfil(outcome, lambda: 1 // 0)
    assert isinstance(outcome.exception(0), ZeroDivisionError)
