"""A project on the disk with its index, made in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from docstra_tui.context.search.asking import Asking
from docstra_tui.context.search.facts import SHIFT, Words
from docstra_tui.context.search.index import database, place
from docstra_tui.context.search.index.building import Building
from docstra_tui.context.search.index.extracted import words_of
from docstra_tui.context.search.index.project import ProjectIndex
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.context.search.index.worker import look_at
from docstra_tui.context.search.numbering import numbers
from docstra_tui.context.search.offered import Suggestions
from docstra_tui.context.search.ranking.evidence import Regions
from docstra_tui.context.search.ranking.weights import WEIGHTS
from docstra_tui.context.search.stems import parted
from docstra_tui.context.search.suggestions import suggest


def indexed(folder: Path, files: Mapping[str, str]) -> IndexReader:
    """Below `folder`, which is empty."""
    root, index = folder / "project", folder / "index" / place.FILE
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    _write(root, index)
    return IndexReader(index)


def own_index(root: Path) -> ProjectIndex:
    """Of this folder, whole, and kept where a face looks for it."""
    index = ProjectIndex(root)
    place.claim(index.folder, root)
    _write(root, index.folder / place.FILE)
    return index


def numbered(texts: Sequence[str]) -> Words:
    """`TEXTS` of each region."""
    return words_of([numbers(text.split()) for text in texts])


def paths_with(reader: IndexReader, *texts: str) -> list[str]:
    """Files that have any of these texts, the words of which stand beside each other."""
    regions = Regions(reader.connection)
    places = [place for text in texts for place in regions.having(parted(text), WEIGHTS).places]
    files = {int(region) >> SHIFT for region in regions.ids[np.array(places, np.int64)]}
    known = reader.connection.execute("SELECT id, path FROM files ORDER BY path").fetchall()
    return [path for file, path in known if file in files]


def asked_here(asking: Asking, index: Path, question: str, **given: Any) -> Suggestions:
    """In the place of `Asking.suggest`, where a test is about a face: without its process."""
    with IndexReader(index) as reader:
        return suggest(reader, question, **given)


def _write(root: Path, index: Path) -> None:
    building = Building(root, lambda wanted: ((one, look_at(root, one)) for one in wanted))
    database.written(index, building.run)
