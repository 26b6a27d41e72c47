"""The contract with Textual: every way a text reaches the terminal passes the net."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from docstra_tui.text import UNSAFE, sanitize_text
from docstra_tui.tui.driver import strips

HOSTILE = ["\x1b]52;c;eA==\x07", "\x9b31m", "a\x00b", "\x7f", "\u202egnp.exe", "\udcff", "\U000e0041", "\r\n"]
HOSTILE += ["a\u3164b", "a\u2028b", "\ufe00", "\U000e0100", "\u2800"]


@pytest.fixture(autouse=True)
def net():
    strips.install()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_drawn_line_holds_no_control_character_of_its_text(text):
    console = Console(color_system="truecolor", force_terminal=True)
    drawn = Strip([Segment(text, Style(bold=True)), Segment(text)]).render(console)
    assert UNSAFE.search(drawn.replace("\x1b[1m", "").replace("\x1b[0m", "")) is None


@pytest.mark.parametrize("text", HOSTILE)
def test_a_styled_text_and_its_link_are_clean(text):
    from rich.color import ColorSystem

    drawn = Strip.render_style(Style(link=f"https://x/{text}"), text, ColorSystem.TRUECOLOR)
    assert UNSAFE.search(drawn) is None


def test_textual_s_own_control_segments_pass():
    console = Console(color_system="truecolor", force_terminal=True)
    segment = Segment("\x1b[2J", None, [(3,)])  # type: ignore[list-item]
    assert "\x1b[2J" in Strip([segment]).render(console)


def test_clean_text_is_left_as_it_is():
    console = Console(color_system="truecolor", force_terminal=True)
    assert "héllo ☑ 世界" in Strip([Segment("héllo ☑ 世界")]).render(console)


def test_the_net_is_put_up_once():
    before = Strip.render
    strips.install()
    assert Strip.render is before


def test_the_net_catches_whatever_the_screen_does_not_draw_as_it_is():
    console = Console(color_system="truecolor", force_terminal=True)
    every = [chr(code) for code in range(0x110000)]
    odd = [character for character in every if sanitize_text(character) != character]
    for start in range(0, len(odd), 1000):
        some = odd[start : start + 1000]
        drawn = Strip([Segment("".join(some))]).render(console)
        assert [character for character in some if character in drawn] == []
    assert [character for character in odd if strips.is_clean(f"x{character}")] == []
    not_plain = {*odd, "\n"}
    plain = "".join(character for character in every if character not in not_plain)
    assert strips.clean(plain) == plain
