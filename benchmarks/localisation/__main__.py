"""Asks every question of a set, each of the index of its corpus, which is made anew."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path

import benchmarks.localisation
from benchmarks.localisation.corpora import fetched
from benchmarks.localisation.naming import named
from benchmarks.localisation.scoring import Question, read, summed
from benchmarks.report import median
from docstra_tui.context.search.index.project import ProjectIndex
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.ranking.weights import WEIGHTS, Weights
from docstra_tui.context.search.suggestions import suggest

OWN = Path(__file__).with_name("questions.jsonl")
LIMIT = 20

Figures = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=benchmarks.localisation.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, as the last line")
    parser.add_argument("--set", type=Path, default=OWN, metavar="FILE.jsonl")
    parser.add_argument("--corpora", type=Path, metavar="FOLDER")
    parser.add_argument("--ablate", action="store_true", help="also without each signal")
    parser.add_argument("--names", action="store_true", help="also questions that name a file, in ten ways")
    parser.add_argument(
        "--predictions", type=Path, metavar="FILE", help="write what was found for each question"
    )
    given = parser.parse_args()
    if given.corpora is None and given.set != OWN:
        parser.error("a set of questions needs the --corpora that it is about")
    questions = read(given.set)
    corpora = given.corpora or fetched()
    told = sys.stderr if given.json else sys.stdout
    with tempfile.TemporaryDirectory() as cache, ExitStack() as stack:
        os.environ["DOCSTRA_CACHE_DIR"] = cache
        began = time.perf_counter()
        readers = {}
        for corpus in sorted({question.corpus for question in questions}):
            index = ProjectIndex(corpora / corpus)
            index.refresh()
            readers[corpus] = stack.enter_context(index.reader())
        indexing = time.perf_counter() - began
        answers, seconds = asked(readers, questions)
        figures = summed(zip(questions, answers, strict=True))
        ablated = without(readers, questions) if given.ablate else {}
        ways = named(readers, WEIGHTS) if given.names else {}
        before = named(readers, replace(WEIGHTS, named=0)) if given.names else {}
    if given.predictions is not None:
        given.predictions.write_text(
            "".join(
                json.dumps({"id": question.id, "ranked": list(ranked)}) + "\n"
                for question, ranked in zip(questions, answers, strict=True)
            )
        )
    for group, row in figures.items():
        print(_line(group, row), file=told)
    for name, groups in ablated.items():
        print(_line(f"without {name}", groups["all"]), file=told)
    for way, share in ways.items():
        print(f"named {way:26} {share:.3f}  without: {before[way]:.3f}", file=told)
    print(f"{seconds * 1000:.0f} ms a question (median), {indexing:.1f} s for the indexes", file=told)
    if given.json:
        print(
            json.dumps(
                {
                    **figures["all"],
                    "groups": figures,
                    "without": {name: groups["all"] for name, groups in ablated.items()},
                    "named": ways,
                    "question_ms": round(seconds * 1000, 1),
                    "index_s": round(indexing, 1),
                }
            )
        )


def asked(
    readers: dict[str, IndexReader], questions: Sequence[Question], weights: Weights = WEIGHTS
) -> tuple[list[tuple[str, ...]], float]:
    """What is offered for each question, and the median of the seconds that it takes."""
    answers, seconds = [], []
    for question in questions:
        began = time.perf_counter()
        found = suggest(readers[question.corpus], question.text, limit=LIMIT, weights=weights)
        seconds.append(time.perf_counter() - began)
        answers.append(tuple(one.path for one in found.files))
    return answers, median(seconds)


def without(readers: dict[str, IndexReader], questions: Sequence[Question]) -> dict[str, Figures]:
    """The figures without each signal: a word in a path or a name counts then as it does elsewhere."""
    found = {}
    for signal in fields(Weights):
        nothing = 1.0 if signal.name in ("path", "names", "faint") else 0.0
        answers, _ = asked(readers, questions, replace(WEIGHTS, **{signal.name: nothing}))
        found[signal.name] = summed(zip(questions, answers, strict=True))
    return found


def _line(name: str, row: dict[str, float]) -> str:
    figures = "  ".join(f"{key} {value:.3f}" for key, value in row.items() if key != "questions")
    return f"{name:24} {row['questions']:4.0f}  {figures}"


if __name__ == "__main__":
    main()
