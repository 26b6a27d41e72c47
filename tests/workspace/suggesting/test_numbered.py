"""Rows of a list, picked by their numbers."""

from __future__ import annotations

import pytest

from docstra_tui.errors import UsageError
from docstra_tui.workspace.suggesting.numbered import picked


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("1", (0,)),
        (" 3, 1 3 ", (2, 0)),
        ("2-4,1", (1, 2, 3, 0)),
        ("2 - 3", (1, 2)),
        ("", None),
        ("why 3?", None),
        ("-1", None),
        ("1-", None),
        ("3 files", None),
        ("²", None),
    ],
)
def test_numbers_and_ranges_and_nothing_else(text: str, places: tuple[int, ...] | None) -> None:
    assert picked(text, 5) == places


@pytest.mark.parametrize("text", ["0", "6", "4-9", "3-2", "999999"])
def test_a_number_that_no_row_has_picks_nothing(text: str) -> None:
    with pytest.raises(UsageError, match="The list has no"):
        picked(text, 5)


def test_before_there_is_a_list() -> None:
    with pytest.raises(UsageError, match="Nothing is listed yet"):
        picked("1", 0)
