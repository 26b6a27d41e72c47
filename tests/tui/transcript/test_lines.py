"""Breaking text, counting heights, reading code."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from docstra_tui.tui.transcript.heights import Heights
from docstra_tui.tui.transcript.lines import break_text, cut_bits, wrap_bits
from docstra_tui.tui.transcript.source_lines import SPLIT, SourceLines

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


def test_code_is_highlighted_by_windows_and_the_new_lines_only(monkeypatch):
    read: list[int] = []
    from docstra_tui.tui.transcript import lexing

    whole = lexing.read_lines
    monkeypatch.setattr(lexing, "read_lines", lambda *a: read.append(len(a[1])) or whole(*a))
    lines = SourceLines("python")
    for number in range(400):
        lines.add(f"x = {number}")
        lines.read()
    assert sum(read) < 400 * 5


def test_a_very_long_line_is_split_and_not_highlighted():
    lines = SourceLines("json")
    lines.add("[" + "1," * SPLIT + "]")
    lines.end()
    lines.read()
    assert len(lines) == 3
    assert len(lines.bits(0)) == 1


def test_lexers_that_fail_cost_only_their_colour(monkeypatch):
    from docstra_tui.tui.transcript import lexing

    def broken(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(lexing, "_tokens", broken)
    lines = SourceLines("python")
    lines.add("x = 1")
    lines.end()
    lines.read()
    assert "".join(text for text, _ in lines.bits(0)) == "x = 1"
