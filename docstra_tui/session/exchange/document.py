"""The JSON of one conversation: its shape, and how large one may be that somebody else made.

A tree of turns, each with the number of the one before it. Files are named once, by number, with the
fingerprint of what was sent; their text is not in it. Every field is here and none is free, so that
nothing in it can be nested deeper than the shape is.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from docstra_tui.llm.answer import FinishReason, Setting
from docstra_tui.session.citations.citation import Kind
from docstra_tui.session.citations.citation import Status as CitationStatus
from docstra_tui.session.turns import Status

FORMAT: Literal["docstra-tui session"] = "docstra-tui session"
VERSION: Literal[2] = 2
"""The first one said nothing of what a turn was sent with; all else is the same."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a file."""
MOST_TURNS = 20_000
MOST_FILES = 100_000
MOST_CITED = 10_000
"""Citations of one answer."""
MOST_NAMED = 1_000_000
"""Files of all turns together, counted with each turn that had them."""

Count = Annotated[int, Meta(ge=0, lt=10**9)]
Figure = Annotated[float, Meta(ge=0, lt=1e9)]
Moment = Annotated[float, Meta(ge=0, lt=32_503_680_000)]
"""Seconds since 1970."""
Word = Annotated[str, Meta(max_length=300)]
Path = Annotated[str, Meta(max_length=8_192)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Settings = Annotated[dict[Word, Setting], Meta(max_length=100)]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the model that answered last was chosen. Read by people: nothing is opened by it."""

    name: Word = ""
    wanted: Word = ""
    """As it was asked for."""
    revision: Word = ""
    quant: Word = ""
    server: Annotated[str, Meta(max_length=2_000)] = ""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as it was sent, without its text."""

    path: Path | None
    """None for code without a name."""
    sha256: Digest
    """Of the text that was sent."""
    language: Word = ""
    start_line: Count | None = None
    end_line: Count | None = None
    detail: Word = ""
    """`outline` and the like, where it was not the file's text."""


class Error(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a turn failed."""

    kind: Word
    message: str
    hint: str = ""


class Cited(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer says of the files, and what became of it when it was looked up. Not taken in again."""

    text: str
    kind: Kind
    path: Path | None
    line: Count | None
    """Where it stands."""
    status: CitationStatus


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question and its answer."""

    id: Count
    """From 1, in the order in which they were asked."""
    parent: Count
    """The turn before it; 0 for none. Two with the same one are in each other's place."""
    asked: Moment
    question: str
    status: Status
    task: Word = ""
    """The template's name; what it was filled with is not told."""
    files: list[Count] = []
    """That came with it, by their place in `files`."""
    earlier: list[tuple[Count, Count]] = []
    """That were sent along: the turn they came with (0: none of these), and the place in `files`."""
    left_out: list[str] = []
    damage: list[str] = []
    answer: str = ""
    citations: Annotated[list[Cited], Meta(max_length=MOST_CITED)] = []
    thinking: str | None = None
    thinking_s: Figure | None = None
    error: Error | None = None
    finish_reason: FinishReason | None = None
    model: Word = ""
    settings: Settings | None = None
    """Those it was sent with, and who answered, as far as that was told; null where they are not recorded."""
    gone_on_with: Annotated[list[Settings], Meta(max_length=100)] = []
    """Those its answer was gone on with, where they were others than before."""
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    reused_tokens: Count | None = None
    thinking_tokens: Count | None = None
    ttft_s: Figure | None = None
    tokens_per_s: Figure | None = None


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole conversation."""

    format: Literal["docstra-tui session"]
    version: Literal[1, 2]
    title: str
    root: Path
    """The folder it was about. A name: nothing is opened by it."""
    created: Moment
    updated: Moment
    turns: Annotated[list[Turn], Meta(max_length=MOST_TURNS)]
    files: Annotated[list[File], Meta(max_length=MOST_FILES)] = []
    tip: Count = 0
    """The last turn of the path that was shown."""
    titled: bool = False
    """True when somebody gave it its title."""
    unsent: list[str] = []
    """What was accepted or typed, and not asked."""
    model: Model = Model()
    settings: Settings = {}
    """Those in force where and when it was exported."""
    program: Word = ""
