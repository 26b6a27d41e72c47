"""A damaged disk costs what stood on the damaged place, and no more."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import WaitingQuestion
from tests.session.damaged import Said, behead, damage, flips, untouched, write_sessions
from tests.session.store.salvaged import everything


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_costs_no_turn_that_it_did_not_touch(
    seed: int, path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    chance = random.Random(seed)
    places = flips(len(data), chance)
    path.parent.mkdir(mode=0o700)
    path.write_bytes(damage(data, places, chance))

    found = everything(path)

    for turn in untouched(data, places, said):
        assert found.get(turn.key, ("lost", ()))[0] == turn.answer, (places, turn.question)


@pytest.mark.parametrize("pages", [(0,), (1, 2, 3), (0, 2, 4, 6, 8, 10, 12)])
def test_whole_pages_that_are_gone_cost_what_stood_on_them(
    pages: tuple[int, ...], path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    broken = bytearray(data)
    for page in pages:
        broken[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
    places = [place for page in pages for place in range(page * 4096, (page + 1) * 4096, 16)]
    path.parent.mkdir(mode=0o700)
    path.write_bytes(broken)

    found = everything(path)

    kept = list(untouched(data, places, said))
    assert kept and all(found[turn.key][0] == turn.answer for turn in kept)
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    assert aside.read_bytes() == bytes(broken), "the old file is kept as it was"


def test_what_was_brought_over_is_said_and_stays(path: Path, whole: tuple[bytes, list[Said]]) -> None:
    data, said = whole
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"\0" * 100 + data[100:])

    store = SessionStore(path)
    assert len(store.sessions()) == 4
    assert f"{len(said)} questions in 4 sessions" in (store.notice or "")
    session = store.load(said[0].session_id)
    assert (session.root, session.draft) == ("/project/0", "draft 0")
    assert session.turns[5].files[0].content.startswith("def f0()")
    assert (session.turns[5].thinking, session.turns[5].thinking_s) == ("Hm, <00.005>?", 1.5)
    store.close()
    again = SessionStore(path)
    assert len(again.sessions()) == 4 and again.notice is None
    again.close()


def test_an_answer_whose_end_cannot_be_found_is_kept_and_says_so(
    path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    long = next(turn for turn in said if len(turn.answer) > 10_000)
    broken = bytearray(b"\0" * 100 + data[100:])
    home = data.index(long.question.encode()) // 4096
    pages = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    full = [page for page, text in enumerate(pages) if text.count(b"is <00.004>.") > 200 and page != home]
    page = full[-2]
    broken[page * 4096 : page * 4096 + 4] = b"\xff" * 4  # where the answer goes on
    path.parent.mkdir(mode=0o700)
    path.write_bytes(broken)

    answer, damaged = everything(path)[long.key]

    assert len(answer) > 4000 and long.answer.startswith(answer[:-1]) and answer != long.answer
    assert "the answer" in damaged


def test_turns_whose_session_is_gone_are_shown_under_their_first_question(path: Path) -> None:
    said = write_sessions(path, sessions=2, turns=3)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM sessions WHERE id = ?", (said[0].session_id,))
    store = SessionStore(path)
    titles = {summary.title: summary.turns for summary in store.sessions()}
    store.close()
    assert titles == {"What is <00.000>?": 3, "What is <01.000>?": 3}


def test_a_turn_whose_session_is_no_text_any_more_is_found_once(path: Path) -> None:
    write_sessions(path, sessions=1, turns=3)
    with closing(sqlite3.connect(path)) as connection, connection:
        where = "WHERE id = (SELECT id FROM turns ORDER BY asked LIMIT 1)"
        connection.execute(f"UPDATE turns SET session_id = CAST(x'61ff62' AS TEXT) {where}")
    for _ in range(2):
        store = SessionStore(path)
        assert sorted(summary.turns for summary in store.sessions()) == [1, 2]
        store.close()


def test_a_question_that_waited_is_brought_over_too(path: Path) -> None:
    store = SessionStore(path)
    question = WaitingQuestion("What was never sent?")
    store.accept(store.create("/p", "m"), question)
    store.close()
    data = path.read_bytes()
    path.write_bytes(b"\0" * 100 + data[100:])
    store = SessionStore(path)
    [summary] = store.sessions()
    [waiting] = store.load(summary.id).waiting
    store.close()
    assert waiting.text == "What was never sent?"


def test_an_answer_that_was_half_written_in_a_damaged_file_is_not_shown_as_being_written(path: Path) -> None:
    said = write_sessions(path, sessions=1, turns=2)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE turns SET status = 'streaming', owner = 'gone'")
    behead(path, path.read_bytes())
    store = SessionStore(path)
    assert [turn.status for turn in store.load(said[0].session_id).turns] == ["interrupted"] * 2
    store.close()
