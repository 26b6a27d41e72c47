"""What a file that is offered would add: its tokens, whether there is room for it, how long it is read."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.llm.answer import Usage
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.turns import SavedTurn
from docstra_tui.workspace.files.token_counts import Count
from docstra_tui.workspace.suggesting.weights import Sum, Weight, Weights, reading_pace, weight_words
from tests.fakes import FakeLLM


def of(tokens: int, *, is_exact: bool = True) -> Weight:
    return Weight(Count(tokens, is_exact))


def test_a_weight_says_its_tokens_its_seconds_or_that_there_is_no_room() -> None:
    assert weight_words(of(9100), 20_000, None) == "9.1k"
    assert weight_words(of(9100), None, 300.0) == "9.1k · 30 s"
    assert weight_words(of(9100, is_exact=False), 9099, 300.0) == "≈9.1k, no room"
    assert weight_words(of(9100), 9099, 300.0, is_in=True) == "9.1k · 30 s"
    assert weight_words(Weight(), 1, 1.0) == "…"
    assert weight_words(Weight(problem="It is a link."), 1, 1.0) == "It is a link."


def test_the_sum_has_what_the_budget_does_not_know_yet() -> None:
    budget = Budget(1000, 8192, 512, cached=900)
    assert Sum(budget).words(100.0) == "1.0k / 8k tokens · fits · 1.0 s to read"
    more = Sum(budget, [of(7000), of(500)], [of(300)])
    assert more.used == Count(8200, is_exact=False) and more.left == -520
    assert more.words(100.0) == "≈8.2k / 8k tokens · 520 too many"
    assert Sum(budget, [Weight()]).words(None) == "≈1.0k / 8k tokens · fits"
    assert Sum(None, [of(1)]).words(1.0) == "not counted yet" and Sum(None).left is None
    assert Sum(Budget(10, None, 512), [of(5)]).words(None) == "≈15 / ? tokens"


def test_the_pace_is_that_of_the_newest_answer_that_read_enough() -> None:
    def turn(prompt: int | None, reused: int | None, ttft_s: float | None) -> SavedTurn:
        return SavedTurn("why", usage=Usage(prompt, 1, reused), ttft_s=ttft_s)

    slow, warm, untold = turn(1000, 0, 10.0), turn(5000, 4900, 0.5), turn(None, None, 3.0)
    assert reading_pace([turn(4000, 0, 4.0), slow, warm, untold]) == 100
    assert reading_pace([warm, untold]) is None and reading_pace([]) is None


class Told:
    """Waits until what was wanted is weighed."""

    def __init__(self) -> None:
        self.changed = threading.Event()

    def __call__(self) -> None:
        self.changed.set()

    def until(self, condition: Any) -> None:
        for _ in range(100):
            if condition():
                return
            self.changed.wait(0.3)
            self.changed.clear()
        raise AssertionError("it never became so")


def test_files_are_read_and_counted_but_for_another_machine_only_by_their_length(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n" * 50)
    (tmp_path / "large.py").write_text("x" * 2000)
    llm, told = FakeLLM(), Told()
    weights = Weights(tmp_path, lambda path: 1000, told, lambda call: call())
    session = ChatSession(llm, root=tmp_path)
    paths = ["a.py", "large.py", "../out.py", "none.py"]
    weights.want(paths, session, is_elsewhere=True)
    told.until(lambda: weights.of("a.py").count is not None)
    counted = weights.of("a.py").count
    assert counted is not None and not counted.is_exact
    assert all(weights.of(path).problem for path in paths[1:]) and weights.of("b.py") == Weight()

    weights.want(paths, session)
    told.until(lambda: (weights.of("a.py").count or counted).is_exact)
    weights.close()
