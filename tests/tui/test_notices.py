"""Notices: the most pressing whole, and never the composer off the screen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from docstra_tui.tui.widgets.notice import fit_notices
from tests.tui.fakes import screen_text, until

NOTE = (
    "This model answers each question from the beginning, as what it reads in parts differs from the whole."
)
LOST = (
    "The disk is full. What is said from now on is kept in memory only, and saved again when there is room."
)


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (120, 40)])
async def test_whatever_is_wrong_the_composer_stays_and_the_most_pressing_is_told(
    make_app: Any, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        notices = app.main.notices
        notices.put("offer", "This session was with another model.", "F5 opens it", colour="$primary")
        notices.put("model", NOTE, colour="$warning")
        notices.put("other", NOTE, colour="$warning")
        notices.put("store", "NOT SAVED", LOST)
        await until(pilot, lambda: "NOT SAVED" in screen_text(app))
        assert "❯ Ask anything" in screen_text(app)
        assert app.main.conversation.size.height >= 2
        if size == (120, 40):
            assert "F5 opens it" in screen_text(app)
        else:
            assert "more; a higher window shows them" in screen_text(app)
        for key in ("store", "model", "other"):
            notices.clear(key)
        await until(pilot, lambda: "F5 opens it" in screen_text(app))
        assert "more;" not in screen_text(app)
        notices.put("model", NOTE, colour="$warning")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "differs from the whole." in screen_text(app))


@given(
    st.lists(st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=30), max_size=5),
    st.integers(1, 60),
    st.integers(2, 13),
)
def test_notices_are_whole_or_said_to_be_more(words: list[list[str]], width: int, rows: int) -> None:
    notices = [Content(" ".join(each)) for each in words]
    shown = fit_notices(notices, width, rows)
    assert len(shown) <= rows
    assert all(line.cell_length <= width for line in shown)
    assert bool(shown) == bool(notices)
    wrapped = [[line.plain for line in notice.wrap(width)] for notice in notices]
    if sum(len(lines) for lines in wrapped) <= rows:
        assert [line.plain for line in shown] == [line for lines in wrapped for line in lines]
