"""A plan's sum is the sum of its parts, and what it suggests fits whenever anything can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.context.fitting.memo import Memo
from docstra_tui.context.fitting.plan import FitPlan, plan_for
from docstra_tui.context.fitting.proposal import suggest
from docstra_tui.context.fitting.ranges import cut_lines, find_lines, line_span
from docstra_tui.context.fitting.rows import LEFT_OUT, OUTLINE, WHOLE, FileRow, TurnRow, lines
from docstra_tui.llm.items import ContextItem


def words(item: ContextItem) -> int:
    return len(item.content.split())


def item(path: str, count: int) -> ContextItem:
    return ContextItem("word\n" * count, path, "python")


def row(path: str, count: int, outline: int | None = None, *, named: bool = False) -> FileRow:
    short = None if outline is None else ContextItem("word\n" * outline, path, "python", detail="outline")
    return FileRow(item(path, count), short, named)


def turn(number: int, tokens: int) -> TurnRow:
    return TurnRow(number, f"question {number}", tokens)


def plan(*rows: FileRow, turns: tuple[TurnRow, ...] = (), limit: int | None = 100) -> FitPlan:
    return FitPlan(rows, turns, limit, reserve=10, question=5, count=words)


def choices(found: FitPlan) -> dict[str, str]:
    return {row.key: str(row.choice) for row in found.files} | {
        f"turn {row.number}": row.choice for row in found.turns if row.choice != "kept"
    }


def test_each_choice_changes_the_sum_and_what_is_sent() -> None:
    before = plan(row("a.py", 40, 10), row("b.py", 60, 20))
    assert (before.used, before.room, before.fits) == (105, -15, False)

    after = before.set("a.py", lines(3, 7)).set("b.py", OUTLINE)
    assert (after.used, after.fits) == (5 + 5 + 20, True)
    assert [sent.label for sent in after.items()] == ["a.py:3-7", "b.py (outline)"]
    assert after.left_out() == ("a.py (all but lines 3-7)", "b.py (bodies)")
    assert before.used == 105

    assert after.set("a.py", LEFT_OUT).left_out()[0] == "a.py"
    assert after.set("a.py", WHOLE).set("b.py", WHOLE) == before


def test_a_choice_that_is_not_there_is_refused() -> None:
    one = plan(row("a.py", 40))
    with pytest.raises(ValueError, match="no outline"):
        one.set("a.py", OUTLINE)
    with pytest.raises(ValueError, match="lines 1-40"):
        one.set("a.py", lines(30, 41))
    with pytest.raises(KeyError):
        one.set("b.py", WHOLE)
    assert one.cost("a.py", OUTLINE) is None
    assert one.cost("a.py", lines(1, 4)) == 4
    with pytest.raises(ValueError, match="once"):
        plan(row("a.py", 1), row("a.py", 2))


def test_turns_are_summarised_only_with_a_summary() -> None:
    one = plan(turns=(turn(1, 30), turn(2, 20)))
    with pytest.raises(ValueError, match="no summary"):
        one.set_turn(1, "summarised")
    shorter = one.with_summary(1, "They spoke.", 4)
    assert (one.used, shorter.used) == (55, 29)
    assert shorter.left_out() == ("turn 1: question 1 (summarised)",)
    assert shorter.set_turn(1, "kept").used == one.used
    assert shorter.set_turn(1, "left out").used == 25


def test_the_overhead_makes_the_sum_the_whole_prompt() -> None:
    made = plan_for(
        [item("a.py", 10)], [None], [turn(1, 7)],
        limit=100, reserve=10, question=3, count=words, named=["a.py"], total=31,
    )  # fmt: skip
    assert (made.overhead, made.used, made.files[0].is_named) == (11, 31, True)


def test_an_unknown_window_fits() -> None:
    unknown = plan(row("a.py", 10_000), limit=None)
    assert unknown.fits
    assert suggest(unknown) is unknown


def test_what_fits_is_left_alone() -> None:
    one = plan(row("a.py", 40, 10))
    assert suggest(one) is one


def test_the_largest_file_the_question_does_not_name_is_outlined_first() -> None:
    found = suggest(plan(row("small.py", 20, 5), row("large.py", 50, 10), row("named.py", 40, 4, named=True)))
    assert choices(found) == {"small.py": "whole", "large.py": "outline", "named.py": "whole"}


def test_old_turns_go_before_files_and_named_files_last() -> None:
    rows = (row("a.py", 30), row("named.py", 50, named=True))
    found = suggest(plan(*rows, turns=(turn(1, 20), turn(2, 4))))
    assert choices(found) == {"a.py": "whole", "named.py": "whole", "turn 1": "left out"}
    found = suggest(plan(*rows, turns=(turn(1, 20), turn(2, 4)), limit=80))
    assert choices(found) == {"a.py": "left out", "named.py": "whole", "turn 1": "left out"}


def test_what_a_later_step_made_unnecessary_is_given_back() -> None:
    found = suggest(plan(row("small.py", 20, 15), row("large.py", 200), limit=100))
    assert choices(found) == {"small.py": "whole", "large.py": "left out"}


def test_nothing_left_to_give_up_does_not_fit_and_says_so() -> None:
    found = suggest(plan(row("a.py", 40, 10), turns=(turn(1, 5),), limit=12))
    assert not found.fits
    assert found.items() == ()
    assert found.left_out() == ("a.py", "turn 1: question 1")


def test_thousands_of_files_are_weighed_a_few_times_each() -> None:
    """A person waits for it: what it costs must not grow with the square of the files."""
    asked = 0

    def count(found: ContextItem) -> int:
        nonlocal asked
        asked += 1
        return len(found.content)

    many = tuple(FileRow(ContextItem("x" * (n % 90 + 1), f"{n}.py")) for n in range(5_000))
    found = suggest(FitPlan(many, (), 4_000, 100, 50, count))

    assert found.fits
    assert found.room is not None and found.room < 90
    assert asked < 20 * len(many)


def test_odd_names_cannot_act_in_the_footer() -> None:
    odd = plan(row("a\x1b[2J.py", 5)).set("a\x1b[2J.py", LEFT_OUT)
    assert odd.left_out() == (r"$'a\033[2J.py'",)
    asked = plan(turns=(TurnRow(1, "why\n\x1b]52;c;x\x07", 5, choice="left out"),))
    assert "\x1b" not in asked.left_out()[0]


def test_a_count_is_asked_for_once() -> None:
    asked: list[str] = []

    def count(found: ContextItem) -> int:
        asked.append(found.label)
        return words(found)

    memo = Memo(count)
    one = FitPlan((row("a.py", 200, 10), row("b.py", 20, 5)), (), 60, 10, 5, memo)
    every = [found for file in one.files for found in (file.item, file.outline) if found is not None]
    assert sum(map(memo, every)) == 235
    assert all(map(memo.knows, every))
    for _ in range(3):
        assert suggest(one).fits
    assert sorted(asked) == ["a.py", "a.py (outline)", "b.py", "b.py (outline)"]


rows = st.lists(
    st.tuples(st.integers(0, 60), st.none() | st.integers(0, 60), st.booleans(), st.integers(0, 3)),
    max_size=6,
)
turns = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10), st.integers(0, 2)), max_size=5)


@given(rows, turns, st.integers(0, 300), st.integers(0, 20))
def test_the_sum_is_its_parts_and_a_suggestion_fits_when_anything_can(
    files: list[tuple[int, int | None, bool, int]],
    spoken: list[tuple[int, int, int]],
    limit: int,
    overhead: int,
) -> None:
    made = FitPlan(
        tuple(row(f"{n}.py", size, short, named=named) for n, (size, short, named, _) in enumerate(files)),
        tuple(turn(n, tokens) for n, (tokens, _, _) in enumerate(spoken, 1)),
        limit, 10, 5, words, overhead,
    )  # fmt: skip
    for number, (size, short, _, choice) in enumerate(files):
        if choice == 1 and short is not None:
            made = made.set(f"{number}.py", OUTLINE)
        elif choice == 2:
            made = made.set(f"{number}.py", LEFT_OUT)
        elif choice == 3 and size:
            made = made.set(f"{number}.py", lines(1, (size + 1) // 2))
    for number, (_, summary, choice) in enumerate(spoken, 1):
        if choice == 1:
            made = made.set_turn(number, "left out")
        elif choice == 2:
            made = made.with_summary(number, "short", summary)

    for found in (made, suggest(made)):
        parts = sum(words(sent) for sent in found.items()) + sum(row.used for row in found.turns)
        assert found.used == overhead + 5 + parts
        assert found.fits == (found.used <= limit - 10)
        unsaid = [row for row in found.files if row.choice != WHOLE]
        assert len(found.left_out()) == len(unsaid) + sum(row.choice != "kept" for row in found.turns)
    suggested = suggest(made)
    assert suggested.fits == (overhead + 5 <= limit - 10)
    assert suggest(suggested) == suggested
    for before, after in zip(made.files, suggested.files, strict=True):
        assert words_sent(after) <= words_sent(before)


def words_sent(found: FileRow) -> int:
    return 0 if found.sent is None else words(found.sent)


@given(st.text(alphabet="a\r\n", max_size=30), st.integers(1, 50), st.data())
def test_cut_lines_are_those_of_the_file(content: str, first: int, data: st.DataObject) -> None:
    whole = ContextItem(content, "a", "", first, None)
    start, end = line_span(whole)
    if end < start:
        assert not content
        return
    middle = data.draw(st.integers(start, end))
    upper = cut_lines(whole, start, middle).content
    lower = cut_lines(whole, middle + 1, end).content if middle < end else ""
    assert upper + lower == content


def test_named_lines_are_found_as_they_are_or_in_what_holds_them() -> None:
    whole = ContextItem("1\n2\n3\n4\n", "a.py", "python")
    lines = ContextItem("2\n3\n", "a.py", "python", 2, 3)
    other = ContextItem("x\n", "b.py")
    assert find_lines([other, whole, lines], "a.py", None, None) is whole
    assert find_lines([other, whole, lines], "a.py", 2, 3) is lines
    assert find_lines([other, whole], "a.py", 3, 4) == ContextItem("3\n4\n", "a.py", "python", 3, 4)
    assert find_lines([lines], "a.py", None, None) is find_lines([lines], "a.py", 3, 4) is None
