"""A turn keeps what it was sent with, as it was sent; what nobody kept stays unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from docstra_tui.errors import EngineDied
from docstra_tui.llm.answer import Sent, Settings
from docstra_tui.session.again import asked_again
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.exchange.exported import exported
from docstra_tui.session.exchange.imported import read
from docstra_tui.session.exchange.markdown import to_markdown
from docstra_tui.session.exchange.whole import whole
from docstra_tui.session.running import RunningTurn
from docstra_tui.session.sent_settings import MOST_KEPT, from_list
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn, StoredSession
from tests.fakes import FakeLLM
from tests.session.damaged import behead

COLD: Settings = {"temperature": 0.0, "max_tokens": 2000, "think": "off", "device": "cpu"}
WARM: Settings = {"temperature": 0.7, "max_tokens": 2000, "think": "auto", "device": "cpu"}


def over(running: RunningTurn) -> SavedTurn:
    for _ in running:
        pass
    return running.turn


def said(llm: FakeLLM, session: ChatSession, question: str, settings: Settings, **more: Any) -> SavedTurn:
    llm.enqueue(Sent(settings), "Yes.", **more)
    return over(session.ask(question))


def test_each_turn_has_its_own_on_the_disk_and_out_of_a_damaged_file(
    llm: FakeLLM, store: SessionStore, path: Path
) -> None:
    session = ChatSession(llm, Path("/project"), store)
    first = said(llm, session, "one", COLD)
    again = asked_again(first, (), llm.prompt_builder)
    llm.enqueue(Sent(WARM), "No.")
    over(session.run(replace(again, parent=0)))
    llm.enqueue(Sent(COLD), "half", EngineDied("It died."))
    failed = over(session.ask("two"))
    llm.enqueue("old")
    over(session.ask("three"))
    assert failed.status == "failed"
    store.close()
    expected = {"one": [COLD, WARM], "two": [COLD], "three": [None]}

    for is_damaged in (False, True):
        if is_damaged:
            behead(path, path.read_bytes())
        found = SessionStore()
        turns = whole(found, "last").turns
        found.close()
        assert {name: [t.settings for t in turns if t.question == name] for name in expected} == expected
        assert not any(turn.damage for turn in turns)


def test_it_is_kept_before_the_answer_is_over(llm: FakeLLM, store: SessionStore) -> None:
    session = ChatSession(llm, Path("/project"), store)
    llm.enqueue(Sent(COLD), Sent({**COLD, "engine": "ours"}), "Yes", " indeed")
    running = session.ask("Is it?")
    next(running)
    assert store.flush()
    [turn] = store.read(
        lambda connection: connection.execute("SELECT settings, status FROM turns").fetchall()
    )
    assert (json.loads(turn[0]), turn[1]) == ([{**COLD, "engine": "ours"}], "streaming")
    running.cancel()
    assert over(running).settings == {**COLD, "engine": "ours"}


def test_what_an_answer_was_gone_on_with_is_kept_where_it_is_something_else(
    llm: FakeLLM, store: SessionStore
) -> None:
    session = ChatSession(llm, Path("/project"), store)
    turn = said(llm, session, "one", COLD, reason="length")
    for settings, expected in ((COLD, ()), (WARM, (WARM,)), (WARM, (WARM,)), (COLD, (WARM, COLD))):
        llm.enqueue(Sent(settings), " More.", reason="length")
        over(session.run(session.going_on()))
        assert (turn.settings, turn.gone_on_with) == (COLD, expected)
    session_id = session.id or ""
    store.close()
    found = SessionStore()
    [again] = found.load(session_id).turns
    assert (again.settings, again.gone_on_with) == (COLD, (WARM, COLD))
    document = read(exported(whole(found, session_id), "json", with_thinking=False).encode(), Path("/here"))
    found.close()
    assert [(t.settings, t.gone_on_with) for t in document.turns] == [(COLD, (WARM, COLD))]
    text = to_markdown(StoredSession("id", "t", "/p", "m", "", 0.0, 0.0, (again,)))
    assert text.index("Sent with: temperature `0.0`") < text.index("Gone on with: temperature `0.7`")


def markdown(*settings: Settings | None, **more: Any) -> str:
    turns = tuple(
        SavedTurn(f"q{number}", answer="a", status="done", settings=one, id=number)
        for number, one in enumerate(settings, 1)
    )
    return to_markdown(StoredSession("id", "t", "/p", "m", "", 0.0, 0.0, turns), **more)


def test_a_document_says_it_once_where_all_are_the_same_and_else_where_it_changes() -> None:
    cold = "Sent with: temperature `0.0`, max_tokens `2000`, think `off`, device `cpu`"
    same = markdown(COLD, dict(COLD), settings={"temperature": 0.9})
    assert same.count("Sent with") == 1 and same.index(cold) < same.index("> q1")
    assert "at the export" not in same  # each is known
    mixed = markdown(None, COLD, COLD, WARM, None, settings={"temperature": 0.9})
    parts = mixed.split("\n---\n")
    assert ["Sent with: not recorded" in part for part in parts] == [False, True, False, False, False, True]
    assert [cold in part for part in parts] == [False, False, True, False, False, False]
    assert "temperature `0.7`" in parts[4] and "Settings at the export: temperature `0.9`" in parts[0]
    old = markdown(None, None)
    assert old.count("Sent with: not recorded") == 1 and old.index("not recorded") < old.index("> q1")


def test_what_stands_in_a_file_of_somebody_else_stays_within_bounds(path: Path) -> None:
    nasty: Settings = {"a*b`\x1b[31m": "`x`\x1b]0;y\x07", "n" * 900: "v" * 900, "big": 10**300, "no": None}
    text = markdown(nasty)
    assert "\x1b" not in text and r"a\*b\`" in text
    store = SessionStore()
    session_id = store.create("/p", "m")
    store.begin_turn(session_id, SavedTurn("q", settings=nasty, status="done"))
    store.close()
    found = SessionStore()
    [turn] = found.load(session_id).turns
    assert turn.settings is not None and turn.settings["big"] is None
    assert max(len(name) for name in turn.settings) == 300 == max(len(str(v)) for v in turn.settings.values())
    again = read(exported(whole(found, session_id), "json", with_thinking=False).encode(), Path("/here"))
    found.close()
    assert again.turns[0].settings == turn.settings


def test_no_more_goings_on_are_taken_than_are_kept() -> None:
    found = [COLD, *({"max_tokens": number} for number in range(90))]
    first, others, is_whole = from_list(found)
    assert (first, len(others), others[-1], is_whole) == (COLD, MOST_KEPT, {"max_tokens": 89}, True)
    assert from_list([]) == (None, (), False) and from_list([None]) == (None, (), True)
    assert from_list([COLD, "x", WARM]) == (COLD, (WARM,), False)
