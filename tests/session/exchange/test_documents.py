"""A conversation goes out and comes in again as it was said, and nothing but a conversation comes in."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.errors import DocstraError, EngineDied
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.exchange import imported
from docstra_tui.session.exchange.exported import document_of, exported
from docstra_tui.session.exchange.imported import NotImported, read
from docstra_tui.session.exchange.whole import WholeSession
from docstra_tui.session.tree import LAST_ASKED, NO_TURN, Node
from docstra_tui.session.turns import (
    LABEL,
    ModelChoice,
    Placed,
    SavedTurn,
    StoredSession,
    WaitingQuestion,
)
from docstra_tui.text import UNSAFE

HERE = Path("/here")
A = ContextItem("x = 1\n", "a.py", "python", 1, 9)
ODD = ContextItem("y", "odd\udcff.py", "", detail="outline")


def talk() -> WholeSession:
    """Two answers to the first question, and one that failed below the second of them."""
    first = SavedTurn(
        "Why?", context=(A,), answer="Because.", status="done", id=11, parent=NO_TURN, asked=5.0
    )
    again = replace(first, answer="So.", id=12, asked=6.0, thinking="Hm.", thinking_s=1.5, model="org/m")
    last = SavedTurn(
        "And\x1b]52;c;x\x07?",
        "document_code",
        {"code": "secret words of a template"},
        earlier=(Placed(12, A), Placed(99, ODD)),
        context=(ODD,),
        left_out=("big.py",),
        status="failed",
        error=EngineDied("It died.", "Restart it."),
        usage=Usage(10, 2, 8),
        id=13,
        parent=12,
        asked=7.0,
    )
    turns = (first, again, last)
    return WholeSession(
        StoredSession(
            "abcdef123456",
            "Why?",
            "/home/somebody/project",
            "org/m",
            "and then",
            4.0,
            8.0,
            (again, last),
            choice=ModelChoice("http://gpu.example:8000/v1", "org/m", "main", "int8"),
            waiting=(WaitingQuestion("first this"),),
            nodes=tuple(Node(turn.id, turn.parent, turn.asked) for turn in turns),
            tip=13,
            is_titled=True,
        ),
        turns,
    )


def json_of(whole: WholeSession, **more: Any) -> bytes:
    return exported(whole, "json", with_thinking=True, **more).encode()


def test_every_fork_goes_out_and_comes_in_with_numbers_of_its_own() -> None:
    whole = talk()
    found = read(json_of(whole), HERE)
    _, again, last = found.turns
    assert [turn.parent for turn in found.turns] == [NO_TURN, NO_TURN, again.id]
    assert found.session.tip == last.id
    assert not {turn.id for turn in found.turns} & {11, 12, 13} and found.session.id != whole.session.id
    assert [(turn.question, turn.answer) for turn in found.turns] == [
        (turn.question, turn.answer) for turn in whole.turns
    ]
    assert (again.thinking, again.thinking_s, again.model) == ("Hm.", 1.5, "org/m")
    assert (str(last.error), last.usage, last.left_out) == (
        "It died. Restart it.",
        Usage(10, 2, 8),
        ("big.py",),
    )
    assert (found.session.title, found.session.is_titled) == ("Why?", True)
    assert found.session.draft == "first this\n\nand then"
    # As often as one likes: what is written then differs only where it must.
    more = json.loads(json_of(found))
    once = json.loads(json_of(whole))
    for document in (once, more):
        for field in ("root", "model", "unsent"):
            del document[field]
        for turn in document["turns"]:
            del turn["task"]
        for file in document["files"]:
            del file["detail"]
    assert more["files"] == [*once["files"][:1], {**once["files"][1], "path": "odd\\xff.py"}]
    assert more == once


def test_what_comes_in_names_files_and_a_model_and_opens_none() -> None:
    found = read(json_of(talk()), HERE)
    assert found.session.root == "/here"
    assert found.session.choice == ModelChoice()
    assert found.session.waiting == ()
    items = [item for turn in found.turns for item in turn.files]
    assert {(item.path, item.sha256) for item in items} >= {("a.py", A.sha256)}
    assert all(item.content == "" and item.detail == LABEL for item in items)
    # Nothing that was filled in unseen is ever sent.
    assert all(turn.fields == {"question": turn.question} for turn in found.turns)
    assert {turn.task for turn in found.turns} == {"answer_question"}
    assert b"secret words" not in json_of(talk())


def test_what_was_thought_goes_along_only_on_request() -> None:
    for form in ("md", "json"):
        assert "Hm." in exported(talk(), form, with_thinking=True)
        assert "Hm." not in exported(talk(), form, with_thinking=False)
    assert document_of(talk(), with_thinking=False).turns[1].thinking_s is None


def test_the_document_says_which_text_of_a_file_was_sent_and_with_which_settings() -> None:
    text = exported(talk(), "md", with_thinking=False, settings={"temperature": 0.0, "think": "off"})
    assert "Settings at the export: temperature `0.0`, think `off`" in text
    assert f"- `a.py:1-9`: sha256 `{A.sha256}`" in text
    assert "*2 of 2 in this place.*" in text
    assert "Because." not in text and "\x1b" not in text
    found = json.loads(json_of(talk(), settings={"temperature": 0.0}))
    assert found["settings"] == {"temperature": 0.0}
    assert found["files"][0] == {
        "path": "a.py",
        "sha256": A.sha256,
        "language": "python",
        "start_line": 1,
        "end_line": 9,
        "detail": "",
    }


def test_an_answer_in_the_making_comes_in_as_one_that_broke_off() -> None:
    whole = talk()
    [*others, last] = whole.turns
    later = replace(last, status="streaming", error=None, asked=time.time() + 1e6)
    found = read(json_of(replace(whole, turns=(*others, later))), HERE)
    assert found.turns[-1].status == "interrupted"
    assert found.turns[-1].asked <= time.time() + 1
    assert [turn.asked for turn in found.turns] == sorted({turn.asked for turn in found.turns})


def test_a_file_that_is_only_shown_does_nothing_to_a_terminal() -> None:
    whole = talk()
    answer = "\x9b2J \u202e \U000e0041 \u200b é 🙂 \x7f"
    told = json_of(WholeSession(whole.session, (replace(whole.turns[0], answer=answer),))).decode()
    assert not UNSAFE.search(told.replace("\n", "")) and "é 🙂" in told
    assert read(told.encode(), HERE).turns[0].answer == answer


def test_what_is_shown_as_it_is_comes_in_safe() -> None:
    whole = talk()
    turn = replace(whole.turns[0], left_out=("a\x1b]0;b\x07",), parent=NO_TURN)
    found = read(json_of(WholeSession(replace(whole.session, draft="c\x1b[d"), (turn,))), HERE)
    assert found.turns[0].left_out == ("a␛]0;b␇",)
    assert "\x1b" not in found.session.draft and "\n" in found.session.draft


def broken(**fields: Any) -> bytes:
    return json.dumps(json.loads(json_of(talk())) | fields).encode()


def test_what_a_program_of_before_wrote_comes_in_without_settings() -> None:
    document = json.loads(broken(version=1))
    for turn in document["turns"]:
        del turn["settings"], turn["gone_on_with"]
    found = read(json.dumps(document).encode(), HERE)
    assert [(turn.settings, turn.gone_on_with) for turn in found.turns] == [(None, ())] * 3


def turns(*changes: dict[str, Any]) -> bytes:
    document = json.loads(json_of(talk()))
    for turn, change in zip(document["turns"], changes, strict=False):
        turn.update(change)
    return json.dumps(document).encode()


DEEP = 200_000

REFUSED = {
    "nothing": (b"", "no JSON"),
    "not text": (b"\xff\xfe\x00", "no JSON"),
    "half": (json_of(talk())[:300], "no JSON"),
    "another kind of file": (b'{"format": "else", "version": 1}', "no exported session"),
    "a list": (b"[]", "no exported session"),
    "no format": (b'{"turns": []}', "no exported session"),
    "a newer one": (broken(version=3), "newer program"),
    "a field that nobody knows": (broken(open="/etc/passwd"), "unknown field `open`"),
    "a field of a turn": (turns({"fields": {"question": "hidden"}}), "unknown field `fields`"),
    "deep lists": (b"[" * DEEP, "no "),
    "deep objects": (b'{"turns":' * DEEP, "no "),
    "a deep setting": (broken(settings={"a": [[]]}), "settings"),
    "a deep question": (turns({"question": [["?"]]}), "turns[0].question"),
    "a status that is none": (turns({"status": "running"}), "status"),
    "a number as text": (turns({"id": "1"}), "id"),
    "no number": (turns({"asked": float("nan")}), "no JSON"),
    "a huge number": (turns({"asked": 1e300}), "asked"),
    "a negative number": (turns({"prompt_tokens": -1}), "prompt_tokens"),
    "a turn twice": (turns({"id": 2}), "Two turns"),
    "a turn that follows itself": (turns({"parent": 1}), "not before it"),
    "a circle": (turns({"parent": 3}), "not before it"),
    "a file that is not there": (turns({"files": [7]}), "not in the list"),
    "a file of a later turn": (turns({"earlier": [[3, 0]]}), "not before it"),
    "a path that ends nowhere": (broken(tip=9), "not there"),
    "a fingerprint that is none": (broken(files=[{"path": "a", "sha256": "0" * 63}]), "sha256"),
    "a fingerprint with a line": (broken(files=[{"path": "a", "sha256": "0" * 64 + "\n"}]), "sha256"),
    "a deep setting of a turn": (turns({"settings": {"a": [[]]}}), "settings"),
    "a long name of one": (turns({"gone_on_with": [{"n" * 301: 1}]}), "gone_on_with"),
    "too many settings": (broken(settings={str(n): 1 for n in range(101)}), "settings"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_exported_session_is_refused_with_its_place(case: str) -> None:
    data, said = REFUSED[case]
    with pytest.raises(NotImported) as told:
        read(data, HERE)
    assert said in str(told.value)
    assert len(str(told.value)) < 400


def test_what_is_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imported, "LARGEST", 1000)
    monkeypatch.setattr(imported, "MOST_NAMED", 2)
    with pytest.raises(NotImported, match="MB"):
        read(json_of(talk()), HERE)
    monkeypatch.setattr(imported, "LARGEST", 10**6)
    with pytest.raises(NotImported, match="more than 2 files"):
        read(json_of(talk()), HERE)


TEXT = st.text(max_size=20)
SHORT = st.none() | st.integers(-5, 10) | st.floats() | TEXT
ANYTHING = st.recursive(
    SHORT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)


@settings(max_examples=60, deadline=None, database=None)
@given(st.data())
def test_any_change_of_a_session_comes_in_whole_or_is_refused(data: st.DataObject) -> None:
    document: Any = json.loads(json_of(talk()))
    at = document
    for _ in range(data.draw(st.integers(0, 2))):
        inner = [
            value
            for value in (at.values() if isinstance(at, dict) else at)
            if isinstance(value, (dict, list))
        ]
        if not inner:
            break
        at = data.draw(st.sampled_from(inner))
    if isinstance(at, dict):
        at[data.draw(st.sampled_from([*at, "x"]))] = data.draw(ANYTHING)
    elif at:
        at[data.draw(st.integers(0, len(at) - 1))] = data.draw(ANYTHING)
    raw = json.dumps(document).encode()
    cut = data.draw(st.sampled_from([len(raw), len(raw) // 2]))
    try:
        found = read(raw[:cut], HERE)
    except DocstraError:
        return
    known = {NO_TURN}
    for turn in found.turns:
        assert turn.parent in known and turn.parent != LAST_ASKED
        known.add(turn.id)
        assert all(item.content == "" for item in turn.files)
    assert found.session.tip in known and found.session.choice == ModelChoice()


@settings(max_examples=40, deadline=None, database=None)
@given(st.lists(st.tuples(TEXT, TEXT, st.integers(0, 4)), min_size=1, max_size=5))
def test_any_words_and_any_tree_go_out_and_come_in(said: list[tuple[str, str, int]]) -> None:
    made: list[SavedTurn] = []
    for number, (question, answer, back) in enumerate(said, 1):
        parent = made[-back].id if 0 < back <= len(made) else NO_TURN
        made.append(
            SavedTurn(question, answer=answer, status="done", asked=number, id=number * 7, parent=parent)
        )
    nodes = tuple(Node(turn.id, turn.parent, turn.asked) for turn in made)
    session = StoredSession("id", "t", "/r", "", "", 0.0, 0.0, (), nodes=nodes, tip=made[-1].id)
    found = read(json_of(WholeSession(session, tuple(made))), HERE)
    place = {turn.id: index for index, turn in enumerate(made)}
    placed = {turn.id: index for index, turn in enumerate(found.turns)}
    assert [(turn.question, turn.answer, placed.get(turn.parent)) for turn in found.turns] == [
        (turn.question, turn.answer, place.get(turn.parent)) for turn in made
    ]
