"""A turn as it is kept, and the saved conversation it belongs to. Knows neither disk nor model."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import FinishReason, Settings, Usage
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import PART
from docstra_tui.session.tree import LAST_ASKED, NO_TURN, Node, TurnTree

Status = Literal["streaming", "done", "cancelled", "interrupted", "failed"]
"""`interrupted`: the program ended while the answer was written; every other end has its own word."""

TITLE_LENGTH = 60

LOST = "damaged on disk"
"""The `detail` of an item whose text can no longer be read as it was sent; it is never sent again."""

LABEL = "not imported"
"""The `detail` of an item of which only the name came from elsewhere: nothing is read or sent by it."""

WITHOUT_TEXT = frozenset({LOST, LABEL})
"""The details of items that have no text here, whatever their fingerprint is that of."""


ON = " on "
"""In who answered, between a model and the server that it was on."""


@dataclass(frozen=True)
class Placed:
    """A context item at its place in the conversation."""

    turn_id: int
    """The turn whose question it stands in front of."""
    item: ContextItem


@dataclass
class SavedTurn:
    """One question and its answer, with all that is needed to show it and to send it again."""

    question: str
    """The words shown as the user's; for a task, its name and what it is about."""
    task: str = "answer_question"
    """The template's name."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The template's values."""
    context: tuple[ContextItem, ...] = ()
    """The items that entered the conversation with this turn, as they were sent."""
    earlier: tuple[Placed, ...] = ()
    """The items of earlier turns that were sent along, as they were then."""
    left_out: tuple[str, ...] = ()
    """What did not fit and was not sent, by the user's choice; ready to show."""
    damage: tuple[str, ...] = ()
    """What of it a damaged disk took, ready to show."""
    answer: str = ""
    thinking: str = ""
    """What the model thought before it answered; shown, and never sent again."""
    thinking_s: float | None = None
    """Seconds from the first thought to the last; None without any."""
    status: Status = "streaming"
    error: DocstraError | None = None
    """Why a `failed` turn failed."""
    finish_reason: FinishReason | None = None
    usage: Usage = field(default_factory=Usage)
    ttft_s: float | None = None
    """Seconds from sending to the first piece, a thought or text."""
    tokens_per_s: float | None = None
    model: str = ""
    """Who answered."""
    settings: Settings | None = None
    """Those that were sent with the question, and who answered, as far as that was told; None where they are
    not recorded, as by older programs."""
    gone_on_with: tuple[Settings, ...] = ()
    """Those with which the answer was gone on with, where they were others than before."""
    asked: float = field(default_factory=time.time)
    """Seconds since 1970; grows within a session."""
    id: int = field(default_factory=lambda: secrets.randbits(62))
    """Random, so that it is known before any disk has answered."""
    parent: int = field(default=LAST_ASKED, compare=False)
    """The turn before it: its place, and nothing that it says."""

    @property
    def files(self) -> tuple[ContextItem, ...]:
        """Everything the answer could know: all items that were sent, in order."""
        return tuple(placed.item for placed in self.earlier) + self.context

    @property
    def has_answer(self) -> bool:
        """True when there is something to continue from; without it, the model never hears of the turn."""
        return self.status != "streaming" and bool(self.answer.strip())

    @property
    def is_told(self) -> bool:
        """True when the model hears of it with later questions: of one that was put to parts of the files
        only what joins the answers."""
        return self.has_answer and self.task != PART


@dataclass(frozen=True)
class WaitingQuestion:
    """A question that was accepted and whose turn has not begun."""

    text: str
    """As it was written; what a task was started with, as one would type it."""
    accepted: float = field(default_factory=time.time)
    """Seconds since 1970."""
    id: int = field(default_factory=lambda: secrets.randbits(62))
    """That of the turn which it becomes."""


@dataclass(frozen=True)
class ModelChoice:
    """Which model answers, as it can be opened again. Holds no credentials."""

    server: str = ""
    """The URL up to and including `/v1`; empty for an engine of this machine."""
    name: str = ""
    """As it was asked for, or as the server names it."""
    revision: str = ""
    quant: str = ""


@dataclass(frozen=True)
class SessionSummary:
    """One row of the list of sessions."""

    id: str
    title: str
    root: str
    """The folder it was about."""
    model: str
    updated: float
    """Seconds since 1970."""
    turns: int
    unsent: str = ""
    """What waits, else what was typed, and was not sent; one line."""


@dataclass(frozen=True)
class Asked:
    """A question that was asked once, in whatever session."""

    text: str
    at: float
    """Seconds since 1970."""
    root: str = ""
    """The folder that the session was about."""


@dataclass(frozen=True)
class StoredSession:
    """A whole conversation as it was found."""

    id: str
    title: str
    root: str
    model: str
    draft: str
    """What was typed and not sent."""
    created: float
    updated: float
    turns: tuple[SavedTurn, ...]
    """Those of the path to its tip, oldest first."""
    skipped: int = 0
    """Turns before these that were not read."""
    choice: ModelChoice = ModelChoice()
    """Which model answered last."""
    waiting: tuple[WaitingQuestion, ...] = ()
    """Accepted, and left behind by a process that is gone; in their order."""
    nodes: tuple[Node, ...] = ()
    """Every turn of it, those of other branches and those that are deleted among them."""
    tip: int = NO_TURN
    """The last turn of the path that is shown."""
    is_titled: bool = False
    """True when somebody gave it its title."""
    is_elsewhere: bool = False
    """True when another living program wrote there last."""

    @property
    def forks(self) -> dict[int, tuple[int, ...]]:
        """For each turn that others stand beside, all that are in its place, oldest first."""
        return TurnTree(self.nodes).forks

    @property
    def elsewhere(self) -> int:
        """How many turns stand on other branches than the path."""
        return max(0, sum(not node.is_deleted for node in self.nodes) - self.skipped - len(self.turns))


def title_of(question: str) -> str:
    """A session's title from its first question: one line of at most 60 characters."""
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"
