"""What is being asked while it is still written: the words that files are looked for with."""

from __future__ import annotations

import re

from docstra_tui.errors import UsageError
from docstra_tui.workspace.command_line import parse, question_of
from docstra_tui.workspace.commands import Face

LOOKED_AT = 4_000
"""Characters of what is written; what is pasted behind them is for the model."""

ASKING = frozenset({"ask", "each", "examples", "custom"})
"""Commands whose words are a question."""

_WORD = re.compile(r"[^\W_]{2,}")


def question_in(text: str, face: Face) -> str:
    """The question that stands there; empty where it is none, or not yet a word of it."""
    text = text[:LOOKED_AT]
    try:
        line = parse(text, face)
    except UsageError:
        return ""
    if line is not None:
        text = line.text if line.command.name in ASKING else ""
    question = question_of(text).strip()
    return question if _WORD.search(question) else ""
