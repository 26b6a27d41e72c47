"""Answers about files, claim by claim, with all that has to be said of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from benchmarks.citations import prose
from benchmarks.citations.drafts import Draft, Sent, Truth
from benchmarks.citations.names import NAMES
from benchmarks.citations.proposals import PROPOSALS
from benchmarks.citations.quotes import QUOTES
from benchmarks.citations.sources import Source, changed
from docstra_tui.context.outline.outliner import outline

SHARED = 8
"""Answers about the same files."""
WRITERS = (*QUOTES, *QUOTES, *NAMES, *PROPOSALS)


@dataclass(frozen=True)
class Answer:
    """A text, and the truth about it."""

    text: str
    truths: tuple[Truth, ...]
    """With their places in `text`."""
    claims: tuple[tuple[int, int, bool], ...]
    """Where each draft stands, and whether each of its truths is one citation."""


def answers(seed: int, count: int, files: Sequence[Source]) -> Iterator[tuple[Sent, list[Answer]]]:
    """`count` answers, by the files that they are about."""
    for group in range(-(-count // SHARED)):
        rng = Random(f"{seed} {group}")
        sent = _sent(rng, files)
        yield sent, [answer(sent) for _ in range(min(SHARED, count - group * SHARED))]


def _sent(rng: Random, files: Sequence[Source]) -> Sent:
    chosen: list[Source] = []
    for file in rng.sample(list(files), rng.randint(3, 6)):
        one = changed(rng, file)
        if one.path not in {other.path for other in chosen}:
            chosen.append(one)
    if rng.random() < 0.5:
        chosen.append(_lookalike(rng, chosen[0]))
    unsent = [file for file in rng.sample(list(files), 12) if file.path not in {one.path for one in chosen}]
    stale = {}
    if rng.random() < 0.3:
        old = rng.choice(chosen)
        stale[old.path] = _edited(rng, old)
    outlined = next((file for file in unsent if rng.random() < 0.3 and file.definitions), None)
    outlined_as = outline(outlined.item) if outlined else None
    if outlined_as is None:
        outlined = None
    others = [file for file in unsent if file is not outlined]
    return Sent(rng, chosen, others, stale, outlined, outlined_as)


def _lookalike(rng: Random, file: Source) -> Source:
    """Much the same file elsewhere."""
    return Source(f"legacy/{file.path}", _edited(rng, file).text, file.language, file.first)


def _edited(rng: Random, file: Source) -> Source:
    """The file with lines that are new, gone or changed."""
    lines = []
    for line in file.text.splitlines(keepends=True):
        chance = rng.random()
        if chance < 0.03:
            continue
        if chance < 0.06:
            lines.append("\n")
        if chance > 0.9:
            line = re.sub(r"\b(\d+)\b", "7", line).replace(" == ", " != ").replace(" in ", " not in ")
        lines.append(line)
    return Source(file.path, "".join(lines), file.language, file.first)


def answer(sent: Sent) -> Answer:
    """One answer of three to nine claims, with hostile Markdown among them."""
    rng = sent.rng
    parts: list[str] = []
    truths: list[Truth] = []
    claims: list[tuple[int, int, bool]] = []
    at = 0
    for draft in _drafts(sent, rng.randint(3, 9)):
        text = draft.text if draft.block else prose.around(rng, draft.text)
        if rng.random() < 0.12:
            parts.append(f"{rng.choice(prose.HOSTILE)}\n\n")
            at += len(parts[-1])
        start = at + text.index(draft.text)
        for truth in draft.truths:
            end = len(draft.text) if truth.end < 0 else truth.end
            truths.append(replace(truth, start=start + truth.start, end=start + end))
        claims.append((start, start + len(draft.text), draft.one))
        parts.append(f"{text}\n\n")
        at += len(parts[-1])
    if rng.random() < 0.05:
        parts.append("```python\nnever = closed(" + "`" * rng.randrange(3))
    return Answer("".join(parts), tuple(truths), tuple(claims))


def _drafts(sent: Sent, count: int) -> Iterator[Draft]:
    made = 0
    for _ in range(count * 20):
        draft = sent.rng.choice(WRITERS)(sent)
        if draft is not None:
            yield draft
            made += 1
        if made == count:
            return
