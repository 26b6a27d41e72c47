"""What a ranked list of files is worth, against the files that answer a question."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Question:
    """One line of a set."""

    id: str
    corpus: str
    text: str
    gold: frozenset[str]
    groups: Mapping[str, str]
    """Its kind and style, as `kind=error`."""


def read(path: Path) -> list[Question]:
    """The questions of a set."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            groups = {key: f"{key}={row[key]}" for key in ("style", "kind", "corpus") if key in row}
            gold = frozenset(row["gold"])
            found.append(Question(row["id"], row["corpus"], row["question"], gold, groups))
    return found


def measured(gold: frozenset[str], ranked: Sequence[str]) -> dict[str, float]:
    """hit@k: one is among the first k; recall@8: how many are; MRR: one over the rank of the first."""
    first = next((place for place, path in enumerate(ranked, 1) if path in gold), 0)
    return {
        "hit@1": float(first == 1),
        "hit@5": float(0 < first <= 5),
        "hit@8": float(0 < first <= 8),
        "recall@8": len(gold.intersection(ranked[:8])) / len(gold),
        "MRR": 1 / first if first else 0.0,
    }


def summed(answers: Iterable[tuple[Question, Sequence[str]]]) -> dict[str, dict[str, float]]:
    """The means over all questions, and over each group of them."""
    rows: dict[str, list[dict[str, float]]] = defaultdict(list)
    for question, ranked in answers:
        figures = measured(question.gold, ranked)
        for group in ("all", *question.groups.values()):
            rows[group].append(figures)
    return {
        group: {
            "questions": len(found),
            **{name: round(sum(row[name] for row in found) / len(found), 3) for name in found[0]},
        }
        for group, found in rows.items()
    }
