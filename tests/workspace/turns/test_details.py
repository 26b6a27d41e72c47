"""A turn in detail: what it was sent with, and what is not known of it."""

from __future__ import annotations

from docstra_tui.errors import EngineDied
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import OWN_TEXT
from docstra_tui.session.turns import Placed, SavedTurn
from docstra_tui.workspace.turns.details import LONGEST_ROW, details, lines

A = ContextItem("x = 1\n", "a.py", "python", 3, 9)


def test_it_says_what_was_sent_and_what_came_of_it() -> None:
    turn = SavedTurn(
        "Why?",
        fields={"question": "Why?"},
        context=(A,),
        earlier=(Placed(1, ContextItem("y", "odd\x1b[2J.py", detail="outline")),),
        left_out=("big.py",),
        status="cancelled",
        usage=Usage(812, 20),
        model="org/m on gpu",
        settings={"temperature": 0.7, "think": "off", "server": "gpu\x1b]0;x\x07:8000", "no": False},
        gone_on_with=({"temperature": 0.2, "think": "off", "no": False},),
    )
    rows = details(turn)
    told = dict(rows)
    assert list(told)[:5] == ["answered by", "temperature", "think", "server", "no"]
    assert (told["temperature"], told["no"]) == ("0.7", "false")
    assert told["gone on with"] == "temperature 0.2"
    assert told["files"] == f"a.py:3-9 (sha256 {A.sha256[:12]}…)"
    assert "outline" in told["files of before"] and told["not sent"] == "big.py"
    assert told["ended"] == "stopped" and "812 tokens read" in told["figures"]
    assert "typed" not in told  # nothing else than the question
    assert "\x1b" not in "".join(lines(rows))


def test_of_an_older_turn_it_says_that_nothing_was_recorded() -> None:
    own = {"what": "speed", OWN_TEXT: "Review for {what}."}
    told = dict(details(SavedTurn("review, speed", "review", own, status="done")))
    assert told["sent with"] == "not recorded" and told["ended"] == "whole"
    assert (told["template"], told["typed"]) == ("review", "/run review what=speed")
    assert "temperature" not in told and "files" not in told


def test_many_files_are_counted() -> None:
    items = tuple(ContextItem(str(n), f"f{n}.py") for n in range(60))
    shown = lines(details(SavedTurn("?", context=items, status="done")))
    assert sum("sha256" in line for line in shown) == 50 and any("and 10 more" in line for line in shown)


def test_how_it_ended_is_said_with_the_reason() -> None:
    turns = (
        SavedTurn("?"),
        SavedTurn("?", status="failed", error=EngineDied("It died.\x1b[2J")),
        SavedTurn("?", status="done", finish_reason="length"),
    )
    assert [dict(details(turn))["ended"] for turn in turns] == [
        "not yet",
        "failed: It died.␛[2J",
        "cut at its limit",
    ]


def test_what_somebody_else_wrote_into_a_file_is_no_screen_without_end() -> None:
    many = {f"{n}{'n' * 290}": "v" * 300 for n in range(100)}
    numbered = {name: n for n, name in enumerate(many)}
    turn = SavedTurn("?", settings=many, gone_on_with=(numbered,), left_out=("x" * 90,) * 9_000)
    turn.status, turn.damage, turn.error = "failed", ("y" * 10**6,), EngineDied("z" * 10**6)
    rows = details(turn)
    assert [name for name, _ in rows[100:104]] == ["gone on with", "template", "not sent", "damaged on disk"]
    assert all(len(name) <= LONGEST_ROW + 1 and len(value) <= LONGEST_ROW + 1 for name, value in rows)
