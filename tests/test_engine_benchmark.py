"""The engine's benchmark asks everybody the same, of nothing that is known, and compares within a round."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from benchmarks import engine, running
from benchmarks.asked import Asked
from benchmarks.contestants import OURS, Timed
from benchmarks.engine import RATIOS, Run, Samples
from docstra_tui.llm.prompt import Conversation
from tests.fakes import FakeLLM

ANSWERS = ["It finds lines."] * (2 * engine.FILES_QUICK)


class Quick:
    """Answers at once, and says that it took some time."""

    load_s = 1.0

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.asked: list[Conversation] = []

    def answer(self, asked: Conversation, tokens: int) -> Timed:
        self.asked.append(asked)
        return Timed(10 / self.rate, 10 / self.rate + (tokens - 1) / self.rate, tokens, "It reads.")


def test_a_quick_run_has_every_ratio_of_those_that_are_there() -> None:
    llm, ours, theirs = FakeLLM(*ANSWERS), Quick(20), Quick(10)
    run = Run(llm, {"auto": ours, "llama": theirs}, is_quick=True)
    run.measure()

    assert run.samples.ratio("auto_whole_s", "llama_whole_s") == pytest.approx(0.5)
    assert run.samples.ratio("auto_long_rate", "llama_long_rate") == pytest.approx(2.0)
    assert run.samples.ratio("auto_short_rate", "bare_short_rate") is None
    assert run.samples.median("llama_load_s") == 1.0 and run.samples.median("serve_load_s") is None
    assert run.samples.ratio("one_by_one_s", "together_s")
    batches = [call.batch for call in llm.calls]
    assert batches == [False] * engine.FILES_QUICK + [True] * engine.FILES_QUICK

    told = [asked.messages[-1]["content"] for contestant in (ours, theirs) for asked in contestant.asked]
    assert len({text[:120] for text in told if "Which errors" not in text}) == len(told) - 2
    first, second = ours.asked[2], ours.asked[3]
    assert engine.LONG - 40 < llm.count_tokens(first.messages) <= engine.LONG
    text, again = (asked.messages[1]["content"] for asked in (first, second))
    assert text[: first.stable] == again[: first.stable]


def test_every_ratio_is_of_something_that_is_measured() -> None:
    names = {"auto", "llama", "bare", *OURS}
    run = Run(FakeLLM(*ANSWERS), {name: Quick(1) for name in names}, is_quick=True)
    run.measure()
    for _, first, second, _, _ in RATIOS:
        assert run.samples.ratio(first, second), (first, second)


def test_a_ratio_is_of_the_same_round() -> None:
    samples = Samples()
    for round_, (one, other) in enumerate([(1.0, 2.0), (30.0, 60.0), (2.0, 4.0)]):
        samples.add(round_, one=one, other=other)
    samples.add(3, one=1000.0)
    assert samples.ratio("one", "other") == 0.5
    assert samples.median("one") == 16.0


def test_an_answer_that_ended_early_counts_as_one_of_full_length() -> None:
    assert Timed(2.0, 3.0, 11).whole_s(101) == pytest.approx(12.0)


def test_prompts_are_of_the_length_that_was_asked_for() -> None:
    llm = FakeLLM()
    for tokens in (200, 900):
        asked, items = Asked(llm).files("mark", tokens)
        assert tokens - 40 < llm.count_tokens(asked.messages) <= tokens
        assert items[0].content.startswith("# mark\n")


def test_an_engines_process_can_be_begun_with_other_code(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    usual: Any = lambda command, **how: begun.append(command)  # noqa: E731
    monkeypatch.setattr(subprocess, "Popen", usual)
    command = [sys.executable, "-P", "-m", "docstra_tui.engine", "{}"]
    for prelude in ("", "x = 1"):
        with running._begun_with(prelude):
            subprocess.Popen(command)
    assert subprocess.Popen is usual and begun[0] == command
    code = begun[1][3]
    assert begun[1] == [sys.executable, "-P", "-c", code, "docstra_tui.engine", "{}"]
    assert code.startswith("x = 1\n") and compile(code, "code", "exec")
