"""The saved sessions on the screen: found by words, opened at a line, named, deleted and brought back."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from docstra_tui import paths
from docstra_tui.session.search.finder import Found, Hit
from docstra_tui.session.turns import SavedTurn, SessionSummary
from docstra_tui.tui.screens.sessions import SessionsScreen
from docstra_tui.tui.widgets.session_rows import row_line
from docstra_tui.workspace.sessions.listing import with_hits
from tests.session.stored import say
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready

LONG = "First.\n\n" + "\n\n".join(f"paragraph {number}" for number in range(80))


@pytest.fixture
def told(store, root):
    """Two sessions about the folder, one about another, in this order."""
    here, long, other = (store.create(str(one), "Org/Fake-1B") for one in (root, root, "/elsewhere"))
    say(store, here, "How does the client retry?", "It does not.")
    say(store, long, "Tell me \x1b[31mall", LONG.replace("paragraph 40", "paragraph 40 has the Needle"))
    say(store, other, "Another project?", "Also a needle here.")
    assert store.flush()
    return here, long, other


async def test_they_stand_by_project_and_words_lead_to_a_line(make_app, told):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f3")
        await until(pilot, lambda: "/elsewhere" in screen_text(app))
        rows = [line.strip() for line in screen_text(app).splitlines()]
        shown = "\n".join(rows)
        assert shown.index("/project") < shown.index("Tell me ␛[31mall") < shown.index("How does the")
        assert shown.index("How does the") < shown.index("/elsewhere") < shown.index("Another project?")
        assert " · Fake-1B · 1 turn" in shown

        await pilot.press(*"needl")
        await until(pilot, lambda: "paragraph 40 has the Needle" in screen_text(app))
        assert "Also a needle here." in screen_text(app) and "How does the" not in screen_text(app)
        await pilot.press(*" para", "enter")  # before it was looked for them
        await until(
            pilot, lambda: app.main.session.id == told[1] and not isinstance(app.screen, SessionsScreen)
        )
        await until(pilot, lambda: "paragraph 40 has the Needle" in screen_text(app))
        assert "paragraph 79" not in screen_text(app)

        await pilot.press(*"/sessions first paragraph", "enter")  # a place in what is shown already
        await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and "line 1" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "First." in screen_text(app) and "paragraph 40" not in screen_text(app))


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_of_a_long_line_the_word_is_shown_that_was_looked_for(columns):
    line = "concat \x1b[2J " + "wort für 言葉 " * 12 + "cat" + " and more" * 20
    at = line.index("cat and")
    found = Found((Hit("a", 1, "answer", 12_345, line, ((at, at + 3),)),))
    [_, row] = with_hits(found, [SessionSummary("a", "Title", "/p", "m", 0.0, 1)], "cat")

    drawn = row_line(row, columns)
    [span] = drawn.spans[:1]
    assert drawn.plain[span.start : span.end] == "cat" and drawn.plain[span.end :].startswith(" and")
    assert "\x1b" not in drawn.plain and drawn.cell_length == columns
    assert row_line(row, 1_000).plain.startswith("      concat ␛[2J wort")


async def test_they_are_named_deleted_and_brought_back(make_app, told, store, root):
    app = make_app()
    index = paths.state_dir() / "index.db"
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await pilot.press("f3")
        await until(pilot, lambda: "Another project?" in screen_text(app))
        await pilot.press("tab", "end", "r")
        await until(pilot, lambda: "Its title" in screen_text(app))
        await pilot.press(*" Yes.", "enter")
        await until(pilot, lambda: "Another project? Yes." in screen_text(app))
        assert store.load(told[2]).title == "Another project? Yes."

        await pilot.press("u")
        await until(pilot, lambda: "Nothing was deleted" in screen_text(app))
        for again in (False, True):
            await pilot.press("x")
            await until(pilot, lambda: "Into which file?" in screen_text(app))
            await pilot.press(*"out.json", "enter")
            if again:
                await until(pilot, lambda: "Replace it?" in screen_text(app))
                await pilot.press("y")
            await until(
                pilot, lambda: "1 turn written to" in screen_text(app) and (root / "out.json").exists()
            )
            (root / "out.json").write_text(
                (root / "out.json").read_text().replace("Another project", "A copy")
            )
        await pilot.press("i")
        await until(pilot, lambda: "of which file?" in screen_text(app))
        await pilot.press(*"out.json", "enter")
        await until(pilot, lambda: "Imported “A copy? Yes.”" in screen_text(app))
        await pilot.press("d")  # the cursor is on it
        await until(pilot, lambda: "Deleted “A copy? Yes.”" in screen_text(app))
        await pilot.press("end")

        await pilot.press("d")
        await until(pilot, lambda: "Deleted “Another project? Yes.”" in screen_text(app))
        await until(pilot, lambda: "/elsewhere" not in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "is there again" in screen_text(app) and "/elsewhere" in screen_text(app))
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: "Enter opens · Esc back · r rename" in screen_text(app))
        await pilot.press("slash")
        await until(pilot, lambda: "Enter opens · Esc back · ↑↓ row" in screen_text(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "Tab to the list, where letters act" in screen_text(app))
        await pilot.press(*"another", "tab", "d")
        await until(pilot, lambda: "Nothing was found" in screen_text(app) or "Deleted" in screen_text(app))
        await pilot.press("escape")

        await ask(pilot, "Why?")
        await until(pilot, lambda: not app.main.turns.queue.busy and len(app.main.session.turns) == 1)
        await pilot.press("f3", "tab", "d")
        await until(pilot, lambda: "/new begins another one first." in screen_text(app))
        await pilot.press("escape")
        app.main.opened.indexing.close()
    store.close()
    with closing(sqlite3.connect(paths.state_dir() / "sessions.db")) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (3,)
    kept = (paths.state_dir() / "sessions.db").read_bytes() + index.read_bytes()
    assert b"Also a" not in kept and b"also a" not in kept and b"Another" not in kept


async def test_a_hit_on_another_branch_brings_that_branch(make_app, store, root):
    session = store.create(str(root), "m")
    first = say(store, session, "First?", "one")
    for question, answer in (("Left?", "a needle"), ("Right?", "other words")):
        turn = SavedTurn(question, parent=first.id, answer=answer, status="done")
        store.begin_turn(session, turn)
        store.end_turn(turn.id, turn)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"/sessions needle", "enter")
        await until(pilot, lambda: "a needle" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.main.session.id == session)
        assert [turn.question for turn in app.main.session.turns] == ["First?", "Left?"]
        await until(pilot, lambda: "a needle" in screen_text(app) and "Right?" not in screen_text(app))
