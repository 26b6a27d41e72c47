"""What checking takes: while an answer streams, and of a long one over many files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from random import Random

from benchmarks.citations.answers import answer
from benchmarks.citations.drafts import Sent
from benchmarks.citations.sources import Source
from benchmarks.drawing_run import run
from benchmarks.drawing_text import pieces
from benchmarks.report import median
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.checking import Checker

TOKENS, RATE = 3_000, 100
"""Pieces of the answer that streams, and how many of them come in a second."""
LONG, MANY = 100_000, 2_000_000
"""Characters of the long answer, and of the files that it is about."""
REPEATS = 5


def about(files: Sequence[Source], size: int) -> Sent:
    """Files of `size` characters in all, each as it is."""
    rng = Random(f"costs {size}")
    chosen, so_far = [], 0
    for file in rng.sample(list(files), len(files)):
        if so_far < size:
            chosen.append(file)
            so_far += len(file.text)
    return Sent(rng, chosen, [file for file in files if file not in chosen])


def text_about(sent: Sent, size: int) -> str:
    """An answer of `size` characters."""
    parts: list[str] = []
    while sum(map(len, parts)) < size:
        parts.append(answer(sent).text)
    return "".join(parts)[:size]


def streamed(sent: Sent, given: Sequence[str]) -> float:
    """The CPU seconds of this process that the checking of an answer takes, piece by piece."""
    items = [file.item for file in sent.files]
    seconds = []
    for _ in range(REPEATS):
        checker = Checker(items)
        began = time.process_time()
        for piece in given:
            checker.feed(piece)
        checker.finish()
        seconds.append(time.process_time() - began)
    return median(seconds)


def drawn() -> float | None:
    """The CPU seconds in which the view draws its answer of as many pieces."""
    found = run("ours", TOKENS, RATE)
    return None if found is None else found.cpu_s


def checked(answer: str, items: Sequence[ContextItem]) -> tuple[list[list[float]], list[list[float]]]:
    """Seconds on the clock and of this process's CPU: of the first checks of some programs, and of others."""
    given = json.dumps({"answer": answer, "items": [asdict(item) for item in items]})
    first, others = [], []
    for _ in range(REPEATS):
        run = subprocess.run(
            [sys.executable, "-m", "benchmarks.citations.first"],
            input=given,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        once, *more = json.loads(run.stdout)
        first.append(once)
        others += more
    return first, others


def costs(files: Sequence[Source]) -> dict[str, float | None]:
    """Both, in seconds and as the share of what the view takes."""
    view = drawn()
    few = about(files, 60_000)
    rich = re.findall(r"\s*\w{1,6}|\s*[^\w\s]{1,3}|\s+", text_about(few, 5 * TOKENS))[:TOKENS]
    plain = streamed(few, pieces(TOKENS))
    cited = streamed(few, rich)
    many = about(files, MANY)
    long = text_about(many, LONG)
    first, others = checked(long, [file.item for file in many.files])
    return {
        "view_cpu_s": view,
        "streaming_cpu_s": plain,
        "streaming_share": plain / view if view else None,
        "streaming_cited_share": cited / view if view else None,
        "long_answer_ms": median([wall for wall, _ in others]) * 1000,
        "long_answer_cpu_ms": median([cpu for _, cpu in others]) * 1000,
        "first_long_answer_ms": median([wall for wall, _ in first]) * 1000,
        "first_long_answer_cpu_ms": median([cpu for _, cpu in first]) * 1000,
    }
