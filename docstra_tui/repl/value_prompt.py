"""A line on which one value is written, with what comes of it below."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Callable

from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import StyleAndTextTuples

from docstra_tui.repl.folding import behind_mark
from docstra_tui.text import sanitize_line, sanitize_text

PREVIEW_LINES = 12
"""Of what comes of a value while it is written."""


def ask_value(question: str, default: str, below: Callable[[str], str]) -> str | None:
    """The value; None for Ctrl+C and Ctrl+D."""
    session = PromptSession[str]()

    def toolbar() -> StyleAndTextTuples:
        size = session.app.output.get_size()
        lines = wrapped(below(session.default_buffer.text), max(1, size.columns - 1))
        room = max(1, min(PREVIEW_LINES, size.rows - 4))
        shown = lines if len(lines) <= room else [*lines[: room - 1], f"… {len(lines) - room + 1} lines more"]
        return [("", "\n".join(shown))]

    with contextlib.suppress(EOFError, KeyboardInterrupt):
        line = sanitize_line(question) + behind_mark(default)
        return session.prompt(line, default=default, bottom_toolbar=toolbar)
    return None


def wrapped(text: str, width: int) -> list[str]:
    """`text` made safe, in lines that are no wider."""
    return [line for each in sanitize_text(text).split("\n") for line in textwrap.wrap(each, width) or [""]]
