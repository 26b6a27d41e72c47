"""Answers that are written together are those that would be written one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch

from docstra_tui.errors import DocstraError, EngineDied, GenerationFailed, NotEnoughMemory
from docstra_tui.llm.answer import Finished, Reading
from docstra_tui.llm.inference.decoding.step import ModelStep, Slot
from docstra_tui.llm.inference.forward import Forward
from docstra_tui.llm.inference.generation import Generator
from docstra_tui.llm.inference.prefill import decoder_layers
from docstra_tui.llm.inference.recipe import Request
from docstra_tui.llm.inference.thread import InferenceThread, Job, Kind
from docstra_tui.llm.inference.together import Asked, Together
from docstra_tui.llm.sampling import Sampling
from tests.llm.inference.cached import memory_limit, some_ids, tokens_read

SLOTS = 3


class Several(ModelStep):
    """Takes several texts, one after the other, and remembers how many."""

    most_slots = SLOTS

    def __init__(self, forward: Forward) -> None:
        super().__init__(forward)
        self.steps: list[int] = []
        self.before: Callable[[int], None] = lambda step: None
        self.after: Callable[[Sequence[Slot]], None] = lambda slots: None

    def logits(self, slots: Sequence[Slot]) -> torch.Tensor:
        self.before(len(self.steps))
        self.steps.append(len(slots))
        found = torch.cat([super(Several, self).logits([slot]) for slot in slots])
        self.after(slots)
        return found


class Heard:
    """What came of one request."""

    def __init__(self, together: Together, thread: InferenceThread, request: Request) -> None:
        self.events: list[Any] = []
        self.then: Callable[[Any], None] = lambda event: None
        self.job = thread.submit(together.run, Kind.BATCH, Asked(request, self._hear))

    def _hear(self, event: Any) -> None:
        self.events.append(event)
        self.then(event)

    @property
    def end(self) -> Finished | DocstraError:
        assert self.job.done.wait(60)
        ends = [event for event in self.events if isinstance(event, Finished | DocstraError)]
        assert len(ends) == 1 and self.events[-1] is ends[0]
        return ends[0]

    @property
    def text(self) -> str:
        end = self.end
        assert isinstance(end, Finished), end
        return "".join(event for event in self.events if isinstance(event, str))


class Many:
    """A thread with one model, and answers that are written together."""

    def __init__(self, generator: Generator) -> None:
        means = generator.means()
        assert means is not None
        self.generator = generator
        self.step = Several(generator._forward)
        self.thread = InferenceThread()
        self._together = Together(replace(means, step=self.step), self.thread)

    def begin(self, requests: Sequence[Request]) -> list[Heard]:
        """All of them are there before the first begins."""
        with held(self.thread):
            return [Heard(self._together, self.thread, request) for request in requests]

    def one_by_one(self, requests: Sequence[Request]) -> list[str]:
        """What is written without any other and without a cache of before."""
        return self.thread.call(lambda: [self._alone(request) for request in requests])

    def _alone(self, request: Request) -> str:
        said: list[str] = []
        self.generator.prefixes.clear()
        ended = self.generator.answer(
            request, lambda event: said.append(event) if isinstance(event, str) else None, lambda: False
        )
        assert isinstance(ended, Finished)
        self.generator.prefixes.clear()
        return "".join(said)


@contextmanager
def held(thread: InferenceThread) -> Iterator[None]:
    """While inside, the thread begins nothing."""
    release = threading.Event()
    thread.submit(lambda job: release.wait(30) and None)
    try:
        yield
    finally:
        release.set()


@pytest.fixture
def many(generator: Generator) -> Iterator[Many]:
    generator.prefixes.clear()
    before = generator.writer.step
    generator.writer.step = before or ModelStep(generator._forward)  # however the suite decodes
    many = Many(generator)
    yield many
    many.thread.close()
    generator.writer.step = before
    assert not generator.prefixes._beside


SHARED = some_ids(1, 90)


def requests(count: int = 5, *, temperature: float = 0.0) -> list[Request]:
    """Over the same beginning, of different lengths, and answers of different lengths."""
    return [
        Request(
            SHARED + some_ids(10 + number, 5 + 7 * number),
            max_new_tokens=6 + 3 * number,
            temperature=temperature,
            sampling=Sampling(seed=number if temperature else None),
        )
        for number in range(count)
    ]


def test_what_is_written_together_is_what_would_be_written_one_by_one(many: Many) -> None:
    asked = requests()
    alone = many.one_by_one(asked)

    heard = many.begin(asked)

    assert [one.text for one in heard] == alone and any(alone)
    tokens = [one.end.usage.completion_tokens or 0 for one in heard if isinstance(one.end, Finished)]
    assert sum(many.step.steps) == sum(tokens)  # one id of each a step, and none for nothing
    assert max(many.step.steps) == SLOTS and len(many.step.steps) < 0.6 * sum(tokens)


def test_each_has_a_chance_of_its_own(many: Many) -> None:
    asked = requests(4, temperature=1.2)
    alone = many.one_by_one(asked)

    assert [one.text for one in many.begin(asked)] == alone
    assert [one.text for one in many.begin(asked[::-1])] == alone[::-1]


def test_what_they_have_in_common_is_read_once_or_twice(many: Many) -> None:
    """Twice where a layer cannot be cropped: only the second shows where the first one could be left."""
    asked = requests(4)
    own = sum(len(request.ids) - len(SHARED) for request in asked)
    with tokens_read(many.generator) as read:
        heard = many.begin(asked)
        reused = [one.end.usage.reused_tokens for one in heard if isinstance(one.end, Finished)]
    written = sum(many.step.steps) - len(asked)
    assert sum(read) - own - written in (len(SHARED), 2 * len(SHARED))
    assert reused[2:] == [len(SHARED)] * 2


def test_a_question_goes_first_and_changes_nothing(many: Many) -> None:
    asked = requests(3)
    question = Request(SHARED + some_ids(99, 9), 8, 0.0)
    alone = many.one_by_one([*asked, question])
    said: list[str] = []
    ended: list[int] = []

    def ask(job: Job) -> None:
        many.generator.answer(
            question, lambda event: said.append(event) if isinstance(event, str) else None, job.is_cancelled
        )
        ended.append(len(many.step.steps))

    def interrupt(step: int) -> None:
        if step == 4:
            many.thread.submit(ask)

    many.step.before = interrupt
    heard = many.begin(asked)

    assert [one.text for one in heard] == alone[:3]
    assert "".join(said) == alone[3] and ended == [5]


def test_a_question_does_not_wait_for_a_prompt_that_is_read(many: Many) -> None:
    request = Request(some_ids(5, 400), 5, 0.0)
    (alone,) = many.one_by_one([request])
    layers = decoder_layers(many.generator._model)
    order: list[str] = []

    def interrupt(*args: Any) -> None:
        if not order:
            order.append("asked")
            many.thread.submit(lambda job: order.append("answered"))
        elif order[-1] == "asked":
            order.append("read on")

    hooks = [layers[0].register_forward_hook(interrupt)]
    many.generator._sizer.tokens = 256
    try:
        (heard,) = many.begin([request])
        assert heard.text == alone
    finally:
        hooks[0].remove()
    assert order == ["asked", "answered"]


def test_one_is_cancelled_and_the_others_go_on(many: Many) -> None:
    asked = requests(5)
    alone = many.one_by_one(asked)
    with held(many.thread):
        heard = many.begin(asked)
        heard[4].job.cancel()  # before it began
        heard[1].then = lambda event: heard[1].job.cancel() if isinstance(event, str) else None

    cancelled = heard[1].end, heard[4].end
    assert [end.reason for end in cancelled if isinstance(end, Finished)] == ["cancelled"] * 2
    assert alone[1].startswith(heard[1].text) and heard[1].text != alone[1] and not heard[4].text
    for number in (0, 2, 3):
        assert heard[number].text == alone[number]


def test_a_cancel_ends_the_reading_of_a_long_prompt(many: Many) -> None:
    with held(many.thread):
        first, second = many.begin([Request(some_ids(5, 900), 5, 0.0), requests(1)[0]])
        layer = decoder_layers(many.generator._model)[0]
        hook = layer.register_forward_hook(lambda *_: first.job.cancel())
    end = first.end
    hook.remove()

    assert isinstance(end, Finished) and end.reason == "cancelled" and not first.text
    assert isinstance(second.end, Finished) and second.end.reason != "cancelled"


def test_an_error_in_one_is_its_own(many: Many) -> None:
    asked = requests(3)
    alone = many.one_by_one(asked)
    beyond = Sampling(logit_bias={10_000_000: 5.0})

    heard = many.begin([asked[0], replace(asked[1], sampling=beyond), asked[2]])

    assert isinstance(heard[1].end, GenerationFailed)
    assert [heard[0].text, heard[2].text] == [alone[0], alone[2]]


def test_a_step_that_fails_is_taken_again_by_each_alone(many: Many) -> None:
    """All of them had moved on by then; whose fault it was ends, and nobody else notices."""
    asked = requests(4)
    alone = many.one_by_one(asked)
    marked = asked[1].ids

    def fail(slots: Sequence[Slot]) -> None:
        if any(slot.start == len(marked) + 2 for slot in slots):
            raise RuntimeError("one of these")

    many.step.after = fail
    heard = many.begin(asked)

    assert isinstance(heard[1].end, GenerationFailed)
    assert [heard[n].text for n in (0, 2, 3)] == [alone[n] for n in (0, 2, 3)]


def test_where_memory_runs_out_fewer_are_written_at_once(many: Many) -> None:
    asked = requests(5)
    alone = many.one_by_one(asked)

    def fail(slots: Sequence[Slot]) -> None:
        if len(slots) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    many.step.after = fail
    heard = many.begin(asked)

    assert [one.text for one in heard] == alone
    assert many.step.steps.count(SLOTS) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_where_memory_runs_out_under_a_single_one_room_is_made_for_it_once(many: Many, times: int) -> None:
    """What is said where that does not help tells how long its prompt is."""
    (asked,) = requests(1)
    alone = many.one_by_one([asked])
    left = [times]

    def short(step: int) -> None:
        if step >= 2 and left[0]:
            left[0] -= 1
            raise torch.OutOfMemoryError("CUDA out of memory")

    many.step.before = short
    (heard,) = many.begin([asked])
    if times == 1:
        assert heard.text == alone[0]
    else:
        assert isinstance(heard.end, NotEnoughMemory)
        assert f"{len(asked.ids):,} tokens" in heard.end.message


def test_a_device_that_is_gone_ends_them_all(many: Many) -> None:
    def fail(slots: Sequence[Slot]) -> None:
        raise RuntimeError("CUDA error: device-side assert triggered")

    many.step.after = fail
    try:
        ends = [one.end for one in many.begin(requests(5))]
    finally:
        many.generator._died = None

    assert [type(end) for end in ends] == [EngineDied] * 5 and len({id(end) for end in ends}) == 5


def test_no_more_are_written_at_once_than_memory_holds(many: Many) -> None:
    asked = [Request(SHARED + some_ids(n, 10), 6, 0.0) for n in range(4)]
    alone = many.one_by_one(asked)
    size = many.generator.room.bytes_for(106)
    with memory_limit(many.generator, 2 * size + size // 2):
        heard = many.begin(asked)
        assert [one.text for one in heard] == alone
    assert max(many.step.steps) == 2


def test_a_conversation_keeps_its_cache(many: Many) -> None:
    said = Request(some_ids(70, 120), 4, 0.0)
    size = many.generator.room.bytes_for(150)

    def answered() -> int | None:
        ended = many.generator.answer(said, lambda event: None, lambda: False)
        assert isinstance(ended, Finished)
        return ended.usage.reused_tokens

    with memory_limit(many.generator, 3 * size):
        many.thread.call(answered)
        for one in many.begin(requests(4)):
            assert isinstance(one.end, Finished)
        assert (many.thread.call(answered) or 0) > 60


def test_each_hears_how_its_own_prompt_is_read(many: Many) -> None:
    lengths = [1500, 1300]
    heard = many.begin([Request(some_ids(n, n), 3, 0.0) for n in lengths])
    for length, one in zip(lengths, heard, strict=True):
        assert isinstance(one.end, Finished)
        told = [event for event in one.events if isinstance(event, Reading)]
        assert {event.total for event in told} == {length}
        assert [event.done for event in told] == sorted(event.done for event in told)
        assert told[0].done == 0
