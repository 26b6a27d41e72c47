"""A turn that somebody asked for: what is sent, what it is about, and what one writes to ask it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from docstra_tui.context.picks import Pick
from docstra_tui.llm.answer import AnswerStream, Listener
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import TASKS
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.session.turns import SavedTurn, WaitingQuestion

PLAIN = TASKS["ask"]
"""The template of a question as it stands."""


class Among(Protocol):
    """Several requests that are asked together, and shown one after the other."""

    def answer(self, request: TurnRequest, listener: Listener) -> AnswerStream:
        """The answer to one of them."""

    def following(self, request: TurnRequest, answer: str) -> TurnRequest | None:
        """What comes when one of them is answered."""

    def cancel(self) -> None:
        """No more is wanted. Never blocks, any thread."""


@dataclass(frozen=True)
class TurnRequest:
    """From the moment it is asked for until its turn runs."""

    task: str
    """The template's name."""
    shown: str
    """The question as the conversation shows it."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The template's values, as far as they are known."""
    focus: tuple[ContextItem, ...] = ()
    """Items that it is about, whether or not they are ticked."""
    about: Pick | None = None
    """The file of a task over single files, or lines of it: read when the turn begins."""
    template: str = ""
    """The text of a template of the user's own, as it was when it was chosen."""
    files: tuple[str, ...] = ()
    """Labels of what it is asked about, shown until it is known what was sent."""
    written: str = ""
    """What one writes to ask it again, where that is more than `shown`: a command with its words."""
    think: Think | None = None
    """How much to think about this one; None for as much as about all."""
    to_each: bool = False
    """To be put to each part of the files: when it is counted, it becomes several turns."""
    is_alone: bool = False
    """Sent by itself with what it is about: neither the files that are ticked nor what was said go along."""
    among: Among | None = None
    """Those that it is one of, which were asked together."""
    left_out: tuple[str, ...] = ()
    """What could not be sent, said under its answer."""
    parent: int | None = None
    """The turn behind which it is asked, beside those that follow it already; None for the last one."""
    is_retry: bool = False
    """For another answer to a question that was asked before: nobody wrote it just now."""
    goes_on: SavedTurn | None = None
    """The turn whose answer goes on; None for a question."""
    question: WaitingQuestion | None = None
    """As the session keeps it: it waits until the turn has begun, and no longer."""

    @property
    def text(self) -> str:
        """What one writes to ask it again."""
        return self.written or self.shown

    @property
    def typed(self) -> bool:
        """True for what somebody wrote, which goes back to where it was written when it is not asked; False
        for one of the files of a task, for what is asked again, and for an answer that goes on."""
        return self.about is None and not self.is_retry and self.goes_on is None


def plain_question(text: str) -> TurnRequest:
    """A question in the user's own words, sent as it is after the context."""
    return TurnRequest(PLAIN, text, {"question": text})
