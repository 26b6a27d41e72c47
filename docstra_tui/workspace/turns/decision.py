"""What a turn that has begun asks somebody before it is sent: its thread waits for the answer."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from docstra_tui.workspace.jobs import Deliver

if TYPE_CHECKING:
    from docstra_tui.workspace.turns.queue import TurnQueue

T = TypeVar("T")


class Decision(Generic[T]):
    """One kind of question, asked again as often as it comes up."""

    def __init__(self, turns: TurnQueue, deliver: Deliver) -> None:
        self._turns = turns
        self._deliver = deliver
        self.is_open = False
        """True while somebody is asked."""

    def wait_for(self, ask: Callable[[Callable[[T], None]], object]) -> T:
        """What somebody decides. `ask` runs on the face's thread and gets what is to be called with the
        answer. Blocks: for the turn's thread."""
        answer: queue.SimpleQueue[T] = queue.SimpleQueue()

        def decided(value: T) -> None:
            self.is_open = False
            self._turns.started = time.monotonic()  # so far nobody waited for the model
            answer.put(value)

        def begin() -> None:
            self.is_open = True
            self._turns.look()
            ask(decided)

        self._deliver(begin)
        return answer.get()
