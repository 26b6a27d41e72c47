"""What was said is found again, as soon as it was said and for as long as it is there."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.search import index as index_module
from docstra_tui.session.search.finder import Finder, Hit
from docstra_tui.session.store.owner import new_owner
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.session.stored import say


@pytest.fixture
def finder(store: SessionStore) -> Iterator[Finder]:
    opened = Finder(store)
    yield opened
    opened.close()


@pytest.fixture
def index(path: Path) -> Path:
    return path.with_name("index.db")


def marks(path: Path, table: str, key: object, by: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE {table} SET deleted = ? WHERE id = ?", (by, key))


def fill(path: Path, session: str, turns: Iterable[tuple[str, str]], first: int = 1) -> None:
    """Many questions and answers at once, with numbers from `first` on."""
    rows = [(number, session, float(number), *turn) for number, turn in enumerate(turns, first)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO turns (id, session_id, asked, question, answer, task, fields, model, status, owner) "
            "VALUES (?, ?, ?, ?, ?, 'answer_question', '{}', 'm', 'done', '')",
            rows,
        )


def lines(finder: Finder, text: str) -> list[tuple[str, int, str]]:
    return [(hit.part, hit.line, hit.text) for hit in finder.find(text).hits]


def everything(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())


def test_questions_answers_and_names_of_files_are_found_with_their_line(
    store: SessionStore, finder: Finder
) -> None:
    one, other = store.create("/p", "m"), store.create("/q", "m")
    first = say(store, one, "How does the client retry?", "Nothing.\n\nThe `Transport` retries\nthree times.")
    item = ContextItem("import os", "src/wire_format.py")
    turn = SavedTurn("And this?", context=(item,), answer="No.", status="done")
    store.begin_turn(other, turn)
    assert finder.find("RETRI transport").hits == (
        Hit(one, first.id, "answer", 3, "The `Transport` retries", ((5, 14), (16, 23))),
    )
    assert lines(finder, '"client retry"') == [("question", 1, "How does the client retry?")]
    assert lines(finder, "wire_format.py") == [("file", 1, "src/wire_format.py")]
    assert lines(finder, "retry wire_format") == lines(finder, "nowhere") == lines(finder, "") == []
    say(store, one, "Transport?", "x")  # a question weighs more than an answer
    assert lines(finder, "transport")[0] == ("question", 1, "Transport?")
    found = finder.find("transport", most=1)
    assert len(found.hits) == 1 and found.has_more


def test_an_answer_is_found_when_it_has_ended_and_again_when_it_went_on(
    store: SessionStore, finder: Finder
) -> None:
    session = store.create("/p", "m")
    turn = SavedTurn("Question?")
    store.begin_turn(session, turn)
    store.add_piece(turn.id, "alpha")
    assert lines(finder, "question") == []
    turn.answer, turn.status = "alpha", "done"
    store.end_turn(turn.id, turn)
    assert lines(finder, "alpha") == [("answer", 1, "alpha")]
    turn.answer = "alpha\nomega"
    store.end_turn(turn.id, turn)
    assert lines(finder, "omega") == [("answer", 2, "omega")]


def test_what_is_deleted_is_not_found_and_is_there_again_when_that_is_taken_back(
    store: SessionStore, finder: Finder, path: Path
) -> None:
    session = store.create("/p", "m")
    turn = say(store, session, "Question?", "needle")
    owner = new_owner()
    for table, key in (("turns", turn.id), ("sessions", session)):
        assert len(lines(finder, "needle")) == 1
        marks(path, table, key, owner)
        assert lines(finder, "needle") == []
        marks(path, table, key, "")
    assert len(lines(finder, "needle")) == 1


def test_the_words_of_what_is_deleted_are_gone_from_every_file(
    store: SessionStore, finder: Finder, path: Path, index: Path
) -> None:
    secret, kept = store.create("/p", "m"), store.create("/p", "m")
    say(store, secret, "unspeakable", "forbidden")
    say(store, kept, "harmless", "stays")
    for part in range(3):  # more than one batch, in several parts of the index
        numbers = range(part * 60, part * 60 + 60)
        texts = [(f"unspeakable{number} common", f"forbidden{number} common " * 20) for number in numbers]
        fill(path, secret, texts, 1000 + part * 60)
        fill(path, kept, [(f"harmless{number} common", "stays") for number in numbers], 2000 + part * 60)
        finder.follow()
    assert b"forbidden7" in index.read_bytes()

    store.delete(secret)
    finder.follow()

    data = everything(path.parent)
    assert b"harmless7" in data and b"unspeakable" not in data and b"forbidden" not in data
    # A term of the index is kept without what it shares with the one before it.
    index_data = index.read_bytes()
    assert b"peakable" not in index_data and b"rbidden" not in index_data
    assert len(finder.find("harmless11").hits) == 11  # 11, 110, 111, …


def test_what_another_program_began_to_forget_is_forgotten(
    store: SessionStore, finder: Finder, index: Path
) -> None:
    session = store.create("/p", "m")
    turn = say(store, session, "unspeakable", "x")
    say(store, store.create("/p", "m"), "other", "x")
    finder.follow()
    with closing(sqlite3.connect(index)) as connection, connection:  # taken out, and killed before it merged
        doc = connection.execute("SELECT doc FROM turns WHERE turn = ?", (turn.id,)).fetchone()
        connection.execute("DELETE FROM words WHERE rowid = ?", doc)
        connection.execute("DELETE FROM turns WHERE doc = ?", doc)
        connection.execute("UPDATE state SET unmerged = 1")
    store.delete(session)
    finder.forget_deleted()
    assert b"unspeakable" not in index.read_bytes()


@pytest.mark.parametrize("how", ["garbage", "cut", "another shape", "no table", "bits", "gone", "a folder"])
def test_a_broken_index_is_made_again_and_never_touches_the_store(
    how: str, store: SessionStore, finder: Finder, path: Path, index: Path
) -> None:
    session = store.create("/p", "m")
    say(store, session, "question", "needle")
    fill(path, session, [(f"question {number}", f"answer{number} needle " * 30) for number in range(59)])
    assert len(finder.find("needle").hits) == 60
    before = path.read_bytes()
    if how not in ("gone", "no table", "another shape"):
        finder.close()
    data = index.read_bytes()
    match how:
        case "garbage":
            index.write_bytes(b"not a database " * 1000)
        case "cut":
            index.write_bytes(data[: len(data) // 2])
        case "bits":
            index.write_bytes(data[:4096] + bytes(255 - byte for byte in data[4096:]))
        case "gone":
            index.unlink()
        case "a folder":
            index.unlink()
            index.mkdir(0o700)
        case "another shape" | "no table":
            with closing(sqlite3.connect(index)) as connection, connection:
                connection.execute(
                    "PRAGMA user_version = 9" if how == "another shape" else "DROP TABLE turns"
                )
            finder.close()
    found = finder.find("needle")
    assert len(found.hits) == 60
    assert bool(found.note) == (how == "a folder")
    assert path.read_bytes() == before and store.problem is None


def test_without_full_text_search_it_is_slower_and_said(
    store: SessionStore, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(store, store.create("/p", "m"), "Question?", "one\ntwo needles")
    tables = [one.replace("fts5", "fts_of_nobody") for one in index_module.TABLES]
    monkeypatch.setattr(index_module, "TABLES", tables)
    found = finder.find("needl")
    assert [(hit.line, hit.text) for hit in found.hits] == [(2, "two needles")]
    assert found.note == (
        "Without an index every session is read, which is slower: "
        "the SQLite of this Python has no full-text search."
    )
    finder.follow()  # harmless


def test_the_index_is_private_and_a_link_is_refused(
    store: SessionStore, finder: Finder, index: Path, tmp_path: Path
) -> None:
    say(store, store.create("/p", "m"), "Question?", "needle")
    finder.follow()
    assert index.stat().st_mode & 0o777 == 0o600
    finder.close()
    index.rename(tmp_path / "elsewhere")
    index.symlink_to(tmp_path / "elsewhere")
    found = finder.find("needle")
    assert len(found.hits) == 1 and "is a link" in found.note


def test_ten_thousand_turns_are_looked_through_at_once(
    store: SessionStore, finder: Finder, path: Path
) -> None:
    session = store.create("/p", "m")
    say(store, session, "the first", "one")
    words = [f"word{number}" for number in range(997)]
    turns = [
        (
            f"Why does {words[number % 997]} go?",
            " ".join(words[number % 90 * 11 :][:9]) + " needle" * (number % 500 == 0),
        )
        for number in range(10_000)
    ]
    fill(path, session, turns)
    finder.follow()
    for text, count in (("needle", 20), ("word1", 200), ('"why does" go', 200), ("needle word3", None)):
        began = time.process_time()
        found = finder.find(text)
        took = time.process_time() - began
        assert count is None or len(found.hits) == count
        assert not found.note and took < 1.0, (text, took)  # 0.2 s where nothing else runs
