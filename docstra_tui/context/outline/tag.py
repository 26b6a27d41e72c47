"""A name that a program gives a meaning to, whoever finds it: a parser, or somebody who goes by the lines."""

from __future__ import annotations

from typing import NamedTuple

NAMES = 20_000
"""Names that are given of one text."""
LONGEST = 120
"""Characters of a name."""


class Tag(NamedTuple):
    """A name that is given a meaning; lines from 1, both counted in."""

    name: str
    """With what it stands in: `Retry.sleep`."""
    kind: str
    line: int
    end: int
