"""What checking takes: while an answer streams, and of a long one over many files."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from random import Random

from benchmarks.citations.answers import answer
from benchmarks.citations.drafts import Sent
from benchmarks.citations.sources import Source
from benchmarks.drawing_run import run
from benchmarks.drawing_text import pieces
from benchmarks.report import median
from docstra_tui.session.citations.checking import Checker, verify

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


def costs(files: Sequence[Source]) -> dict[str, float | None]:
    """Both, in seconds and as the share of what the view takes."""
    view = drawn()
    few = about(files, 60_000)
    rich = re.findall(r"\s*\w{1,6}|\s*[^\w\s]{1,3}|\s+", text_about(few, 5 * TOKENS))[:TOKENS]
    plain = streamed(few, pieces(TOKENS))
    cited = streamed(few, rich)
    many = about(files, MANY)
    long = text_about(many, LONG)
    items = [file.item for file in many.files]
    walls, cpus = [], []
    for _ in range(REPEATS):
        began, begun = time.perf_counter(), time.process_time()
        verify(long, items)
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - begun)
    return {
        "view_cpu_s": view,
        "streaming_cpu_s": plain,
        "streaming_share": plain / view if view else None,
        "streaming_cited_share": cited / view if view else None,
        "long_answer_ms": median(walls) * 1000,
        "long_answer_cpu_ms": median(cpus) * 1000,
    }
