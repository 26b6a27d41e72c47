"""Calling somebody back to the inline chat; its terminal tells of the focus while an answer is written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from prompt_toolkit.application.current import get_app_session

from docstra_tui.repl.terminal_input import TerminalInput
from docstra_tui.workspace.terminal.attention import CALLS, Attention, Notify

TELL, NO_MORE = "\x1b[?1004h", "\x1b[?1004l"
"""Has the terminal say when it gets and loses the focus."""


@contextlib.contextmanager
def watched(kind: Notify, is_whole: Callable[[], bool]) -> Iterator[None]:
    """While something is asked; at its end somebody is called back who went away from a long answer."""
    if kind == "off":
        yield
        return
    found = get_app_session().input
    own = found if isinstance(found, TerminalInput) else None
    attention = Attention(kind, lambda which: _send(CALLS[which]), lambda work, then: then(work()))
    if own is not None:
        own.has_focus = True  # Enter was pressed in it
        _send(TELL)
    attention.began()
    try:
        yield
    finally:
        if own is not None:
            own.look()
            _send(NO_MORE)
        attention.ended(has_focus=own is None or own.has_focus, is_whole=is_whole())


def _send(sequence: str) -> None:
    output = get_app_session().output
    output.write_raw(sequence)
    output.flush()
