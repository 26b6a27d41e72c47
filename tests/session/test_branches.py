"""Another answer, another question, one turn less: the original stays as it was, and one gets back to it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from docstra_tui.errors import ContextOverflow, DocstraError
from docstra_tui.llm.prompt import file_fields
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest, plain_question
from docstra_tui.session.turns import SavedTurn
from tests.fakes import FakeLLM
from tests.session.stored import PROJECT, on_disk
from tests.session.talk import A2, A, B, C, asked


def say(session: ChatSession, *questions: str) -> list[SavedTurn]:
    """Ask these; each is answered with its own words."""
    for question in questions:
        session.llm.enqueue(f"answer to {question}")  # type: ignore[attr-defined]
        list(session.ask(question))
    return session.turns[-len(questions) :]


def fork(session: ChatSession, request: TurnRequest, answer: str) -> SavedTurn:
    session.llm.enqueue(answer)  # type: ignore[attr-defined]
    list(session.run(request))
    return session.turns[-1]


def shown(session: ChatSession) -> list[tuple[str, str]]:
    return [(turn.question, turn.answer) for turn in session.turns]


def messages(llm: FakeLLM, call: int = -1) -> list[str]:
    return [message["content"] for message in llm.calls[call].messages]


def test_a_retry_asks_the_same_and_stands_beside_the_first(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A])
    first, second, third = say(session, "one", "two", "three")
    before = shown(session)
    other = fork(session, session.branches.retry(second.id), "another")

    assert messages(llm, 3) == messages(llm, 1), "the model is asked the same to the letter"
    assert shown(session) == [before[0], ("two", "another")]
    assert session.branches.forks == {second.id: (second.id, other.id), other.id: (second.id, other.id)}
    assert (second.answer, third.answer) == ("answer to two", "answer to three")

    assert session.branches.walk(other.id, -1) and shown(session) == before
    assert not session.branches.walk(second.id, -1) and not session.branches.walk(first.id, 1)
    say(session, "four")
    assert asked(llm)[1:] == ["two", "three", "four"]
    assert session.branches.walk(second.id, 1) and session.turns[-1] is other


def test_an_edited_first_question_begins_anew(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A])
    first, _ = say(session, "one", "two")
    fork(session, session.branches.edit(first.id, "uno"), "eins")
    assert shown(session) == [("uno", "eins")]
    assert messages(llm)[0] == messages(llm, 0)[0] and asked(llm)[-1].endswith("uno") and len(asked(llm)) == 1
    assert "a = 1" in asked(llm)[0]


def test_files_stand_where_they_stood_as_of_the_turn_before(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A])
    say(session, "one")
    session.set_context([A, B])
    _, second = say(session, "ignored", "two")[0], session.turns[-1]
    session.set_context([A, B, C])
    say(session, "three")
    ignored = session.turns[1]
    fork(session, session.branches.edit(ignored.id, "zwei"), "so")
    first, question = asked(llm)
    assert first == asked(llm, 0)[0], "what was read before the fork is read as it was"
    assert [name in question for name in ("a = 1", "b = 1", "c = 1")] == [False, True, True]
    session.branches.walk(session.turns[-1].id, -1)
    say(session, "four")
    assert asked(llm)[:4] == asked(llm, 3)
    assert session.context == (A, B, C) and second.context == ()
    session.set_context([A2, B, C])
    fork(session, session.branches.retry(session.turns[2].id), "again")
    assert "a = 2" in asked(llm)[0] and "a = 1" not in asked(llm)[0]


def test_what_a_task_brought_later_is_not_there_at_a_fork_before_it(
    llm: FakeLLM, session: ChatSession
) -> None:
    [first] = say(session, "one")
    task = TurnRequest("explain_code", "Explain c.rs", file_fields(["c.rs"], "rust"), (C,))
    fork(session, task, "it is c")
    explained = session.turns[-1]
    fork(session, session.branches.edit(explained.id, "two"), "zwei")
    assert "c = 1" not in str(messages(llm))
    again = session.branches.retry(explained.id)
    assert again.focus == (C,) and again.text == "/explain @c.rs"
    fork(session, again, "still c")
    assert messages(llm) == messages(llm, 1)
    assert session.branches.beside(first.id) == (first.id,)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """About three turns are held."""
    monkeypatch.setattr("docstra_tui.session.chat.HELD", 60)


def test_branches_are_there_again_in_another_program(store: SessionStore, llm: FakeLLM, small: None) -> None:
    session = ChatSession(llm, Path("/project"), store)
    session.set_context([A])
    turns = say(session, *map(str, range(6)))
    other = fork(session, session.branches.edit(turns[1].id, "uno"), "eins")
    say(session, "due")
    assert session.branches.walk(other.id, -1)
    store.close()

    again = SessionStore()
    back = ChatSession.resume(llm, again, session.id or "")
    assert back.turns[-1].question == "5" and back.skipped == 1 and back.title == "0"
    assert back.branches.beside(turns[1].id) == (turns[1].id, other.id)
    back.branches.show_turn(other.id)
    assert shown(back) == [("0", "answer to 0"), ("uno", "eins"), ("due", "answer to due")]
    fork(back, back.branches.retry(turns[4].id), "anders")
    assert [turn.question for turn in back.turns[-2:]] == ["3", "4"] and len(back.turns) + back.skipped == 5
    again.close()

    third = SessionStore()
    found = third.load("last")
    assert [turn.question for turn in found.turns] == ["0", "1", "2", "3", "4"]
    assert found.turns[-1].answer == "anders" and len(found.forks) == 4
    third.close()


def test_a_question_that_is_not_asked_leaves_the_path_as_it_was(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A, B])
    first, second = say(session, "one", "two")
    before, files = shown(session), session.context
    llm._window = 3
    with pytest.raises(ContextOverflow):
        session.run(session.branches.retry(first.id))
    assert shown(session) == before and session.context == files and not session.branches.forks
    llm._window = 8192
    say(session, "three")
    assert asked(llm)[:2] == asked(llm, 1)
    with pytest.raises(DocstraError, match="no such turn"):
        session.branches.edit(5, "what?")
    assert second.parent == first.id and first.parent == 0


def test_while_something_is_asked_nobody_walks_or_deletes(llm: FakeLLM, session: ChatSession) -> None:
    [first] = say(session, "one")
    llm.enqueue("late", gate=(gate := threading.Semaphore(0)))
    running = session.run(session.branches.retry(first.id))
    for call in (
        lambda: session.branches.walk(first.id, 1),
        lambda: session.branches.delete(first.id),
        session.branches.undo,
    ):
        with pytest.raises(DocstraError, match="being written"):
            call()
    gate.release(2)
    assert list(running) == ["late"] and session.branches.walk(running.turn.id, -1)


@pytest.mark.parametrize("is_saved", [False, True])
def test_a_deleted_turn_is_not_told_and_comes_back_whole(
    llm: FakeLLM, own_places: Path, is_saved: bool
) -> None:
    store = SessionStore() if is_saved else None
    session = ChatSession(llm, Path("/project"), store)
    session.set_context([A])
    say(session, "one")
    session.set_context([A, B])
    say(session, "two", "three")
    before, last = shown(session), messages(llm)
    first, second, third = session.turns
    assert session.branches.delete(second.id) is second
    assert [turn.question for turn in session.turns] == ["one", "three"]
    say(session, "four")
    assert asked(llm)[0] == asked(llm, 0)[0] and asked(llm)[1].endswith("three") and "b = 1" in asked(llm)[1]
    session.branches.delete(session.turns[-1].id)
    assert session.branches.delete(third.id) is third and session.branches.undo() is third
    assert session.branches.undo() is not None and session.branches.undo() is second
    assert session.branches.undo() is None
    session.branches.delete(session.turns[-1].id)
    assert shown(session) == before
    llm.enqueue("now")
    list(session.ask("four"))
    assert messages(llm)[: len(last)] == last
    session.branches.delete(first.id)
    if store is not None:
        store.close()
        again = SessionStore()
        assert [turn.question for turn in again.load("last").turns] == ["two", "three", "four"]
        again.close()


def test_two_programs_in_one_session_write_side_by_side(store: SessionStore, llm: FakeLLM) -> None:
    one = ChatSession(llm, Path("/project"), store)
    say(one, "one")
    assert store.flush()
    elsewhere = SessionStore()
    other = ChatSession.resume(llm, elsewhere, one.id or "")
    assert other.is_elsewhere and not one.is_elsewhere
    say(one, "here")
    assert store.flush()
    say(other, "there")
    assert shown(one) != shown(other)
    assert elsewhere.flush()
    elsewhere.close()
    store.close()

    third = SessionStore()
    found = third.load("last")
    assert [turn.question for turn in found.turns] == ["one", "there"] and len(found.forks) == 2
    back = ChatSession.resume(llm, third, "last")
    assert not back.is_elsewhere and back.branches.walk(back.turns[-1].id, -1)
    assert [turn.question for turn in back.turns] == ["one", "here"]
    third.close()


FORKS = """
import os, threading
from pathlib import Path
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from tests.fakes import FakeLLM
llm, store = FakeLLM("one", "two"), SessionStore()
session = ChatSession(llm, Path("/p"), store)
list(session.ask("first"))
list(session.ask("second"))
llm.enqueue("half", "never", gate=(gate := threading.Semaphore(0)))
running = session.run(session.branches.retry(session.turns[0].id))
gate.release()
assert next(running) == "half"
while store.is_behind(running.turn.id):
    pass
os.kill(os.getpid(), 9)
"""


def test_kill_9_in_the_middle_of_a_fork_keeps_both(own_places: Path, path: Path) -> None:
    died = subprocess.run([sys.executable, "-c", FORKS], cwd=PROJECT, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL
    store = SessionStore()
    session = ChatSession.resume(FakeLLM(), store, "last")
    assert [(turn.answer, turn.status) for turn in session.turns] == [("half", "interrupted")]
    assert session.branches.walk(session.turns[0].id, -1)
    assert [turn.answer for turn in session.turns] == ["one", "two"]
    store.close()
    assert on_disk(path, "SELECT count(*) FROM turns") == [(3,)]


def test_an_answer_that_another_program_was_writing_is_told_whole_when_it_has_ended(
    store: SessionStore, llm: FakeLLM
) -> None:
    session, gate = ChatSession(llm, Path("/project"), store), threading.Semaphore(0)
    session.set_context([A])
    say(session, "one")
    llm.enqueue("half ", "and whole", gate=gate)
    turn = session.ask("two")
    gate.release()
    next(turn)
    assert store.flush()
    there = SessionStore()
    other = ChatSession.resume(FakeLLM("there", "again"), there, session.id or "")
    assert other.turns[-1].status == "streaming"
    with pytest.raises(DocstraError, match="Another program is writing that answer") as refused:
        other.going_on()
    assert "/resume" in refused.value.hint
    gate.release(2)
    list(turn)
    assert store.flush()
    list(other.ask("three"))
    assert messages(other.llm)[1:] == [*messages(llm)[1:], "half and whole", "three"]  # type: ignore[arg-type]
    assert [one.answer for one in other.turns[1:]] == ["half and whole", "there"]
    assert [one.path for one in other.context] == ["a.py"]
    there.close()


def test_what_another_program_deleted_under_us_leaves_the_rest_on_its_branch(
    store: SessionStore, llm: FakeLLM
) -> None:
    session = ChatSession(llm, Path("/project"), store)
    say(session, "one", "two", "three")
    there = SessionStore()
    other = ChatSession.resume(FakeLLM(), there, session.id or "")
    other.branches.delete(other.turns[2].id)
    say(other, "there")
    there.close()
    say(session, "here")
    store.close()
    again = SessionStore()
    assert [turn.question for turn in again.load("last").turns] == ["one", "two", "here"]
    again.close()


@pytest.mark.parametrize(
    ("task", "fields", "files", "typed"),
    [
        ("answer_question", {"question": "Why?"}, (), "Why?"),
        (
            "generate_examples",
            {"request": "loops", "language": "python", "additional_context": ""},
            (),
            "/examples loops",
        ),
        ("document_code", file_fields(["a.py"], "python"), (A, B), "/document @a.py"),
        ("answer_part", {"question": "Why?"}, (A,), "/each Why?"),
        ("no_such_template", {"what": "it"}, (), "As it was shown"),
    ],
)
def test_what_was_asked_can_be_written_again(
    task: str, fields: dict[str, str], files: Sequence[object], typed: str, session: ChatSession
) -> None:
    from docstra_tui.session.again import asked_again, written

    shown_as = "Why?" if task == "answer_question" else "As it was shown"
    turn = SavedTurn(shown_as, task, fields, tuple(files))  # type: ignore[arg-type]
    assert written(turn) == typed
    again = asked_again(turn, {"a.py"}, session.llm.prompt_builder)
    assert again.is_retry and not again.typed and again.text == typed
    if task == "no_such_template":
        assert again.fields == plain_question(shown_as).fields
    else:
        assert (again.task, again.fields) == (task, fields)
