"""What is done beside a face."""

from __future__ import annotations

import threading

from docstra_tui.workspace.jobs import JobQueue


def test_a_queue_does_the_newest_of_the_same_key_and_forgets_what_waits_when_closed():
    gate, seen, told = threading.Event(), [], threading.Event()
    jobs = JobQueue("test", lambda call: call())
    jobs.do(gate.wait, lambda _: None, lambda _: None)
    for number in (1, 2, 3):
        jobs.do(
            lambda number=number: number,
            lambda number: (seen.append(number), told.set()),
            lambda _: None,
            key="count",
        )
    gate.set()
    assert told.wait(5)
    assert seen == [3]
    jobs.close()
    jobs.do(lambda: seen.append(4), lambda _: None, lambda _: None)
    assert seen == [3]
