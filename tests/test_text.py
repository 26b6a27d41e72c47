"""Nothing that is shown can command the terminal, and no two names look the same."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.text import disarm, sanitize_line, sanitize_text, shown_name

ANYTHING = st.text(st.characters(codec=None))

NASTY = st.text(
    st.one_of(
        st.characters(max_codepoint=0xA0),
        st.characters(min_codepoint=0x2000, max_codepoint=0x2070),
        st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"]),
        st.characters(min_codepoint=0xE0000, max_codepoint=0xE0080),
    )
)

JOINERS = "\u200c\u200d"


def commands(text: str, allowed: str = "") -> list[str]:
    """The characters a terminal or a reader's eye could be fooled by."""
    return [
        character
        for character in text
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or 0xE0000 <= ord(character) <= 0xE007F
        or (character in "\u061c\u200b\u200e\u200f\u2060\ufeff\u00ad\u180e\u3164")
        or 0x202A <= ord(character) <= 0x202E
        or 0x2066 <= ord(character) <= 0x2069
        if character not in allowed
    ]


@given(st.one_of(ANYTHING, NASTY))
def test_no_control_is_left(text: str) -> None:
    assert commands(sanitize_text(text), allowed="\n") == []
    assert commands(sanitize_line(text)) == []
    assert commands(shown_name(text)) == []


@given(st.one_of(ANYTHING, NASTY), st.integers(0, 40))
def test_where_a_piece_ends_does_not_matter(text: str, cut: int) -> None:
    whole = text.replace("\r\n", "\n")
    assert sanitize_text(whole[:cut]) + sanitize_text(whole[cut:]) == sanitize_text(whole)


@given(st.one_of(ANYTHING, NASTY))
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    once = sanitize_text(text)
    assert sanitize_text(once) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a␛[31mb"),
        ("\x00\x07\x08", "␀␇␈"),
        ("\x7f", "␡"),
        ("\x9b31m \x9d", "⟨9b⟩31m ⟨9d⟩"),
        ("\udcff", "⟨dcff⟩"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("\tx", "    x"),
        ("a\ufe00b\ufe0d", "a⟨U+FE00⟩b⟨U+FE0D⟩"),
        ("x\U000e0100\U000e01ef", "x⟨U+E0100⟩⟨U+E01EF⟩"),
        ("\u034f\u17b4\u17b5\u2800", "⟨U+034F⟩⟨U+17B4⟩⟨U+17B5⟩⟨U+2800⟩"),
        ("\U0001d173\U0001d17a", "⟨U+1D173⟩⟨U+1D17A⟩"),
        ("☑\ufe0e ☑\ufe0f", "☑\ufe0e ☑\ufe0f"),
        ("👩\u200d💻 می\u200cخواهم", "👩\u200d💻 می\u200cخواهم"),
    ],
)
def test_every_kind_has_its_sign(text: str, shown: str) -> None:
    assert sanitize_text(text) == shown
    assert sanitize_line(text) == shown.replace("\n", "␊")


def test_clean_text_is_given_back_itself() -> None:
    text = "def f():\n    return 'größe'\n" * 40_000  # 1.2 MB
    started = time.perf_counter()
    assert sanitize_text(text) is text
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name (1).py", "plain name (1).py"),
        ("größe.py", "größe.py"),
        ("bad\udcff\udcfe.py", r"$'bad\377\376.py'"),
        (b"bad\xff.py", r"$'bad\377.py'"),
        ("a\nb", r"$'a\nb'"),
        ("it's\x1b", r"$'it\'s\033'"),
        ("x\x9b", r"$'x\302\233'"),
        ("x\u202ey", r"$'x\u202ey'"),
    ],
)
def test_odd_names_are_shown_as_a_shell_would_take_them(name: str | bytes, shown: str) -> None:
    assert shown_name(name) == shown


@given(NASTY, NASTY)
def test_two_names_never_look_the_same(one: str, other: str) -> None:
    if one != other:
        assert shown_name(one) != shown_name(other)


@pytest.mark.parametrize(
    ("text", "passed_on"),
    [
        ("\tif x:\n\t\ty\n", "\tif x:\n\t\ty\n"),
        ("a\u200bb\u00adc\ufeff", "a\u200bb\u00adc\ufeff"),
        ("x\u2800\u3164\ufe00", "x\u2800\u3164\ufe00"),
        ("a\x1b[31m\x07\x7f\x9b", "a␛[31m␇␡⟨9b⟩"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("a\u202eb\u2066\u200f", "a⟨U+202E⟩b⟨U+2066⟩⟨U+200F⟩"),
        ("a\u2028b\U000e0041\udcff", "a⟨U+2028⟩b⟨U+E0041⟩⟨dcff⟩"),
    ],
)
def test_what_is_passed_on_keeps_all_that_cannot_act(text: str, passed_on: str) -> None:
    assert disarm(text) == passed_on


@given(st.one_of(ANYTHING, NASTY))
def test_what_is_passed_on_ends_its_lines_where_it_is_seen_to(text: str) -> None:
    passed_on = disarm(text)
    assert passed_on.split("\n") == [*passed_on.splitlines(), *([""] if passed_on[-1:] in ("", "\n") else [])]
    assert sanitize_text(passed_on) == sanitize_text(text)
