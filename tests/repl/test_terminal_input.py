"""From bytes to prompt_toolkit's keys, as the terminal sends them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.keys import Keys

from docstra_tui.repl.terminal_input import keys_of
from docstra_tui.workspace.terminal.key_bytes import KeyBytes
from tests.tui.driver.test_terminal_driver import SEQUENCES
from tests.workspace.terminal.test_key_bytes import BYTES, REPLIES


def keys(data: bytes | str) -> list[str]:
    reader = KeyBytes()
    came = (*reader.feed(data.encode() if isinstance(data, str) else data, 0.0), *reader.tick(10.0))
    return [
        press.data if press.key == Keys.BracketedPaste else str(getattr(press.key, "value", press.key))
        for typed in came
        for press in keys_of(typed)
    ]


@given(st.lists(BYTES | SEQUENCES, max_size=5).map(b"".join))
def test_any_bytes_are_keys_of_which_the_text_can_be_written(data: bytes) -> None:
    for key in keys(data):
        key.encode()


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("a\x1b\rb", ["a", "escape", "c-m", "b"]),
        ("\x1b[13;2u", ["c-j"]),
        ("\x1b[27;2;13~", ["c-j"]),
        ("\x1b[27;5;13~", ["c-j"]),
        ("\x1b[13u", ["c-m"]),
        ("\x1b[27u", ["escape"]),
        ("\x1b[9;2u", ["s-tab"]),
        ("\x1b[99;5u", ["c-c"]),
        ("\x1b[102;3u", ["escape", "f"]),
        ("\x1b[127u", ["c-h"]),
        ("\x1b[55296u", []),
        ("\x1b", ["escape"]),
        ("\x1bf", ["escape", "f"]),
        ("\x1b[A", ["up"]),
        ("\x1b[1;5D", ["c-left"]),
        ("\x1b[12;1R", ["<cursor-position-response>"]),
        ("\x1b[200~one\xff\x1b[201~", ["one\xff"]),
        (b"a\xffb", ["a", "\ufffd", "b"]),
    ],
)
def test_a_key_has_its_name(data: bytes | str, names: list[str]) -> None:
    assert keys(data) == names


@pytest.mark.parametrize("reply", [*REPLIES.values(), "\x1b[?1u", "\x1b[?2026;2$y", "\x1b[8;24;80t"])
def test_a_late_answer_of_the_terminal_is_no_key(reply: str) -> None:
    assert keys(f"a{reply}b") == ["a", "b"]
