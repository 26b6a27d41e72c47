"""Whose turn it is in the thread that owns the model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from docstra_tui.llm.inference.thread import InferenceThread, Job, Kind


@pytest.fixture
def thread() -> Iterator[InferenceThread]:
    thread = InferenceThread()
    yield thread
    thread.close()


def held(thread: InferenceThread) -> Callable[[], None]:
    """The thread is busy until the result is called."""
    release = threading.Event()
    thread.submit(lambda job: release.wait(10) and None)
    return release.set


def test_questions_go_before_batches_and_both_before_idle_work(thread: InferenceThread) -> None:
    ran: list[str] = []
    release = held(thread)
    jobs = [
        thread.submit(lambda job, name=name: ran.append(name), kind)  # type: ignore[misc]
        for name, kind in [
            ("idle", Kind.IDLE),
            ("one of many", Kind.BATCH),
            ("question", Kind.ASKED),
            ("another of many", Kind.BATCH),
            ("another question", Kind.ASKED),
        ]
    ]
    assert thread.waiting >= 4

    release()
    assert all(job.done.wait(10) for job in jobs)

    assert ran == ["question", "another question", "one of many", "another of many", "idle"]


def test_a_batch_takes_its_like_along_and_stands_still_for_questions(thread: InferenceThread) -> None:
    ran: list[Any] = []
    begun, go_on = threading.Event(), threading.Event()

    def many(job: Job) -> None:
        ran.append(job.matter)
        begun.set()
        assert go_on.wait(10)
        while (other := thread.another(Kind.BATCH)) is not None:
            ran.append(other.matter)
            thread.let_past(Kind.BATCH)
            assert not other.done.is_set()
            thread.ended(other)
            assert other.done.is_set() and not job.done.is_set()

    first = thread.submit(many, Kind.BATCH, "first")
    assert begun.wait(10)
    second, third = (thread.submit(many, Kind.BATCH, name) for name in ("second", "third"))
    idle = thread.submit(lambda job: ran.append("idle"), Kind.IDLE)
    question = thread.submit(lambda job: ran.append("question"))
    go_on.set()

    assert all(job.done.wait(10) for job in (first, second, third, idle, question))
    assert ran == ["first", "second", "question", "third", "idle"]


def test_a_batch_that_comes_ends_idle_work_and_no_batch_ends_another(thread: InferenceThread) -> None:
    begun = threading.Event()

    def waits(job: Job) -> None:
        begun.set()
        while not job.is_cancelled():
            begun.wait(0.001)

    idle = thread.submit(waits, Kind.IDLE)
    assert begun.wait(10)
    begun.clear()
    many = thread.submit(waits, Kind.BATCH)
    assert idle.done.wait(10) and begun.wait(10)
    others = [thread.submit(lambda job: None, kind) for kind in (Kind.BATCH, Kind.ASKED)]
    assert not many.is_cancelled()

    many.cancel()
    assert all(job.done.wait(10) for job in others)


def test_closing_cancels_those_that_were_taken_along(thread: InferenceThread) -> None:
    taken: list[Job] = []
    both = threading.Event()

    def many(job: Job) -> None:
        while not taken:
            if (other := thread.another(Kind.BATCH)) is not None:
                taken.append(other)
        both.set()
        while not all(one.is_cancelled() for one in (job, *taken)):
            both.wait(0.001)
        thread.ended(taken[0])

    for _ in range(2):
        thread.submit(many, Kind.BATCH)
    assert both.wait(10)

    assert thread.close(10)
    assert taken[0].done.is_set()
