"""A paste is one text, however it is cut: nothing in it is a key, and it ends."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser

from docstra_tui.tui import paste
from docstra_tui.tui.paste import END, START, PasteFilter

paste.install()

PIECES = st.sampled_from(
    ["a", "é", "\r", "\n", "\t", "\x03", "\x1b", "\x1b[", "[201~", "\x1b[31m", "\x1b[20", START]
)
CONTENT = st.lists(PIECES, max_size=30).map("".join).filter(lambda text: END not in text + END[:-1])


def happens(parser: XTermParser, pieces: Iterable[str]) -> list[str]:
    """Pastes as `<text>`, keys by their name."""
    found = [event for piece in pieces for event in parser.feed(piece)]
    return [
        f"<{event.text}>" if isinstance(event, events.Paste) else str(getattr(event, "key", event))
        for event in found
    ]


def cut(text: str, places: Iterable[int]) -> list[str]:
    marks = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(marks) if start < end]


@given(CONTENT, CONTENT, st.lists(st.integers(0, 500), max_size=12))
def test_every_cutting_gives_the_same_pastes_and_keys(first: str, second: str, places: list[int]) -> None:
    wire = f"x{START}{first}{END}y\x1b[A{START}{second}{END}\r"
    shown = [f"<{text}>".replace("\x1b", paste.VISIBLE_ESC) for text in (first, second)]
    assert happens(XTermParser(), cut(wire, places)) == ["x", shown[0], "y", "up", shown[1], "enter"]


def test_a_long_coloured_log_is_one_paste_at_once() -> None:
    log = "".join(f"\x1b[3{n % 8}mline {n}\x1b[0m end\r" for n in range(900))
    wire = START + log + END
    before = time.perf_counter()
    found = happens(XTermParser(), [wire[at : at + 4096] for at in range(0, len(wire), 4096)])
    assert time.perf_counter() - before < 0.5
    assert found == [f"<{log}>".replace("\x1b", "␛")]


@pytest.mark.parametrize("text", ["abc", "\x1b", "\x1b[A", "\x1b[20~", "\x1b[2", "a\x1b[15~b"])
def test_what_is_typed_passes_untouched(text: str) -> None:
    passer = PasteFilter()
    out = passer.feed(text, 1.0, in_sequence=False)
    assert out + passer.tick(3.0) == text


def test_escape_and_arrows_are_not_held_back() -> None:
    assert PasteFilter().feed("\x1b", 1.0, in_sequence=False) == "\x1b"
    assert PasteFilter().feed("\x1b[", 1.0, in_sequence=False) == "\x1b["


def open_paste() -> PasteFilter:
    passer = PasteFilter()
    assert passer.feed(START + "text\r", 1.0, in_sequence=False) == START + "text\r"
    return passer


def test_a_paste_without_an_end_ends_by_silence_and_its_rest_is_still_no_key() -> None:
    passer = open_paste()
    assert passer.tick(1.9) == ""
    assert passer.tick(2.1) == END
    rest = "and the rest\r of a stalled link\r" * 3
    assert passer.feed(rest, 3.0, in_sequence=False) == START + rest
    assert passer.feed("last\r" + END + "k", 3.1, in_sequence=False) == "last\r" + END + "k"
    assert passer.feed("k", 3.2, in_sequence=False) == "k"


def test_a_paste_without_an_end_ends_by_escape() -> None:
    passer = open_paste()
    assert passer.feed("\x1b", 1.5, in_sequence=False) == ""
    assert passer.tick(1.6) == ""
    assert passer.tick(1.8) == END
    assert passer.feed("[201~k", 1.9, in_sequence=False) == "k"  # it was the end mark after all
    assert passer.feed("\r", 2.0, in_sequence=False) == "\r"


def test_a_start_mark_of_which_the_parser_made_a_key_already_still_starts_a_paste() -> None:
    passer = PasteFilter()
    passer.feed("\x1b", 1.0, in_sequence=False)
    assert passer.feed("[200~a", 1.5, in_sequence=False) == START + "a"


def test_the_parser_still_has_what_the_filter_stands_in_front_of() -> None:
    parser = XTermParser()
    assert parser._timeout_time is None
    list(parser.feed("\x1b"))
    assert parser._timeout_time is not None
    before = XTermParser.feed
    paste.install()
    assert XTermParser.feed is before
