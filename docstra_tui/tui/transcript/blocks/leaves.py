"""What a block of an answer is made of: text, verbatim lines, tables and rules, each with what stands
before it (bullets, the bars of quotes)."""

from __future__ import annotations

from dataclasses import dataclass, field

from docstra_tui.tui.transcript.blocks.lines import Bits
from docstra_tui.tui.transcript.blocks.source_lines import SourceLines


@dataclass
class Leaf:
    """One thing, with its place in lists and quotes."""

    first: Bits = ()
    """What stands before its first line."""
    rest: Bits = ()
    """What stands before the others; as wide as `first`."""
    gap: Bits | None = None
    """The empty line above it (the bars of quotes go through); None: there is none."""


@dataclass
class Text(Leaf):
    """A paragraph or a heading; line feeds are where the model broke the line."""

    bits: Bits = ()


@dataclass
class Verbatim(Leaf):
    """Lines that are shown as they are: code, literal text."""

    lines: SourceLines = field(default_factory=SourceLines)
    is_code: bool = True
    look: int = 0
    info: str = ""
    """What stands after a fence's signs: the language, and whatever else the model wrote there."""


@dataclass
class Table(Leaf):
    """Rows of cells. Rows may be added."""

    alignments: tuple[str, ...] = ()
    """`left`, `right` or `center`, a column."""
    head: tuple[Bits, ...] = ()
    rows: list[tuple[Bits, ...]] = field(default_factory=list)
    is_partial: bool = False
    """True while the last row is not whole: what it makes of the columns is not for good."""


@dataclass
class Rule(Leaf):
    """A line across."""


@dataclass
class Block:
    """A piece of an answer that is finished or still growing as a whole."""

    start: int
    """Where it begins in the answer."""
    end: int
    """Where it ends in the answer; characters."""
    kind: str
    """`text`, `item`, `code`, `table`, `rule` or `literal`."""
    leaves: list[Leaf]
    gap: bool = True
    """An empty line stands above it."""
    is_open: bool = False
    """True while more of it may come."""
