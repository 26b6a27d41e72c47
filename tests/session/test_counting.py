"""Counting has a bound: file by file, told as it goes, stopped when nobody waits, ended at eight windows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from docstra_tui.errors import ContextOverflow, NotAsked
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.messages import Prompt, as_messages
from docstra_tui.session import scale
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.fitting import Overfull
from docstra_tui.session.scale import Scale
from docstra_tui.workspace.files.token_counts import TokenCounts
from tests.fakes import FakeLLM

WINDOW = 200
WORDS = 60
"""Of one file: eight windows are some 25 of them."""


class CountingLLM(FakeLLM):
    """Notes how often and how much it is asked to count, and ends at eight windows as the engine does."""

    def __init__(self) -> None:
        super().__init__(window=WINDOW)
        self.asked: list[int] = []
        self.counted = 0

    def measure(self, prompt: Prompt) -> Measure:
        self.counted += sum(len(message["content"]) for message in as_messages(prompt))
        tokens = self.count_tokens(prompt)
        return Measure(tokens, None) if tokens <= 8 * WINDOW else Measure(8 * WINDOW + 1, None, is_least=True)

    def count_each(self, prompts: Sequence[Prompt]) -> list[Measure]:
        self.asked.append(len(prompts))
        return super().count_each(prompts)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "BATCH", 4)


def files(count: int, words: int = WORDS) -> list[ContextItem]:
    return [ContextItem("word " * words + f"{n}\n", f"{n}.py", "python") for n in range(count)]


def test_weighing_ends_at_eight_windows_and_the_rest_goes_by_length() -> None:
    llm, items = CountingLLM(), files(264)
    one, done = Scale(llm), []
    assert one.add(items, done.append)
    known = [item for item in items if one.knows(item)]
    assert known == items[: len(known)] and 20 <= len(known) <= 28 and done[-1] == len(known)
    assert sum(map(one.weight, known)) > 8 * WINDOW
    assert abs(one.weight(items[-1]) - len(items[-1].content) / 3.5) < 10

    llm.asked.clear()
    assert one.add(items) and llm.asked == []  # each content once
    assert not one.add(items[:3])


def test_one_file_of_more_than_eight_windows_is_an_estimate_and_is_asked_for_once() -> None:
    llm, (item,) = CountingLLM(), files(1, words=6000)
    one = Scale(llm)
    assert one.add([item]) and not one.knows(item) and one.weight(item) > 8 * WINDOW
    llm.asked.clear()
    one.add([item])
    assert llm.asked == []


def test_many_files_that_are_asked_about_at_once_are_counted_aloud_and_do_not_fit(tmp_path: Path) -> None:
    llm = CountingLLM()
    session = ChatSession(llm, tmp_path)
    told, seen = [], []
    session.admission.count_changed = lambda: told.append(session.admission.counting)

    def make_room(overfull: Overfull) -> bool:
        seen.append(overfull.budget)
        plan = session.fitting.plan(overfull.request)
        sent = [plan.knows(row.item) for row in plan.files]
        assert sent.count(True) < 30 and len(sent) == 264 and not plan.fits
        return False

    session.admission.make_room = make_room
    session.set_context(files(264))
    with pytest.raises(ContextOverflow, match="more than 1,600 tokens") as caught:
        session.ask("Why?")
    assert caught.value.is_least and seen[0].is_least and seen[0].used == 8 * WINDOW
    assert told[0] == (4, 264) and told[-1] is not None and told[-1][0] < 30
    assert session.admission.counting is None and llm.calls == []
    assert llm.counted < 3 * 30 * len(files(1)[0].content) + 100_000


def test_a_question_that_is_still_being_counted_can_be_stopped(tmp_path: Path) -> None:
    llm = CountingLLM()
    session = ChatSession(llm, tmp_path)
    session.set_context(files(264))
    session.admission.count_changed = session.admission.stop
    with pytest.raises(NotAsked):
        session.ask("Why?")
    assert len([size for size in llm.asked if size]) == 1 and llm.calls == [] and session.turns == []

    session.admission.count_changed = lambda: None
    session.set_context(files(1, words=3))
    llm.enqueue("Because.")
    assert list(session.ask("And now?"))  # the stop was for that question


def test_what_fits_is_counted_to_the_token_and_sent(tmp_path: Path) -> None:
    llm = CountingLLM()
    session = ChatSession(llm, tmp_path)
    session.set_context(files(1, words=3))
    llm.enqueue("Because.")
    assert list(session.ask("Why?")) and len(llm.calls) == 1


class NowLane:
    """Does everything at once."""

    def do(self, work, done, failed, *, key: str = "") -> None:
        done(work())


def test_the_tree_shows_what_was_counted_and_estimates_beyond_eight_windows(tmp_path: Path) -> None:
    llm, items = CountingLLM(), files(264)
    session = ChatSession(llm, tmp_path)
    told: list[int] = []
    counts = TokenCounts(NowLane(), lambda: told.append(1))  # type: ignore[arg-type]
    counts.want(items, session)
    shown = [str(counts.of(item)) for item in items]
    assert counts.is_beyond and shown[0] == "65" and shown[-1].startswith("≈")
    asked = len(llm.asked)
    counts.go_on()
    assert len(llm.asked) == asked  # nothing is left to do
    counts.want(items[:2], session)
    assert not counts.is_beyond and not str(counts.of(items[0])).startswith("≈")
