"""What a file is called by people: with its ending, without it, or as the folder that it opens."""

from __future__ import annotations

import posixpath

from docstra_tui.context.search.stems import parted

OPENING = frozenset({"init", "index", "mod"})
"""Names that say nothing of a file but that its folder is meant: `retry/__init__.py`, `retry/index.ts`."""


def name_of(text: str) -> str:
    """The same for all ways to write a name: `RetryState`, `retry_state`, `retry-state`, `retry state`."""
    return "".join(parted(text))


def names_of(path: str) -> list[str]:
    """`retrystate` and `retrystatepy`; one with another beginning of the ending is known by both."""
    folder, name = posixpath.split(path)
    stem = name_of(posixpath.splitext(name)[0])
    names = [stem, name_of(name)]
    if stem in OPENING:
        names.append(name_of(posixpath.basename(folder)))
    return [*dict.fromkeys(filter(None, names))]
