"""Breaking text, counting heights, reading code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from docstra_tui.tui.transcript.blocks import look
from docstra_tui.tui.transcript.blocks.lines import break_text, cut_bits, wrap_bits
from docstra_tui.tui.transcript.blocks.source_lines import SPLIT, SourceLines
from docstra_tui.tui.transcript.layout.heights import Heights
from docstra_tui.workspace.colouring.code_colours import MOST

words = st.text(alphabet=st.sampled_from(list("abc  漢字é👍-")), max_size=80)


@given(text=words, width=st.integers(2, 20))
@settings(deadline=None)
def test_broken_text_fits_and_is_all_there(text, width):
    parts = break_text(text, width)
    assert all(cell_len(text[a:b]) <= width for a, b, _ in parts if text[a:b].strip(" "))
    again = "".join(("" if joint == "\n" else joint) + text[a:b] for a, b, joint in parts)
    assert again.replace(" ", "") == text.replace(" ", "")


@given(text=words, cut=st.integers(0, 80), width=st.integers(2, 20))
@settings(deadline=None)
def test_looks_survive_the_breaks(text, cut, width):
    bits = tuple(bit for bit in ((text[:cut], 1), (text[cut:], 2)) if bit[0])
    drawn = "".join(piece for line, _ in wrap_bits(bits, width) for piece, look in line if look == 1)
    assert drawn.replace(" ", "") == text[:cut].replace(" ", "")


def test_bits_are_cut_at_characters():
    assert cut_bits((("ab", 1), ("cd", 2)), [(0, 1), (1, 3), (3, 4)]) == [
        (("a", 1),),
        (("b", 1), ("c", 2)),
        (("d", 2),),
    ]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.data())
def test_heights_know_where_everything_begins(values, data):
    heights = Heights(values)
    index = data.draw(st.integers(0, len(values) - 1))
    heights.set(index, 5)
    heights.append(3)
    values = [*values, 3]
    values[index] = 5
    assert [heights.top(i) for i in range(len(values) + 1)] == [
        sum(values[:i]) for i in range(len(values) + 1)
    ]
    for y in range(sum(values)):
        found, row = heights.find(y)
        assert sum(values[:found]) + row == y
        assert 0 <= row < values[found]


def test_whole_code_is_painted_line_by_line_and_growing_code_is_plain():
    lines = SourceLines("python")
    lines.add("x = 1")
    lines.add("y = 'a'")
    assert lines.is_growing and not lines.wants_colours
    lines.end()
    assert lines.wants_colours and lines.code == "x = 1\ny = 'a'"
    lines.paint([[4, 0, 1, 10]], is_all=False)
    assert lines.wants_colours
    assert lines.bits(0) == (("x = ", 0), ("1", 10 << look.TOKEN))
    assert lines.bits(1) == (("y = 'a'", 0),)
    lines.paint([[4, 0, 1, 10], [4, 0, 3, 11]], is_all=True)
    assert not lines.wants_colours
    assert lines.bits(1) == (("y = ", 0), ("'a'", 11 << look.TOKEN))


@given(st.text(alphabet="ab漢👍", max_size=12), st.lists(st.integers(0, 40), max_size=12))
def test_whatever_the_colours_say_the_text_stays(text, colours):
    lines = SourceLines("python")
    lines.add(text)
    lines.end()
    lines.paint([colours, colours], is_all=True)
    assert "".join(piece for piece, _ in lines.bits(0)) == text


@pytest.mark.parametrize("language", ["", "text", "Plain", "console-output"])
def test_nobody_is_asked_about_code_that_has_no_colours(language):
    lines = SourceLines(language)
    lines.add("x = 1")
    assert not lines.is_growing
    lines.end()
    assert not lines.wants_colours


def test_a_very_long_line_is_split_and_not_coloured():
    lines = SourceLines("json")
    lines.add("[" + "1," * SPLIT + "]")
    lines.add("true")
    lines.end()
    assert len(lines) == 4
    assert lines.code == "\n\n,]\ntrue"


def test_code_without_end_is_coloured_as_far_as_it_goes():
    lines = SourceLines("python")
    for _ in range(3 * MOST // 100):
        lines.add("x" * 100)
    lines.end()
    assert len(lines.code) < MOST * 1.02
