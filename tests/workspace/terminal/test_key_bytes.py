"""What a terminal sends means the same however it is cut, and no byte of it is an error."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.workspace.terminal.key_bytes import END, START, VISIBLE_ESC, KeyBytes, Typed

PIECES = st.sampled_from(
    ["a", "é", "\r", "\n", "\t", "\x03", "\x1b", "\x1b[", "[201~", "\x1b[31m", "\x1b[20", START]
)
CONTENT = st.lists(PIECES, max_size=30).map("".join).filter(lambda text: END not in text + END[:-1])
BEGINNINGS = [
    *(
        b"\x1b",
        b"\x1b[",
        b"\x1bO",
        b"\x1b]",
        b"\x1bP",
        b"\x1b_",
        b"\x1b[M",
        b"\x1b[[",
        b"\x1b[?",
        b"\x1b[27;",
    ),
    *(b"\x1b]11;rgb:", b"\x1bP>|", b"\x1b\\", b"\x07", b"\x1b[200~", b"\x1b[201~", b"\x1b[<0;1;1M"),
    *(b"A", b"~", b"u", b"c", b"$y", b"\r", b"\n", b"\t", b"\x7f", b"\x00", b" ", b"x", b"1", b";"),
    *("é😀\u200b".encode(), b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f", b"\x80", b"\xed\xa0\x80", b"\x9b"),
]
TEXT = st.text(st.characters(exclude_characters="\x1b", codec="utf-8"))
KEYS = st.sampled_from(["a", "é", "\x1b[A", "\x1bOP", "\x1b[3~", "\x1bf", "\r", "\x7f"])
BYTES = st.lists(st.sampled_from(BEGINNINGS) | st.binary(max_size=4), max_size=30).map(b"".join)
CUTS = st.lists(st.integers(0, 500), max_size=12)

REPLIES = {
    "primary attributes": "\x1b[?64;1;2;6;9;15;22c",
    "secondary attributes": "\x1b[>41;354;0c",
    "tertiary attributes": "\x1bP!|00000000\x1b\\",
    "text colour": "\x1b]10;rgb:d8d8/d4d4/cccc\x1b\\",
    "background colour, the short end": "\x1b]11;rgb:1616/1616/1a1a\x07",
    "a palette colour": "\x1b]4;1;rgb:cccc/0000/0000\x1b\\",
    "name and version": "\x1bP>|XTerm(354)\x1b\\",
    "terminfo": "\x1bP1+r544e=787465726d\x1b\\",
    "graphics": "\x1b_Gi=31;OK\x1b\\",
}
"""Whole answers that are dropped here, in every face."""


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    marks = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(marks) if start < end]


def read(*pieces: bytes | str, reader: KeyBytes | None = None, wait: float = 5.0) -> list[Typed]:
    """What the pieces are, when they came at once and then nothing; texts side by side are one."""
    reader = reader or KeyBytes()
    found: list[Typed] = []
    for piece in pieces:
        found += reader.feed(piece.encode() if isinstance(piece, str) else piece, 1.0)
    found += reader.tick(1.0 + wait)
    return joined(found)


def joined(found: Iterable[Typed]) -> list[Typed]:
    out: list[Typed] = []
    for typed in found:
        if out and out[-1].kind == typed.kind == "text":
            out[-1] = Typed("text", out[-1].text + typed.text)
        else:
            out.append(typed)
    return out


def shown(found: Iterable[Typed]) -> list[str]:
    """Pastes as `<text>`, all else as it came."""
    return [f"<{typed.text}>" if typed.kind == "paste" else typed.text for typed in found]


# Any bytes


@given(BYTES, CUTS)
def test_any_bytes_cut_anywhere_are_the_same(data: bytes, places: list[int]) -> None:
    assert read(*cut(data, places)) == read(data)


@given(BYTES)
def test_no_byte_is_an_error_and_a_key_is_a_sequence(data: bytes) -> None:
    for typed in read(data):
        if typed.kind == "key":
            assert typed.text.startswith("\x1b") and len(typed.text) <= 65
        else:
            assert "\x1b" not in typed.text
            typed.text.encode()  # no lone surrogate


@given(st.lists(TEXT.map(str.encode) | st.just(b"\xff"), max_size=8))
def test_without_an_escape_everything_is_text_in_its_order(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert "".join(shown(read(data))) == data.decode("utf-8", "replace")


@given(st.lists(KEYS, max_size=12), CUTS)
def test_keys_and_text_stay_in_their_order(parts: list[str], places: list[int]) -> None:
    assert "".join(shown(read(*cut("".join(parts).encode(), places)))) == "".join(parts)


@pytest.mark.parametrize("data", [b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98"])
def test_a_byte_that_is_no_utf_8_is_one_sign(data: bytes) -> None:
    assert shown(read(b"a" + data)) == ["a\ufffd"]
    assert shown(read(b"a" + data, b"b")) == ["a\ufffdb"]
    assert shown(read(START.encode() + b"a" + data + b"b" + END.encode())) == ["<a\ufffdb>"]


# Keys


def test_alt_and_enter_is_one_key_in_every_terminal() -> None:
    assert shown(read("abc\x1b\rdef")) == ["abc", "\x1b\r", "def"]


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("\x1b[27;2;13~", ["\x1b[13;2u"]),
        ("\x1b[27;5;106~", ["\x1b[106;5u"]),
        ("\x1b[27;2;65~", ["A"]),
        ("\x1b[13;2u", ["\x1b[13;2u"]),
        ("\x1b\x1b[A", ["\x1b", "\x1b[A"]),
        ("\x1b\x03", ["\x1b", "\x03"]),
        ("\x1b[[Ax", ["\x1b[[A", "x"]),
        ("\x1b[3$x", ["\x1b[3$", "x"]),
        ("\x1b[?2026;2$yx", ["\x1b[?2026;2$y", "x"]),
        ("\x1b[M !!x", ["\x1b[M !!", "x"]),
        ("\x1bOPx", ["\x1bOP", "x"]),
        ("\x1b]x", ["\x1b]", "x"]),
        ("\x1bPut", ["\x1bP", "ut"]),
        ("\x1b[\rx", ["\x1b[", "\rx"]),
        ("\x1b[12\rx", ["\rx"]),
    ],
)
def test_a_key_ends_where_it_ends(sent: str, meant: list[str]) -> None:
    assert shown(read(sent)) == meant


def test_escape_is_a_key_when_nothing_follows_and_its_wait_is_told() -> None:
    reader = KeyBytes()
    assert reader.wait(1.0) is None
    assert reader.feed(b"\x1b", 1.0) == []
    assert reader.wait(1.04) == pytest.approx(0.06)
    assert reader.tick(1.05) == []
    assert shown(reader.tick(1.11)) == ["\x1b"]
    assert reader.wait(1.2) is None


def test_a_begun_number_is_dropped_when_its_end_never_comes() -> None:
    assert shown(read("a\x1b[1;", wait=0.5)) == ["a"]
    assert shown(read("a\x1b[1;", wait=2.0)) == ["a"]


# Answers of the terminal


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_an_answer_of_the_terminal_is_no_text_however_it_is_cut(reply: str) -> None:
    data = f"a{reply}b".encode()
    for place in range(len(data)):
        assert (
            "".join(typed.text for typed in read(data[:place], data[place:]) if typed.kind != "key") == "ab"
        )


def test_an_answer_whose_first_byte_came_long_before_the_rest_is_still_none() -> None:
    for reply in ("\x1b[?64;1;2c", "\x1b]11;rgb:1616/1616/1a1a\x1b\\", "\x1bP>|foot\x1b\\", "\x1b[A"):
        reader = KeyBytes()
        reader.feed(b"\x1b", 1.0)
        assert shown(reader.tick(1.2)) == ["\x1b"]
        rest = joined(reader.feed(reply[1:].encode() + (b"" if reply == "\x1b[A" else b"x"), 1.3))
        assert [typed.text for typed in rest if typed.kind == "text"] in ([], ["x"])
        assert reader.wait(1.3) is None


def test_enter_gets_out_of_an_answer_that_never_ends_and_silence_too() -> None:
    assert shown(read("\x1b]11;rgb:16\rabc")) == ["\rabc"]
    reader = KeyBytes()
    reader.feed(b"\x1b]11;rgb:16", 1.0)
    assert reader.tick(2.1) == []
    assert shown(reader.feed(b"abc", 2.2)) == ["abc"]


def test_an_answer_is_never_longer_than_one_is() -> None:
    assert set("".join(shown(read("\x1b]11;" + "x" * 5000)))) == {"x"}


# Pastes


@given(CONTENT, CONTENT, CUTS)
def test_every_cutting_gives_the_same_pastes_and_keys(first: str, second: str, places: list[int]) -> None:
    wire = f"x{START}{first}{END}y\x1b[A{START}{second}{END}\r"
    pasted = [f"<{text}>".replace("\x1b", VISIBLE_ESC) for text in (first, second)]
    found = shown(read(*cut(wire.encode(), places)))
    assert found == ["x", pasted[0], "y", "\x1b[A", pasted[1], "\r"]


def test_a_long_coloured_log_is_one_paste_at_once() -> None:
    log = "".join(f"\x1b[3{n % 8}mline {n}\x1b[0m end\r" for n in range(9000))
    wire = (START + log + END).encode()
    before = time.process_time()
    found = read(*(wire[at : at + 4096] for at in range(0, len(wire), 4096)))
    assert time.process_time() - before < 0.5
    assert shown(found) == [f"<{log}>".replace("\x1b", "␛")]


def open_paste() -> KeyBytes:
    reader = KeyBytes()
    assert reader.feed((START + "text\r").encode(), 1.0) == []
    return reader


def test_a_paste_without_an_end_ends_by_silence_and_its_rest_is_still_no_key() -> None:
    reader = open_paste()
    assert reader.tick(1.9) == []
    assert shown(reader.tick(2.1)) == ["<text\r>"]
    rest = "and the rest\r of a stalled link\r" * 3
    assert reader.feed(rest.encode(), 3.0) == []
    assert shown(reader.feed(f"last\r{END}k".encode(), 3.1)) == [f"<{rest}last\r>", "k"]
    assert shown(reader.feed(b"k", 3.2)) == ["k"]


def test_a_paste_without_an_end_ends_by_escape() -> None:
    reader = open_paste()
    assert reader.feed(b"\x1b", 1.5) == []
    assert reader.tick(1.6) == []
    assert shown(reader.tick(1.8)) == ["<text\r>"]
    assert shown(reader.feed(b"[201~k", 1.9)) == ["k"]  # it was the end mark after all
    assert shown(reader.feed(b"\r", 2.0)) == ["\r"]


def test_an_escape_that_a_read_cut_off_from_its_paste_is_pasted() -> None:
    reader = open_paste()
    assert reader.feed(b"\x1b", 1.01) == []
    assert reader.tick(1.5) == []
    assert shown(reader.tick(2.1)) == [f"<text\r{VISIBLE_ESC}>"]


def test_a_start_mark_of_which_a_key_was_made_already_still_starts_a_paste() -> None:
    reader = KeyBytes()
    reader.feed(b"\x1b", 1.0)
    assert shown(reader.tick(1.2)) == ["\x1b"]
    assert shown(reader.feed(f"[200~a{END}".encode(), 1.5)) == ["<a>"]


def test_an_end_mark_too_many_is_no_letter() -> None:
    """tmux pastes a mark that stands in the text, which ends the paste there."""
    reader = KeyBytes()
    assert shown(reader.feed(f"{START}a{END}b{END}c".encode(), 1.0)) == ["<a>", "b", "c"]
