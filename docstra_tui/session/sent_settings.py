"""What turns were sent with beside their words: kept as JSON, compared, and said. Unknown stays unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from docstra_tui.llm.answer import Setting, Settings
from docstra_tui.session.turns import SavedTurn

MOST = 100
"""Settings of one request."""
MOST_KEPT = 20
"""Of the times that one answer was gone on with, whose settings are kept."""
LONGEST = 300
"""Characters of a name or a value."""
LARGEST = 1e15
"""A larger number is damage, or nobody's."""

NOT_RECORDED = "not recorded"


def to_json(turn: SavedTurn) -> str | None:
    """A list: those of the question, then those that its answer was gone on with. None where nothing is
    recorded."""
    if turn.settings is None and not turn.gone_on_with:
        return None
    first = None if turn.settings is None else dict(turn.settings)
    return json.dumps([first, *map(dict, turn.gone_on_with)])


def from_list(found: Sequence[Any]) -> tuple[Settings | None, tuple[Settings, ...], bool]:
    """What such a list says, nothing that cannot be true; and whether it is whole."""
    first, others = clean(found[0]) if found else None, goings_on(found[1:])
    is_whole = bool(found) and (first is not None or found[0] is None) and None not in others
    return first, tuple(one for one in others if one is not None), is_whole


def goings_on(found: Sequence[Any]) -> list[Settings | None]:
    """As `clean`, of the latest times that an answer was gone on with."""
    return [clean(one) for one in found[-MOST_KEPT:]]


def clean(value: Any) -> Settings | None:
    """Settings that came from elsewhere, within limits; None for what are none."""
    if not isinstance(value, dict):
        return None
    return {name[:LONGEST]: _setting(one) for name, one in list(value.items())[:MOST]}


def _setting(value: Any) -> Setting:
    if isinstance(value, str):
        return value[:LONGEST]
    is_figure = isinstance(value, int | float) and -LARGEST < value < LARGEST
    return value if is_figure else None


def was_sent(turn: SavedTurn) -> bool:
    """False for what came to nothing, and nothing is recorded of: nobody knows that it was ever sent."""
    return turn.settings is not None or bool(turn.answer or turn.thinking) or turn.status == "done"


def same_for_all(turns: Iterable[SavedTurn]) -> bool:
    """True where one word says it of all that were sent."""
    sent = [turn for turn in turns if was_sent(turn)]
    return all(turn.settings == sent[0].settings and not turn.gone_on_with for turn in sent)


def news(turn: SavedTurn, before: SavedTurn | None) -> bool:
    """True where a turn was sent with others than the last one before it that was sent."""
    return was_sent(turn) and (before is None or turn.settings != last_sent(before))


def last_sent(turn: SavedTurn) -> Settings | None:
    """Those of the latest request for its answer."""
    return turn.gone_on_with[-1] if turn.gone_on_with else turn.settings


def shown(value: Setting) -> str:
    """A value as one writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
