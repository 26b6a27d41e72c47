"""Saved turns as the conversation shows them: every text safe, every end in its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from docstra_tui.errors import DocstraError
from docstra_tui.session.going_on import is_cut
from docstra_tui.text import sanitize_line
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.workspace.citing import has_sources
from docstra_tui.workspace.title import served

if TYPE_CHECKING:
    from docstra_tui.session.turns import SavedTurn
    from docstra_tui.workspace.turns.runner import Outcome


def turn_ending(turn: SavedTurn, error: DocstraError | None = None) -> TurnEnding:
    """How a saved turn ended; one that is marked as streaming is written by another terminal."""
    error = error or turn.error
    return TurnEnding(
        status=turn.status,
        finish_reason=turn.finish_reason,
        prompt_tokens=turn.usage.prompt_tokens,
        completion_tokens=turn.usage.completion_tokens,
        ttft_s=turn.ttft_s,
        tokens_per_s=turn.tokens_per_s,
        thinking_s=turn.thinking_s,
        thinking_tokens=turn.usage.thinking_tokens,
        error=sanitize_line(error.message) if error is not None else "",
        hint=sanitize_line(error.hint) if error is not None else "",
        without_files=not has_sources(turn),
        goes_on=is_cut(turn),
        notes=_notes(turn),
        model=served(turn.model),
    )


def _notes(turn: SavedTurn) -> tuple[str, ...]:
    not_sent = f"not sent: {', '.join(turn.left_out)}" if turn.left_out else ""
    damaged = f"damaged on disk: {', '.join(turn.damage)}" if turn.damage else ""
    return tuple(note for note in (not_sent, damaged) if note)


def shown_turn(turn: SavedTurn) -> ShownTurn:
    """A saved turn as the conversation shows it."""
    files = tuple(item.label for item in turn.files)
    return ShownTurn(turn.question, turn.answer, files, turn_ending(turn), turn.thinking, turn.id)


def shown_turns(turns: Sequence[SavedTurn]) -> list[ShownTurn]:
    """All turns of a conversation: only the last answer can go on."""
    shown = [shown_turn(turn) for turn in turns]
    return [*map(followed, shown[:-1]), *shown[-1:]]


def followed(turn: ShownTurn) -> ShownTurn:
    """One that others follow: its answer cannot go on."""
    return replace(turn, ending=replace(turn.ending, goes_on=False)) if turn.ending.goes_on else turn


def ending_of(outcome: Outcome) -> TurnEnding:
    """How a turn ended that has just been asked."""
    if outcome.turn is not None:
        return turn_ending(outcome.turn, outcome.error)
    if outcome.error is not None:
        return TurnEnding("failed", error=outcome.error.message, hint=outcome.error.hint)
    return TurnEnding("cancelled")
