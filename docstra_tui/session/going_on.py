"""Which answers can be gone on with: those that were cut, as long as nothing was asked behind them.

The same turn goes on: what stands there stays, and no question is asked. Knows no model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import Settings, Usage
from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.llm.written import Written
from docstra_tui.session.sent_settings import MOST_KEPT, last_sent
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import SavedTurn

TYPED = "/continue"
"""What one writes to go on with the last answer."""

CUT = ("cancelled", "interrupted", "failed")
"""How an answer ended that is not whole, whatever the model said."""

HALF = "\ufffd"
"""What stands for a character whose other bytes did not come."""


def begun(answer: str) -> str:
    """What of an answer is gone on behind: a last character that was cut in two is written anew."""
    return answer.rstrip(HALF)


def is_cut(turn: SavedTurn) -> bool:
    """True where there is some of an answer, or of the thinking before it, and more may follow."""
    has_text = bool(begun(turn.answer).strip() or begun(turn.thinking).strip())
    is_open = turn.status in CUT or (turn.status == "done" and turn.finish_reason == "length")
    return has_text and is_open and turn.finish_reason != "filtered" and turn.task not in (PART, JOIN)


def going_on(
    turns: Sequence[SavedTurn], turn_id: int | None = None, own: Collection[int] | None = None
) -> TurnRequest:
    """For the rest of an answer, the last one where none is named; with `own`, of one of these turns. Raises
    `DocstraError` where there is none, with what can be done instead."""
    turn = turns[-1] if turns else None
    if turn is None or (turn_id is not None and all(one.id != turn_id for one in turns)):
        raise DocstraError("There is no answer that could be gone on with.")
    if turn_id is not None and turn.id != turn_id:
        raise DocstraError(
            "Something was asked behind that answer: only the last one can be gone on with.",
            "/retry asks an earlier question again.",
        )
    if turn.status == "streaming" and own is not None and turn.id not in own:
        raise DocstraError("Another program is writing that answer.", "/resume reads the session again.")
    if turn.status == "streaming":
        raise DocstraError("That answer is still being written.", "Stop it first, or wait for it.")
    if not is_cut(turn):
        raise DocstraError(_why_not(turn), "/retry asks its question again.")
    if own is not None and turn.id not in own:
        raise DocstraError(
            "Another program has this session open, and may go on with that answer.",
            "/retry has another one beside it.",
        )
    files = tuple(item.label for item in turn.files)
    return TurnRequest(turn.task, turn.question, turn.fields, files=files, written=TYPED, goes_on=turn)


def written(turn: SavedTurn) -> Written:
    """What there is of it."""
    return Written(begun(turn.answer), begun(turn.thinking))


@dataclass(frozen=True)
class Before:
    """A turn as it stood before it was gone on with."""

    turn: SavedTurn
    """A copy."""

    @classmethod
    def of(cls, turn: SavedTurn) -> Before:
        return cls(replace(turn))

    def gone_on_with(self, settings: Settings) -> tuple[Settings, ...]:
        """All that it was gone on with, these now among them where they are new."""
        old = self.turn
        is_new = settings != last_sent(old)
        return (*old.gone_on_with, settings)[-MOST_KEPT:] if is_new else old.gone_on_with

    def put_back(self, turn: SavedTurn) -> None:
        """Nothing was sent: it ended as it had ended."""
        old = self.turn
        turn.answer, turn.thinking = old.answer, old.thinking
        turn.status, turn.finish_reason, turn.error = old.status, old.finish_reason, old.error

    def add_to(self, turn: SavedTurn) -> None:
        """What was written before counts too; how long one waited for it is what it was."""
        old, new = self.turn, turn.usage
        turn.usage = Usage(
            old.usage.prompt_tokens if old.usage.prompt_tokens is not None else new.prompt_tokens,
            _sum(old.usage.completion_tokens, new.completion_tokens),
            old.usage.reused_tokens if old.usage.prompt_tokens is not None else new.reused_tokens,
            _sum(old.usage.thinking_tokens, new.thinking_tokens),
        )
        turn.ttft_s = old.ttft_s if old.ttft_s is not None else turn.ttft_s
        turn.tokens_per_s = turn.tokens_per_s if turn.tokens_per_s is not None else old.tokens_per_s
        seconds = [one for one in (old.thinking_s, turn.thinking_s) if one is not None]
        turn.thinking_s = sum(seconds) if seconds else None


def _sum(old: int | None, new: int | None) -> int | None:
    return None if old is None or new is None else old + new


def _why_not(turn: SavedTurn) -> str:
    if turn.task in (PART, JOIN):
        return "That is one of several answers to parts of the files: it cannot be gone on with."
    if not (begun(turn.answer).strip() or begun(turn.thinking).strip()):
        return "There is nothing of that answer yet that could be gone on with."
    if turn.finish_reason == "filtered":
        return "The rest of that answer was kept back by a content filter."
    return "That answer is whole: the model ended it by itself."
