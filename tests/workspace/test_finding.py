"""What is written for a search in files, the lines around a hit that are ticked, and how a search ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.context import killable
from docstra_tui.context.search.find import definitions as parsing
from docstra_tui.context.search.find import search
from docstra_tui.context.search.find.hits import Ended, Wanted
from docstra_tui.context.search.find.order import Order
from docstra_tui.errors import UsageError
from docstra_tui.workspace.finding import (
    DEFINITION,
    REACHES,
    WHOLE,
    DefinitionsOf,
    Place,
    in_time,
    lines_around,
    reach_words,
    told_of,
    wanted_of,
)

DEFINED = ((3, 40), (10, 20), (12, 14), (12, 14), (90, 130))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  Some words ", Wanted("Some words")),
        ("-e ^a|b$", Wanted("^a|b$", is_pattern=True)),
        ("-c A", Wanted("A", is_case_kept=True)),
        ("-ec A", Wanted("A", is_pattern=True, is_case_kept=True)),
        ("-c  -e A -c", Wanted("A -c", is_pattern=True, is_case_kept=True)),
        ("-e -- -c", Wanted("-c", is_pattern=True)),
        ("-- 404", Wanted("404")),
        ("-x y", Wanted("-x y")),
        ("-e-c", Wanted("-e-c")),
        ("--", None),
        ("-e", None),
        (" ", None),
        ("a\nb", None),
    ],
)
def test_letters_in_front_say_how_it_is_looked_for(text: str, wanted: Wanted | None) -> None:
    if wanted is None:
        with pytest.raises(UsageError):
            wanted_of(text)
    else:
        assert wanted_of(text) == wanted


@pytest.mark.parametrize(
    ("line", "reach", "lines"),
    [
        (1, 0, (1, 1)),
        (1, 3, (1, 4)),
        (99, 10, (89, 100)),
        (50, 30, (20, 80)),
        (13, DEFINITION, (12, 14)),
        (11, DEFINITION, (10, 20)),
        (40, DEFINITION, (3, 40)),
        (95, DEFINITION, (90, 100)),
        (50, DEFINITION, (40, 60)),
        (50, WHOLE, None),
    ],
)
def test_a_tick_takes_the_lines_around_a_hit(line: int, reach: int, lines: tuple[int, int] | None) -> None:
    assert lines_around(Place("a", line, 100), reach, DEFINED) == lines


def test_every_reach_has_words_of_its_own() -> None:
    assert len({reach_words(reach) for reach in REACHES}) == len(REACHES)


def test_the_definitions_of_a_file_are_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.py").write_text("x = 1\n\n\ndef f():\n    return 1\n")
    (tmp_path / "b.bin").write_bytes(b"\0")
    defined = DefinitionsOf(tmp_path)
    assert defined.known("a.py") is None
    assert (4, 5) in defined.find("a.py", 1_000)
    (tmp_path / "a.py").unlink()
    assert (4, 5) in defined.find("a.py", 1_000)
    assert defined.find("b.bin", 1_000) == defined.find("gone.py", 1_000) == () == defined.known("gone.py")

    with monkeypatch.context() as patch:
        patch.setattr(parsing, "SECONDS", parsing.ITEM_SECONDS)
        patch.setattr(killable, "ITEM_SECONDS", 0.0)  # no time at all: it is killed
        assert parsing.definitions("a.py", "def f(): pass") == ()

    def none(*args: object, **options: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(killable.subprocess, "Popen", none)
    assert parsing.definitions("a.py", "def f(): pass") == ()


def test_a_search_that_cannot_begin_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(search, "_started", none)
    [found] = in_time(search.FileSearch(Order("/", Wanted("x"))))
    assert found.ended is not None and "cannot be started: Resource temporarily" in found.ended.problem


def test_how_it_ended_is_said_in_one_line() -> None:
    assert told_of(Ended(), 0, 0) == "Nothing was found"
    assert told_of(Ended(secret=2, closed=1), 1, 1) == (
        "1 line in 1 file · not looked in: 2 that may hold secrets, 1 unreadable"
    )
    assert (
        told_of(Ended(has_more=True), 2_000, 7) == "The first 2,000 lines, in 7 files: more words find less"
    )
    assert told_of(Ended(problem="It broke."), 3, 2) == "3 lines in 2 files · It broke."
    assert told_of(Ended(problem="It broke."), 0, 0) == "It broke."
