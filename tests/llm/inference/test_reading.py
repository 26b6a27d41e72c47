"""How far a prompt is read, and when the rest of it will be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docstra_tui.llm.answer import Finished, Listener, Reading
from docstra_tui.llm.inference.reading import ReadingProgress, ReadingSpeed
from docstra_tui.llm.local import LocalLLM
from docstra_tui.llm.sampling import Sampling

CHUNK = 512


def steady(place: float) -> float:
    return 1 / 400


def slowing(place: float) -> float:
    """At 20,000 tokens three times what it was at the beginning."""
    return (1 + place / 10_000) / 400


def seconds_of(cost: Callable[[float], float], at: int, end: int) -> float:
    return (end - at) * cost((at + end) / 2)


def worst(speed: ReadingSpeed, cost: Callable[[float], float], total: int, since: float) -> float:
    """The largest share by which an estimate is wrong, from a part of the way on to where little is left."""
    wrong = [0.0]
    for at in range(0, total - CHUNK, CHUNK):
        speed.learn(at, CHUNK, seconds_of(cost, at, at + CHUNK))
        done, told = at + CHUNK, speed.seconds(at + CHUNK, total)
        if since * total <= done <= 0.95 * total:
            true = seconds_of(cost, done, total)
            assert told is not None
            wrong.append(abs(told - true) / true)
    return max(wrong)


def test_an_estimate_is_right_at_once_where_reading_is_steady() -> None:
    assert worst(ReadingSpeed(), steady, 20_000, 0) < 0.01


def test_it_knows_that_reading_slows_down_after_a_third_and_from_the_beginning_once_it_was_seen() -> None:
    speed = ReadingSpeed()
    assert worst(speed, slowing, 20_000, 0.33) < 0.25
    first = speed.seconds(0, 20_000)
    assert first is not None and first == pytest.approx(seconds_of(slowing, 0, 20_000), rel=0.35)


def test_it_follows_a_machine_that_becomes_busy() -> None:
    speed = ReadingSpeed()
    worst(speed, steady, 10_000, 1)
    assert worst(speed, lambda place: 4 * steady(place), 30_000, 0.5) < 0.3


def test_nothing_is_told_from_a_moments_reading() -> None:
    speed = ReadingSpeed()
    assert speed.seconds(0, 100) is None
    speed.learn(0, 256, 0.01)  # what a fast device takes for any small chunk
    assert speed.seconds(256, 9000) is None
    speed.learn(256, 1024, 0.3)
    assert speed.seconds(1280, 9000) is not None


def test_one_chunk_that_stood_still_does_not_make_hours_of_minutes() -> None:
    speed = ReadingSpeed()
    speed.expect(steady(0))
    assert speed.seconds(0, 20_000) is None
    speed.learn(0, 100, 600.0)
    told = speed.seconds(100, 20_000)
    assert told is not None and told < 10 * seconds_of(steady, 100, 20_000)
    assert worst(speed, steady, 20_000, 0.2) < 0.4


def test_what_stood_still_at_a_prompts_end_does_not_make_the_next_ones_beginning_cost_nothing() -> None:
    speed = ReadingSpeed()
    worst(speed, steady, 10_000, 1)
    speed.learn(10_000, CHUNK, 5 * CHUNK * steady(0))
    assert (speed.seconds(0, CHUNK) or 0) > CHUNK * steady(0) / 10
    assert worst(speed, steady, 10_000, 0.5) < 0.3


def test_an_estimate_is_never_below_nothing() -> None:
    speed = ReadingSpeed()
    for at, seconds in ((0, 9.0), (CHUNK, 0.1), (2 * CHUNK, 0.05)):
        speed.learn(at, CHUNK, seconds)
        assert (speed.seconds(at + CHUNK, 3 * CHUNK) or 0) >= 0
        assert speed.seconds(5000, 5000) == 0


def test_reading_ahead_teaches_and_tells_nobody() -> None:
    progress, heard = ReadingProgress(), list[Reading]()
    with progress.told(0, 400, heard.append):
        progress.took(0, 200, 1.0)
    progress.took(0, 200, 1.0)
    with progress.told(100, 300, heard.append):
        pass
    assert heard == [Reading(0, 400), Reading(200, 400, 1.0), Reading(100, 300, 1.0)]


def test_the_pace_is_told_once_it_is_known(llm: LocalLLM) -> None:
    progress = ReadingProgress()
    progress.expect(0.006)
    assert progress.pace is None
    progress.took(0, 200, 1.0)
    assert progress.pace == pytest.approx(200, rel=0.1)
    llm._generator.progress = progress
    assert llm.measure("Why?").pace == progress.pace


def long_prompt(llm: LocalLLM, tokens: int) -> str:
    text = "x = 1\n" * tokens
    while llm.count_tokens(text) > tokens:
        text = text[: -len(text) // 20]
    return text


def test_a_long_prompt_tells_how_far_it_is_read_before_the_first_piece(llm: LocalLLM) -> None:
    llm._generator._sizer.tokens = 64
    prompt, heard = long_prompt(llm, 800), list[Reading]()
    stream = llm.stream(prompt, max_tokens=3, listener=Listener(on_reading=heard.append))
    next(stream)
    so_far = len(heard)
    str(stream)
    done = [reading.done for reading in heard]
    assert len(heard) == so_far >= 3 and done[0] == 0 and done == sorted(set(done))
    assert {reading.total for reading in heard} == {stream.usage.prompt_tokens} and done[-1] < heard[-1].total
    assert stream.reading == heard[-1]
    again = list[Reading]()
    llm._generator._sizer.tokens = 64
    stream = llm.stream(prompt + prompt, max_tokens=3, listener=Listener(on_reading=again.append))
    str(stream)
    assert again[0].done == stream.usage.reused_tokens and again[0].done > 700


def test_a_short_prompt_and_what_is_known_already_tell_nothing(llm: LocalLLM) -> None:
    heard = list[Reading]()
    listener = Listener(on_reading=heard.append)
    str(llm.stream("Why?", max_tokens=3, listener=listener))
    assert heard == []
    llm._generator._sizer.tokens = 64
    prompt = long_prompt(llm, 1500)
    str(llm.stream(prompt, max_tokens=3))
    str(llm.stream(prompt, max_tokens=3, listener=listener))
    assert heard == []


def test_a_prompt_that_is_read_in_one_piece_says_how_long_it_is(
    llm: LocalLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llm._generator, "objection", "It cannot be parted.")
    monkeypatch.setattr(llm._generator._sizer, "tokens", 64)
    llm._generator.progress = ReadingProgress()
    heard = list[Reading]()
    stream = llm.stream(long_prompt(llm, 700), max_tokens=3, listener=Listener(on_reading=heard.append))
    str(stream)
    assert [(reading.done, reading.total) for reading in heard] == [(0, stream.usage.prompt_tokens)]
    monkeypatch.setattr("docstra_tui.llm.inference.reading.ENOUGH_SECONDS", 1e-9)
    str(llm.stream(long_prompt(llm, 600), max_tokens=3, listener=Listener(on_reading=heard.append)))
    assert len(heard) == 2 and heard[1].seconds_left  # the first one taught it


def test_what_was_cancelled_while_it_was_read_tells_nothing_afterwards(llm: LocalLLM) -> None:
    llm._generator._sizer.tokens = 64
    events: list[object] = []
    prompt = long_prompt(llm, 1800)

    def cancel_at_first(event: object) -> None:
        events.append(event)
        if isinstance(event, Reading):
            job.cancel()

    job = llm.submit("Hello", lambda event: None, sampling=Sampling(0.0), max_tokens=1)
    job.done.wait()
    job = llm.submit(prompt, cancel_at_first, sampling=Sampling(0.0), max_tokens=3)
    job.done.wait()
    llm.warm([{"role": "user", "content": prompt}], len(prompt))
    assert isinstance(events[0], Reading) and len(events) <= 3
    assert isinstance(events[-1], Finished) and events[-1].reason == "cancelled"
