"""The inline chat on a terminal of few characters: signs as people type them, and no cell more or less."""

from __future__ import annotations

import io

from prompt_toolkit.application import create_app_session, get_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import get_cwidth

from docstra_tui.charset import IN_A_CELL, SIGNS
from docstra_tui.repl.printer import Printer
from docstra_tui.repl.terminal_output import NarrowOutput, own_output


def written(encoding: str, drawn: str, printed: str = "") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with (
        create_app_session(output=Vt100_Output(stream, lambda: Size(24, 80), enable_cpr=False)),
        own_output(),
    ):
        output = get_app_session().output
        output.write(drawn)
        output.flush()
        if printed:
            Printer(Style([])).piece(printed)
    return stream.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


def test_what_is_drawn_keeps_its_cells_whatever_the_terminal_can_show() -> None:
    assert written("ascii", "ready · 2 files… → far 日本 é") == "ready - 2 files. > far ???? ?"
    assert written("latin-1", "ready · é → 日") == "ready · é > ??"
    assert written("utf-8", "ready · é → 日") == "ready · é → 日"
    assert all(sign.isascii() and get_cwidth(sign) == 1 for sign in IN_A_CELL.values())
    assert IN_A_CELL.keys() == SIGNS.keys() and all(map(str.isascii, SIGNS.values()))


def test_what_is_printed_is_spelled_as_in_a_shell() -> None:
    assert written("ascii", "", "Loading… “a” → b · 日") == 'Loading... "a" -> b - \\u65e5'
    assert written("latin-1", "", "a · b → c") == "a · b -> c"


def test_a_terminal_that_shows_everything_keeps_its_output() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    output = Vt100_Output(stream, lambda: Size(24, 80))
    with create_app_session(output=output), own_output():
        assert get_app_session().output is output
    assert not isinstance(output, NarrowOutput)
