"""Questions that name a file, in all ways that people have: asked of files of the corpora, by lot.

Figures are the share of the questions whose file comes first; of several called so any of them may.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from posixpath import basename, dirname, splitext

from docstra_tui.context.search.filenames import OPENING, name_of, names_of
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.ranking.weights import Weights
from docstra_tui.context.search.spelling import parts
from docstra_tui.context.search.suggestions import suggest

FILES = 12
"""Of each corpus."""

WAYS = {
    "as it is": "What does {name} do?",
    "in capitals": "what is in {upper}",
    "with its folder": "Explain {folder}{name} to me",
    "with its folder, no ending": "Who calls {folder}{stem}?",
    "with dots": "What does {dotted} export?",
    "the … module": "What does the {words} module do?",
    "the … file": "Summarise the {words} file",
    "without its ending": "What is {stem} for?",
    "and what is in it": "Which functions and classes does {stem} define?",
    "in one word": "explain {joined}",
}


def named(readers: Mapping[str, IndexReader], weights: Weights) -> dict[str, float]:
    """By way, how often the file that is named comes first."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for _, reader in sorted(readers.items()):
        rows = reader.connection.execute(
            "SELECT path, kind FROM files WHERE id IN (SELECT file FROM named) ORDER BY path"
        ).fetchall()
        called: dict[str, set[str]] = defaultdict(set)
        for path, _ in rows:
            for name in names_of(path):
                called[name].add(path)
        some = [path for path, kind in rows if kind in ("code", "config", "docs") and _says_something(path)]
        for path in random.Random(5).sample(some, min(FILES, len(some))):
            for way, question, name in asked_of(path):
                found = suggest(reader, question, limit=1, weights=weights).files
                hits[way].append(bool(found) and found[0].path in (called[name] or {path}))
    return {way: sum(some) / len(some) for way, some in hits.items()}


def _says_something(path: str) -> bool:
    stem = name_of(splitext(basename(path))[0])
    return bool(stem) and not stem.isdigit() and stem not in OPENING


def asked_of(path: str) -> Iterator[tuple[str, str, str]]:
    """The way, the question, and the name that others may have as well; none where the folder is told."""
    name = basename(path)
    stem = splitext(name)[0]
    words = [part.lower() for word in re.split(r"[\W_]+", stem) for part in parts(word)]
    folder = basename(dirname(path))
    said = {
        "name": name,
        "upper": name.upper(),
        "stem": stem,
        "folder": f"{folder}/" if folder else "",
        "dotted": splitext(path)[0].replace("/", "."),
        "words": " ".join(words),
        "joined": "".join(words),
    }
    for way, question in WAYS.items():
        is_whole = "{name}" in question or "{upper}" in question
        is_alone = "{folder}" not in question and "{dotted}" not in question
        yield way, question.format(**said), name_of(name if is_whole else stem) if is_alone else ""
