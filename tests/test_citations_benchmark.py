"""The benchmark of citations counts as its claims are meant, and its claims are true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.citations.answers import answers
from benchmarks.citations.scoring import Score, sound
from benchmarks.citations.sources import Source, pool
from docstra_tui.session.citations.citation import Citation, Named

FILE = Source("a/b.py", "import os\n\n\ndef area(width):\n\treturn width  * 2\r\n", "python")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    """A few of all; an outline takes a process each time."""
    monkeypatch.setattr("benchmarks.citations.answers.outline", lambda item: None)
    return pool()[::40]


def test_where_a_quote_stands_is_known_whatever_the_white_space() -> None:
    assert FILE.places("return width * 2") == FILE.places("return  width*2") == {5}
    assert FILE.places("def area(width):\n    return width") == {4}
    assert not FILE.places("are")
    assert FILE.places("are", bounded=False) == {4}
    assert replace_first(FILE, 11).places("import os") == {11}


def replace_first(file: Source, first: int) -> Source:
    return Source(file.path, file.text, file.language, first)


def test_a_tick_is_looked_up_again() -> None:
    right = Citation("return width * 2", "quote", "a/b.py", 5, 5, "repaired", 0, 9, Named("b.py", 5))
    by_path = {"a/b.py": FILE}
    assert sound(right, by_path, "")
    for wrong in (
        replace(right, line=4, end_line=4, named=Named()),
        replace(right, named=Named("b.py", 4)),
        replace(right, named=Named("c.py", 5)),
        replace(right, text="return width * 3"),
        replace(right, path="c.py"),
        replace(right, text="are", line=4, end_line=4, named=Named()),
    ):
        assert not sound(wrong, by_path, "")
    dots = {"a/b.py": Source("a/b.py", "x = 1\n...\n\nif x:\n    y = 2\n", "python")}
    own = Citation("# b.py\n...\n\nif x:", "fence", "a/b.py", 2, 4, "found", 0, 9, Named("b.py"))
    assert sound(own, dots, "")
    left_out = replace(own, text="x = 1\n# ...\n    y = 2", line=1, status="repaired")
    assert sound(left_out, dots, "")
    assert not sound(replace(left_out, text="x = 1\n# ...\n    y = 3"), dots, "")
    name = Citation("area()", "symbol", "a/b.py", 4, 4, "found", 0, 6, Named())
    assert sound(name, by_path, "")
    assert not sound(replace(name, line=5, end_line=5), by_path, "")


def test_the_same_seed_gives_the_same_answers(files: list[Source]) -> None:
    first, again = ([group for _, group in answers(3, 16, files)] for _ in range(2))
    assert first == again
    assert len({one.text for group in first for one in group}) == 16


def test_who_says_what_is_true_is_right_and_who_says_the_opposite_is_not(files: list[Source]) -> None:
    good, bad = Score(), Score()
    for sent, group in answers(5, 48, files):
        for one in group:
            told = [
                Citation(
                    one.text[truth.start : truth.end],
                    "place",
                    truth.path,
                    min(truth.lines, default=1),
                    None,
                    max(truth.accepted - {"repaired"}),  # type: ignore[arg-type]
                    truth.start,
                    truth.end,
                    Named(),
                )
                for truth in one.truths
            ]
            good.add(
                one, sent.everything, [each for each in told if each.status not in ("found", "repaired")]
            )
            bad.add(one, sent.everything, [replace(each, status="missing") for each in told])
    assert good.figures()["false_ticks"] == good.figures()["proposals_missing"] == 0
    assert good.figures()["moved_named"] == good.figures()["false_labelled"] == 1
    assert bad.figures()["true_ticked"] == bad.figures()["moved_named"] == 0
    assert bad.figures()["proposals_missing"] == 1
    assert good.claims["true"] > 50 and good.claims["proposed"] > 20
