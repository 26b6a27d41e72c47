"""This engine beside what else answers with the same model, in one run and in turn.

`python -m benchmarks.engine [--json] [--quick]`: the first token and writing behind short and long prompts, a
second question, an answer that quotes the code with drafts and without, and many files documented one by one
and together. Ours are measured through the product: an engine's process and the client that everybody uses.
Beside it run plain `generate` in its fastest numeric form, `transformers serve`, llama.cpp, and
node-llama-cpp where `NODE_LLAMA_CPP` names a folder that has it.

Each prompt begins with a line that nobody was asked before, so nothing of it is known, and a ratio is of two
answers of one round. Five rounds take half an hour; `--quick` is one round without the longest prompt.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from benchmarks import contestants, llama_cpp
from benchmarks.asked import Asked
from benchmarks.contestants import Contestant
from benchmarks.report import Report, median
from docstra_tui.errors import DocstraError
from docstra_tui.llm.base import BaseLLM
from docstra_tui.llm.many import Many

LONG, LONGEST = 3600, 7600
"""Tokens of a prompt; the window of 8,192 keeps 512 for the answer."""
WRITTEN = 128
"""Tokens of an answer; a whole question is counted as if it had them all."""
FEW = 8
"""Where only the first token is waited for."""
QUOTED = 256
DOCUMENTED = 96
FILES, FILES_QUICK = 20, 6
ROUNDS = 5
LONGEST_ROUNDS = 2
DOCUMENT_ROUNDS = 1
PACKAGES = ("torch", "transformers", "xllamacpp")

RATIOS = (
    ("whole_over_llama", "auto_whole_s", "llama_whole_s", "whole question, ours over llama.cpp", "≤ 0.50"),
    ("int8_whole_over_llama", "int8_whole_s", "llama_whole_s", "the same with int8", "≤ 0.40"),
    ("read_over_bare", "auto_long_first_s", "bare_long_first_s", "reading, over plain generate", "≤ 1.05"),
    ("write_over_llama", "auto_long_rate", "llama_long_rate", "writing behind it, over llama.cpp", "≥ 0.75"),
    ("int8_write_over_llama", "int8_long_rate", "llama_long_rate", "the same with int8", "≥ 1.0"),
    ("write_over_bare", "auto_short_rate", "bare_short_rate", "streamed, over plain generate", "≥ 0.97"),
    ("drafts_quoting", "auto_quote_rate", "undrafted_quote_rate", "quoting, drafts over none", "≥ 1.3"),
    ("drafts_else", "auto_short_rate", "undrafted_short_rate", "not quoting, drafts over none", "≥ 0.97"),
    ("together", "one_by_one_s", "together_s", "files documented, one by one over together", "≥ 1.5"),
    ("auto_over_plain", "auto_long_rate", "plain_long_rate", "writing, our loop over generate's", ""),
    ("second_over_first", "auto_second_s", "auto_long_first_s", "second question over the first", ""),
)
"""Name, what is over what, what that is, and what it shall be."""


class Samples:
    """What was measured, by name and round; each is told to standard error as it comes."""

    def __init__(self) -> None:
        self._values: dict[str, dict[int, float]] = defaultdict(dict)

    def add(self, round_: int, **values: float) -> None:
        for name, value in values.items():
            self._values[name][round_] = value
            print(f"{round_}  {name} {value:.3f}", file=sys.stderr)

    def median(self, name: str) -> float | None:
        """Over the rounds; None where it was never measured."""
        values = self._values.get(name, {})
        return median(list(values.values())) if values else None

    def ratio(self, first: str, second: str) -> float | None:
        """The median of first over second, each pair of one round."""
        one, other = self._values.get(first, {}), self._values.get(second, {})
        rounds = one.keys() & other.keys()
        return median([one[at] / other[at] for at in rounds]) if rounds else None

    def names(self) -> list[str]:
        return list(self._values)


class Run:
    """All of it, for those who are there."""

    def __init__(self, llm: BaseLLM, there: Mapping[str, Contestant], *, is_quick: bool) -> None:
        self._llm = llm
        self._there = there
        self._asked = Asked(llm)
        self._is_quick = is_quick
        self.samples = Samples()

    def measure(self) -> None:
        """Each case of each round for all, one after the other."""
        for who, contestant in self._there.items():
            contestant.answer(self._asked.story(f"hello {who}"), FEW)
            self.samples.add(0, **{f"{who}_load_s": contestant.load_s})
        for round_ in range(1 if self._is_quick else ROUNDS):
            for case in (self._short, self._long, self._quote):
                for who, contestant in self._in_turn(round_):
                    case(round_, who, contestant)
            if round_ < LONGEST_ROUNDS and not self._is_quick:
                for who, contestant in self._in_turn(round_):
                    self._longest(round_, who, contestant)
            if round_ < DOCUMENT_ROUNDS:
                self._document(round_)

    def _in_turn(self, round_: int) -> list[tuple[str, Contestant]]:
        """Another one is the first in each round."""
        all_ = list(self._there.items())
        at = round_ % len(all_)
        return all_[at:] + all_[:at]

    def _short(self, round_: int, who: str, contestant: Contestant) -> None:
        timed = contestant.answer(self._asked.story(f"{who} {round_}"), WRITTEN)
        found = {f"{who}_short_first_s": timed.first_s, f"{who}_short_rate": timed.tokens_per_s}
        self.samples.add(round_, **found)

    def _long(self, round_: int, who: str, contestant: Contestant) -> None:
        question, items = self._asked.files(f"{who} {round_}", LONG)
        timed = contestant.answer(question, WRITTEN)
        second = contestant.answer(self._asked.second(items, timed.text or "It reads files."), FEW)
        found = {
            f"{who}_long_first_s": timed.first_s,
            f"{who}_long_rate": timed.tokens_per_s,
            f"{who}_whole_s": timed.whole_s(WRITTEN),
            f"{who}_second_s": second.first_s,
        }
        self.samples.add(round_, **found)

    def _longest(self, round_: int, who: str, contestant: Contestant) -> None:
        question, _ = self._asked.files(f"{who} {round_} longest", LONGEST)
        timed = contestant.answer(question, WRITTEN)
        found = {f"{who}_longest_first_s": timed.first_s, f"{who}_longest_rate": timed.tokens_per_s}
        self.samples.add(round_, **found)

    def _quote(self, round_: int, who: str, contestant: Contestant) -> None:
        timed = contestant.answer(self._asked.quoting(f"{who} {round_}"), QUOTED)
        self.samples.add(round_, **{f"{who}_quote_rate": timed.tokens_per_s})

    def _document(self, round_: int) -> None:
        """As `document` asks: one after the other, and several on their way at once."""
        count = FILES_QUICK if self._is_quick else FILES
        start = time.monotonic()
        for asked in self._asked.documents("one by one", count):
            str(self._llm.stream(asked.messages, max_tokens=DOCUMENTED, temperature=0.0, stable=asked.stable))
        alone = time.monotonic() - start
        questions = self._asked.documents("together", count)
        start = time.monotonic()
        for answered in Many(self._llm, questions, max_tokens=DOCUMENTED):
            if answered.error is not None:
                raise answered.error
        self.samples.add(round_, one_by_one_s=alone, together_s=time.monotonic() - start)


def main() -> None:
    """Measure who is there."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and whoever was started is ended
    report = Report("answers of one model, in seconds (_s) and tokens a second (_rate)", flags=["--quick"])
    with ExitStack() as stack:
        there: dict[str, Contestant] = {}
        ours = stack.enter_context(contestants.ours("auto"))
        ours.llm.temperature = 0.0
        there["auto"] = ours
        for who, come in _others(ours.llm).items():
            try:
                there[who] = stack.enter_context(come)
            except (DocstraError, RuntimeError, TimeoutError, OSError) as error:
                report.say(f"{who}_left_out", str(error))
        run = Run(ours.llm, there, is_quick="--quick" in sys.argv)
        run.measure()
    _tell(report, run.samples, there)


def _others(llm: BaseLLM) -> dict[str, AbstractContextManager[Any]]:
    """Who else may be there, by name."""
    found: dict[str, AbstractContextManager[Any]] = {
        name: contestants.ours(name) for name in contestants.OURS if name != "auto"
    }
    found |= {"bare": contestants.plain(), "serve": contestants.serve()}
    if llama_cpp.is_there():
        found["llama"] = contestants.llama()
    if contestants.has_node():
        found["node"] = contestants.node(llm)
    return found


def _tell(report: Report, samples: Samples, there: Mapping[str, Contestant]) -> None:
    for package in PACKAGES:
        try:
            report.say(package, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            report.say(package, "not there")
    report.say("machine", f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if isinstance(bare := there.get("bare"), contestants.Plain):
        report.say("bare_dtype", bare.dtype)
    for name in sorted(samples.names()):
        report.add(name, samples.median(name), name)
    for name, first, second, meaning, target in RATIOS:
        report.add(name, samples.ratio(first, second), meaning, target)
    report.end()


if __name__ == "__main__":
    main()
