"""Files in parts that fit: nothing is lost, nothing stands twice, and their order stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.context.fitting.parts import JOINED, group
from docstra_tui.llm.items import ContextItem


def words(item: ContextItem) -> int:
    return 3 + len(item.content.split())


def file(name: str, *lines: str) -> ContextItem:
    return ContextItem("".join(line + "\n" for line in lines), name, "python")


def test_what_lies_side_by_side_stays_together_as_long_as_it_fits() -> None:
    files = [file(name, "x " * 10) for name in ("a", "b", "c", "d", "e")]
    found = group(files, words, 2 * (13 + JOINED))
    assert [part.labels for part in found.parts] == [("a", "b"), ("c", "d"), ("e",)]
    assert found.parts[0].tokens == 2 * (13 + JOINED) and found.left_out == ()


def test_a_file_that_is_too_long_is_cut_between_lines() -> None:
    long = file("long.py", *(f"line {number} of it" for number in range(1, 101)))
    found = group([file("a.py", "x"), long, file("z.py", "x")], words, 120)
    assert found.parts[0].labels[0] == "a.py" and found.parts[-1].labels[-1] == "z.py"
    pieces = [item for part in found.parts for item in part.items if item.path == "long.py"]
    assert "".join(piece.content for piece in pieces) == long.content
    assert (pieces[0].start_line, pieces[-1].end_line) == (1, 100)
    assert all(part.tokens <= 120 for part in found.parts)


def test_lines_of_a_file_are_cut_by_their_own_numbers() -> None:
    some = ContextItem("a b c d\n" * 40, "some.py", "python", 101, 140)
    pieces = [item for part in group([some], words, 60).parts for item in part.items]
    assert (pieces[0].start_line, pieces[-1].end_line) == (101, 140) and len(pieces) > 2


@pytest.mark.parametrize("lines", [("x " * 500,), ("short", "x " * 500, "short")])
def test_a_line_that_is_too_long_for_any_part_is_named(lines: tuple[str, ...]) -> None:
    found = group([file("min.js", *lines)], words, 100)
    assert len(found.left_out) == 1 and found.left_out[0].startswith("min.js")
    assert sum(len(part.items) for part in found.parts) == (2 if len(lines) > 1 else 0)


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=25), max_size=6),
    st.integers(40, 200),
)
def test_every_line_stands_in_exactly_one_part(files: list[list[int]], room: int) -> None:
    items = [file(f"f{n}.py", *("w " * count for count in lines)) for n, lines in enumerate(files)]
    found = group(items, words, room)
    assert found.left_out == ()
    assert all(part.tokens <= room and part.items for part in found.parts)
    texts = ["" for _ in items]
    order = []
    for part in found.parts:
        for item in part.items:
            order.append(int(str(item.path)[1:-3]))
            texts[order[-1]] += item.content
    assert texts == [item.content for item in items] and order == sorted(order)
