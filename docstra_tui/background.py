"""Work in another thread, whose outcome belongs to whoever waits for it: what it gives, or what it raises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def begin(work: Callable[[], T], name: str) -> Future[T]:
    """Do it in a thread that nobody has to wait for; the process may end before that."""
    future: Future[T] = Future()
    threading.Thread(target=fulfil, args=(future, work), name=name, daemon=True).start()
    return future


def fulfil(future: Future[T], work: Callable[[], T]) -> None:
    """Do it now, for whoever waits in another thread. Never raises."""
    try:
        result = work()
    except BaseException as error:  # whatever it is belongs to the one who waits
        future.set_exception(error)
    else:
        future.set_result(result)
