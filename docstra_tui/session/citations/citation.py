"""A citation: one claim of an answer about files, and what became of it when it was looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["quote", "fence", "place", "path", "symbol"]
"""Code in a line of text, code in a fence, lines of a file, a file, a name."""

Status = Literal["found", "repaired", "moved", "missing", "ambiguous", "changed", "unchecked"]
"""`found` to the letter · `repaired`: but for white space, or with parts left out where it says so ·
`moved`: it stands elsewhere than the answer says · `missing`: not in what was sent · `ambiguous`: it may mean
several files · `changed`: it stood there when it was sent, and the file is another one now · `unchecked`:
nothing that can be looked up."""

GOOD: frozenset[Status] = frozenset({"found", "repaired"})
"""What is a ✓."""


@dataclass(frozen=True)
class Named:
    """The place that an answer gives."""

    path: str = ""
    """As the answer writes it, without `./` and with `/`; empty where it names only lines."""
    line: int | None = None
    end_line: int | None = None
    """Last line, inclusive; None where one line is named, or none."""

    def __str__(self) -> str:
        """`src/a.py:3-9`, as short as it is known."""
        if self.line is None:
            return self.path
        lines = f"{self.line}" if self.end_line in (None, self.line) else f"{self.line}-{self.end_line}"
        return f"{self.path}:{lines}" if self.path else f"line {lines}"


@dataclass(frozen=True)
class Citation:
    """A reference of an answer, checked."""

    text: str
    """As it stands in the answer: the quote, a fence's body, a place, a path, a name. Hostile."""
    kind: Kind
    path: str | None
    """The sent file in which it stands, or the one that it names; None where neither is known."""
    line: int | None
    """Where it stands; else the line that is named. Numbers are the file's."""
    end_line: int | None
    status: Status
    start: int
    """Characters into the answer."""
    end: int
    named: Named
    """What the answer says itself."""
    note: str = ""
    """A few words beside the mark, empty where the mark says all. Holds text of the answer: sanitise it."""

    @property
    def is_good(self) -> bool:
        """True for a ✓."""
        return self.status in GOOD
