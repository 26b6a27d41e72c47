"""Long texts as marks: short where one writes, whole wherever they go."""

from __future__ import annotations

from docstra_tui.workspace.folds import KEPT, Folds

LINES = "\n".join(f"line {number}" for number in range(500))


def test_a_text_has_a_mark_that_says_how_long_it_is() -> None:
    folds = Folds()
    mark = folds.fold(LINES)
    assert mark == "[▸ 500 lines]" and folds.fold("x" * 4_000) == "[▸ 4,000 characters]"
    assert folds.whole(f"why {mark}?") == f"why {LINES}?"
    assert folds.again(f"why {LINES}?") == f"why {mark}?"


def test_each_text_has_a_mark_of_its_own_and_the_same_one_the_same() -> None:
    folds = Folds()
    marks = [folds.fold(LINES), folds.fold(LINES.upper()), folds.fold(LINES)]
    assert marks == ["[▸ 500 lines]", "[▸ 500 lines · 2]", "[▸ 500 lines]"]
    assert folds.whole("".join(marks)) == LINES + LINES.upper() + LINES


def test_what_looks_like_a_mark_and_is_none_stays_as_it_is() -> None:
    folds = Folds()
    assert folds.whole("[▸ 3 lines]") == "[▸ 3 lines]" and folds.spans("[▸ 3 lines]") == []
    folds.fold(LINES)
    assert folds.whole("[▸ 3 lines] [▸ 500 line") == "[▸ 3 lines] [▸ 500 line"
    assert folds.spans("a [▸ 500 lines] b [▸ 3 lines]") == [(2, 15)]


def test_a_mark_inside_a_text_is_part_of_it() -> None:
    folds = Folds()
    mark = folds.fold(LINES)
    outer = folds.fold(f"{mark}\n{LINES.upper()}")
    assert folds.whole(outer) == f"{mark}\n{LINES.upper()}", "whole once, not again and again"


def test_what_stands_there_is_never_forgotten() -> None:
    folds = Folds()
    marks = [folds.fold(f"{number}\n" * 30) for number in range(KEPT * 2)]
    folds.forget_unused(marks[0])
    assert folds.of(marks[0]) is not None and folds.of(marks[1]) is None and folds.of(marks[-1]) is not None


def test_where_the_marks_are_used_up_a_text_is_itself() -> None:
    folds = Folds(most=1)
    folds.fold(LINES)
    assert folds.fold(LINES.upper()) == LINES.upper()
