"""The inline chat hears of its focus while an answer is written, and keeps what is typed meanwhile."""

from __future__ import annotations

import io
import os
import pty
import select
import tty
from collections.abc import Iterator

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.output.vt100 import Vt100_Output

from docstra_tui.repl.attention import NO_MORE, TELL, watched
from docstra_tui.repl.terminal_input import TerminalInput
from docstra_tui.workspace.terminal import attention
from docstra_tui.workspace.terminal.attention import Notify


@pytest.fixture
def terminal() -> Iterator[tuple[int, TerminalInput]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    with os.fdopen(slave) as opened:
        yield master, TerminalInput(opened)
    os.close(master)


@pytest.mark.parametrize(
    ("kind", "typed", "sent"),
    [
        ("bell", b"a\x1b[Ob", TELL + NO_MORE + "\a"),
        ("bell", b"a\x1b[O\x1b[Ib", TELL + NO_MORE),
        ("bell", b"ab", TELL + NO_MORE),
        ("off", b"", ""),
    ],
)
def test_who_left_the_terminal_is_called_back_and_loses_no_key(
    terminal: tuple[int, TerminalInput],
    monkeypatch: pytest.MonkeyPatch,
    kind: Notify,
    typed: bytes,
    sent: str,
) -> None:
    monkeypatch.setattr(attention, "LONG_SECONDS", 0.0)
    monkeypatch.delenv("TMUX", raising=False)
    master, opened = terminal
    screen = io.StringIO()
    output = Vt100_Output(screen, lambda: Size(24, 80))
    with create_app_session(input=opened, output=output):
        with watched(kind, lambda: True):
            os.write(master, typed)
            assert not typed or select.select([opened.fileno()], [], [], 5)[0]
        assert screen.getvalue() == sent
        keys = "".join(press.data for press in get_typeahead(opened))
    assert keys == typed.replace(b"\x1b[O", b"").replace(b"\x1b[I", b"").decode()
