"""Checks every answer, at once and in pieces, and adds up what was right."""

from __future__ import annotations

import argparse
import json
import sys
import time
from random import Random

import benchmarks.citations
from benchmarks.citations.answers import answers
from benchmarks.citations.costs import costs
from benchmarks.citations.scoring import Score
from benchmarks.citations.sources import Source, pool
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.checking import Checker, verify
from docstra_tui.session.citations.citation import Citation


def main() -> None:
    parser = argparse.ArgumentParser(
        description=benchmarks.citations.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, as the last line")
    parser.add_argument("--answers", type=int, default=1_200, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument(
        "--faults", type=int, default=0, metavar="N", help="show what went wrong, N of each kind"
    )
    parser.add_argument(
        "--no-cost", action="store_true", help="only what is right and wrong, not how long it takes"
    )
    given = parser.parse_args()
    told = sys.stderr if given.json else sys.stdout
    files = pool()
    began = time.perf_counter()
    score, differing = scored(given.seed, given.answers, files)
    figures: dict[str, float | None] = {**score.figures(), "cut_differs": differing}
    for name, value in figures.items():
        print(f"{value:10}  {name}", file=told)
    kinds = score.kinds()
    for kind, (count, share) in kinds.items():
        print(f"{share:10.4f}  {kind} ({count})", file=told)
    shown: dict[tuple[str, str], int] = {}
    for fault in score.faults:
        key = (fault.why, fault.kind)
        shown[key] = shown.get(key, 0) + 1
        if shown[key] <= given.faults:
            print(f"\n{fault}", file=told)
    print(f"\n{time.perf_counter() - began:.0f} s, {dict(score.citations)}", file=told)
    if not given.no_cost:
        taken = costs(files)
        figures |= {name: None if value is None else round(value, 4) for name, value in taken.items()}
        for name, value in taken.items():
            print(f"{'-' if value is None else f'{value:.3f}':>10}  {name}", file=told)
    if given.json:
        shares = {kind: {"claims": count, "right": share} for kind, (count, share) in kinds.items()}
        print(json.dumps({**figures, "kinds": shares}))


def scored(seed: int, count: int, files: list[Source]) -> tuple[Score, int]:
    """What is right, and how many answers end otherwise when they come in pieces."""
    score, differing = Score(), 0
    for sent, group in answers(seed, count, files):
        items, now = sent.items, sent.now
        for one in group:
            found = verify(one.text, items, now)
            score.add(one, sent.everything, found)
            differing += found != in_pieces(one.text, items, now, sent.rng)
    return score, differing


def in_pieces(
    text: str, items: list[ContextItem], now: dict[str, str | None], rng: Random
) -> tuple[Citation, ...]:
    """The citations of an answer that comes bit by bit."""
    checker = Checker(items, now)
    at = 0
    while at < len(text):
        size = rng.choice((1, 2, 4, 4, 7, 60))
        checker.feed(text[at : at + size])
        at += size
    return checker.finish()


if __name__ == "__main__":
    main()
