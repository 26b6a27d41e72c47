"""What an answer says of files is marked where it stands, without moving a line; keys walk it."""

from __future__ import annotations

from typing import Any

from docstra_tui.session.citations.citation import Citation, Named
from docstra_tui.tui.transcript.layout.cited import PLACED, Cited, shown_starts
from docstra_tui.tui.transcript.layout.ending import ShownTurn, TurnEnding
from docstra_tui.tui.transcript.layout.incoming import ingest
from docstra_tui.tui.transcript.layout.turn import Turn
from docstra_tui.tui.transcript.messages import (
    CitationMarked,
    CitationOpened,
    CitationsWanted,
    NoCitation,
)
from tests.tui.fakes import until

ANSWER = """It says `retry(3)` and, before that, `retry(3)` once more; **client.py:12** has it\tall.

```python
def retry(times):
    return times
```

- In a list `no_such_name` is named, in a line so long that it is broken where the \
`name_that_moved = 1` stands in it.

| a | b |
|---|---|
| `cell` | two |
"""
STATUSES = ("found", "missing", "unchecked", "found", "missing", "moved", "ambiguous")
TEXTS = (
    "retry(3)",
    "retry(3)",
    "client.py:12",
    "def retry(times):\n    return times\n",
    "no_such_name",
    "name_that_moved = 1",
    "cell",
)


def citations(answer=ANSWER, texts=TEXTS, statuses=STATUSES):
    found, at = [], 0
    for text, status in zip(texts, statuses, strict=True):
        at = answer.index(text, at)
        found.append(
            Citation(text, "quote", "client.py", 2, 3, status, at, at + len(text), Named("client.py", 2))
        )
        at += 1
    return found


def shown(number=1, answer=ANSWER, files=("client.py",)):
    return ShownTurn(f"Question {number}?", answer, files, TurnEnding(), turn_id=number)


def heard(app, monkeypatch):
    """What the view tells, in its order."""
    told = []
    post = app.view.post_message

    def note(message):
        if isinstance(message, (CitationsWanted, CitationMarked, CitationOpened, NoCitation)):
            told.append(message)
        return post(message)

    monkeypatch.setattr(app.view, "post_message", note)
    return told


def signed(app: Any) -> dict[int, str]:
    """The sign beside each row of the document that has one."""
    app.view.is_counting = False
    strips = [app.view.render_line(y).text for y in range(app.view.size.height)]
    app.view.is_counting = True
    return {app.view.top + y: text[0] for y, text in enumerate(strips) if text[:1].strip()}


def over(app: Any, y: int) -> list[str]:
    """The words of a row over which something lies."""
    line = app.view.document.line(y)
    return [line.text[first:end] for first, end, _ in app.view.citations.overlays(y)]


def step(app: Any, told: list[Any], by: int) -> Any:
    """What is told after a key that walks."""
    app.view.action_citation(by)
    return told[-1]


async def test_marks_stand_beside_what_they_are_about_and_keys_walk_them(make_app, monkeypatch):
    app = make_app()
    async with app.run_test(size=(90, 40)) as pilot:
        view = app.view
        told = heard(app, monkeypatch)
        view.load([shown(1, files=()), shown(2)])  # what joins the answers about parts has no files
        await pilot.pause()
        assert [message.turn_id for message in told] == [1, 2]  # looked up once, whatever is drawn
        await until(pilot, lambda: not any(code.wants_colours for code in view.document.code(0, 1 << 30)))
        await pilot.pause()
        before = [row for row in app.rows if row]
        app.rendered.clear()
        cited = Cited.of(ANSWER, citations())
        view.cite(2, cited)
        await pilot.pause()
        after = [row for row in app.rows if row]
        assert after == [*before, "7 references: 2 ✓, 1 moved, 1 ambiguous, 1 not checked, 2 ✗ not found"]
        second = view.document.top(1)
        assert signed(app) == {
            second + row: sign for row, sign in ((3, "✗"), (6, "✓"), (9, "✗"), (10, "→"), (14, "?"))
        }
        assert len(set(app.rendered)) == 6  # those with a sign, and the line below
        assert over(app, second + 3) == ["retry(3)"]  # the second of both
        assert over(app, second + 10) == ["name_that_moved = 1"]

        # Back through the last answer, and into one that is looked up only now.
        walked = [step(app, told, -1) for _ in range(7)]
        assert [(message.words[0], message.number) for message in walked] == [
            *(("?", 7), ("→", 6), ("✗", 5), ("✓", 4), ("?", 3), ("✗", 2), ("✓", 1))
        ]
        assert view.marks.block == (1, 3, 4)
        assert over(app, second + 3) == ["retry(3)", "retry(3)"]  # the first stands out as it is marked
        await pilot.press("enter")
        assert told[-1].citation.text == "retry(3)"
        count = len(told)
        await pilot.press("left_parenthesis")
        assert len(told) == count
        view.cite(1, cited)
        await pilot.pause()
        assert (told[-1].number, view.marks.citation) == (7, (0, 6))
        await pilot.press("right_parenthesis")
        assert told[-1].number == 1
        assert view.marks.citation == (1, 0)
        for _ in range(6):
            step(app, told, 1)
        assert isinstance(step(app, told, 1), NoCitation) and told[-1].is_any
        await pilot.press("escape")
        assert (told[-1].words, view.marks.citation) == ("", None)

        # A file changed: the sum is another one, in as many lines.
        view.cite(2, Cited.of(ANSWER, citations(statuses=("changed", *STATUSES[1:]))))
        await pilot.pause()
        tally = "7 references: 1 ✓, 1 moved, 1 changed since, 1 ambiguous, 1 not checked, 2 ✗ not found"
        assert tally in " ".join(row.strip() for row in app.rows)

        # As it was written, and by the mouse.
        await pilot.press("r")
        await pilot.pause()
        rows = [row for row in range(view.size.height) if "no_such_name" in app.rows[row]]
        assert over(app, view.top + rows[-1])[0] == "no_such_name"
        cell = app.rows[rows[-1]].index("no_such_name") + 4
        await pilot.click(offset=(cell, rows[-1]))
        assert isinstance(told[-1], CitationOpened) and told[-1].citation.text == "no_such_name"

        view.load([shown(3)])
        view.cite(3, Cited((), ()))
        assert isinstance(step(app, told, 1), NoCitation) and not told[-1].is_any


async def test_an_answer_that_grows_gets_marks_and_nothing_else_is_drawn(make_app):
    app = make_app()
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.view
        view.begin_turn("Where?", ("client.py",), 5)
        view.append("One `retry(3)`.\n\nTwo `nothing`.\n\n---\n\nThree `retry(3)")
        await until(pilot, lambda: "Three" in " ".join(app.rows) and 9 in app.rendered)
        await until(pilot, lambda: not view.feed and not view.document.turns[0].is_behind)
        await pilot.pause()
        app.rendered.clear()
        answer = view.document.turns[0].answer
        view.cite(5, Cited.of(answer, citations(answer, ("retry(3)",), ("found",))))
        await pilot.pause()
        assert signed(app) == {3: "✓"} and app.rendered == [3]
        texts, statuses = ("retry(3)", "nothing", "retry(3)"), ("found", "missing", "found")
        view.cite(5, Cited.of(answer, citations(answer, texts, statuses)))
        await pilot.pause()
        assert signed(app) == {3: "✓", 5: "✗"} and app.rendered == [3, 5]  # the last line may still change
        view.append("` more.")
        view.end_turn(TurnEnding())
        assert signed(app) == {3: "✓", 5: "✗", 9: "✓"}
        assert not any("references" in row for row in app.rows)
        view.cite(5, Cited.of(answer, citations(answer, texts, statuses)))
        await pilot.pause()
        assert app.rows[11:13] == ["client.py", "3 references: 2 ✓, 1 ✗ not found"]


def test_places_are_those_of_the_answer_as_it_is_shown():
    answer = "a\r\nb\x1b[31m `x`\u202e `y`\r\n\t`z`"
    safe = ingest(answer)
    starts = [answer.index(name) for name in "xyz"]
    assert [safe[at] for at in shown_starts(answer, starts)] == ["x", "y", "z"]


def test_a_hostile_paragraph_costs_no_more_than_its_bounds():
    """Ten thousand names that are alike in one paragraph: a few are placed, the others have its line."""
    names = [f"n{'a' * (number % 7)}" for number in range(10_000)]
    answer = " ".join(names)
    at, found = 0, []
    for name in names:
        found.append(Citation(name, "symbol", None, None, None, "missing", at, at + len(name), Named()))
        at += len(name) + 1
    turn = Turn("?", ("a.py",), answer, TurnEnding())
    turn.lay(80, 0, 1 << 30, 60.0)
    turn.cite(Cited.of(answer, found))
    marks = [mark for row in range(turn.height(80)) for mark in turn.marks_at(row)]
    placed = [mark for mark in marks if mark.end > mark.first]
    assert len({mark.number for mark in marks}) == 10_000
    assert len({mark.number for mark in placed}) == PLACED * len(turn.blocks(80))
    assert [mark.number for mark in placed] == sorted(mark.number for mark in placed)
