"""A conversation keeps its log append-only, ends every turn once, and forgets nothing it should know."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.reader import read_item
from docstra_tui.context.files.tree import list_folder
from docstra_tui.errors import ContextOverflow, DocstraError, EngineDied, GenerationFailed, NoAnswer
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.text import shown_name
from tests.fakes import FakeLLM

A = ContextItem("a = 1\n", "a.py", "python")
A2 = ContextItem("a = 2\n", "a.py", "python")
B = ContextItem("b = 1\n", "b.py", "python")
C = ContextItem("c = 1\n", "c.rs", "rust")


@pytest.fixture
def llm() -> FakeLLM:
    return FakeLLM()


@pytest.fixture
def session(llm: FakeLLM) -> ChatSession:
    return ChatSession(llm, Path("/project"))


def asked(llm: FakeLLM, call: int = -1) -> list[str]:
    """The user messages of one request."""
    return [message["content"] for message in llm.calls[call].messages if message["role"] == "user"]


def until(claim: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def test_the_prompt_that_is_looked_at_while_a_turn_runs_is_that_turns(
    llm: FakeLLM, session: ChatSession
) -> None:
    llm.enqueue("One.")
    list(session.ask("First?"))
    session.set_context([A])  # enters with the turn that runs, and has nobody's answer yet
    gate = threading.Semaphore(0)
    llm.enqueue("Two.", gate=gate)
    running = session.ask("Second?")
    gate.release()
    assert next(running) == "Two."
    shown = session.show_prompt("typed meanwhile")
    assert "a = 1" in shown.new_text and "Second?" in shown.new_text
    assert shown.why == ""  # and not that its file was removed
    running.cancel()
    list(running)


def test_a_question_is_answered_and_kept(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("Hello ", "world", usage=Usage(10, 2, 4))
    session.set_context([A])
    running = session.ask("What is it?")
    assert running.turn.status == "streaming"
    assert list(running) == ["Hello ", "world"]
    turn = session.turns[0]
    assert (turn.question, turn.answer, turn.status) == ("What is it?", "Hello world", "done")
    assert (turn.finish_reason, turn.usage, turn.error) == ("stop", Usage(10, 2, 4), None)
    assert turn.ttft_s is not None and turn.tokens_per_s is not None
    assert turn.context == (A,) and turn.files == (A,)
    assert session.title == "What is it?"
    assert list(running) == []


def test_the_log_only_grows(llm: FakeLLM, session: ChatSession) -> None:
    for answer in ("one", "two", "three"):
        llm.enqueue(answer)
    session.set_context([A])
    list(session.ask("first"))
    session.set_context([A, B])
    list(session.ask("second"))
    list(session.ask("third"))

    first, second, third = (asked(llm, number) for number in range(3))
    assert second[: len(first)] == first
    assert third[: len(second)] == second
    assert "a.py" in first[0] and "b.py" in second[1] and "a.py" not in second[1]
    assert third[2] == "third"
    assert session.context == (A, B)
    assert session.turns[1].context == (B,) and session.turns[1].files == (A, B)


def test_a_file_that_is_unticked_leaves_and_an_edited_one_is_replaced_in_place(
    llm: FakeLLM, session: ChatSession
) -> None:
    session.set_context([A, B])
    llm.enqueue("one")
    list(session.ask("first"))
    session.set_context([C, A2])
    llm.enqueue("two")
    list(session.ask("second"))
    first, second = asked(llm)
    assert "a = 2" in first and "a = 1" not in first and "b.py" not in first
    assert "c.rs" in second and "a.py" not in second
    assert session.context == (A2, C)
    assert session.turns[0].context == (A, B), "the record says what was sent then"
    assert session.turns[1].files == (A2, C)


def test_waiting_files_are_in_the_order_given(session: ChatSession) -> None:
    session.set_context([B])
    session.set_context([A, B, C])
    assert session.context == (A, B, C)
    session.set_context([C, A])
    assert session.context == (C, A)


@pytest.mark.parametrize("how", ["failed", "cancelled", "overflow"])
def test_a_turn_that_came_to_nothing_leaves_its_files_for_the_next(
    llm: FakeLLM, session: ChatSession, how: str
) -> None:
    llm.enqueue("one")
    session.set_context([A])
    list(session.ask("first"))
    session.set_context([A, B])
    errors: dict[str, BaseException] = {"failed": EngineDied("gone"), "overflow": ContextOverflow(9, 8, 2)}
    if how in errors:
        llm.enqueue(errors[how])
    running = session.ask("lost")
    if how == "cancelled":
        running.cancel()
    assert list(running) == []
    assert running.turn.status == ("cancelled" if how == "cancelled" else "failed")
    assert running.turn.error is errors.get(how)
    assert running.turn.question == "lost"
    llm.enqueue("two")
    list(session.ask("second"))
    messages = asked(llm)
    assert len(messages) == 2 and "lost" not in "".join(messages)
    assert "b.py" in messages[1]
    assert session.turns[-1].context == (B,)


def test_a_part_answer_is_kept_whatever_ended_it(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("half an ", EngineDied("The engine died.", "Restart it."))
    running = session.ask("first")
    assert list(running) == ["half an "]
    assert (running.turn.status, running.turn.answer) == ("failed", "half an ")
    assert isinstance(running.turn.error, EngineDied)
    llm.enqueue("fine")
    list(session.ask("second"))
    assert [message["content"] for message in llm.calls[-1].messages][2] == "half an "


def test_an_answer_without_text_is_a_failed_turn_that_says_so(llm: FakeLLM, own_places: Path) -> None:
    store = SessionStore()
    session = ChatSession(llm, Path("/project"), store)
    llm.enqueue(" ", usage=Usage(7, 1))
    assert list(session.ask("What is it?")) == [" "]
    turn = session.turns[0]
    assert (turn.status, turn.finish_reason, turn.usage) == ("failed", "stop", Usage(7, 1))
    assert isinstance(turn.error, NoAnswer) and not turn.has_answer
    store.close()

    kept = SessionStore()
    again = ChatSession.resume(llm, kept, session.id or "").turns[0]
    assert (again.status, again.error and again.error.message) == ("failed", turn.error.message)
    kept.close()


def test_a_foreign_error_becomes_one_of_ours(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("x", ZeroDivisionError("oops"))
    running = session.ask("first")
    list(running)
    assert isinstance(running.turn.error, GenerationFailed)
    assert "oops" in str(running.turn.error)


def test_stopping_keeps_the_part_and_ends_once(llm: FakeLLM, session: ChatSession) -> None:
    gate = threading.Semaphore(0)
    llm.enqueue("one ", "two ", "three", gate=gate)
    running = session.ask("first")
    pieces: list[str] = []
    reader = threading.Thread(target=lambda: pieces.extend(running))
    reader.start()
    gate.release()
    until(lambda: running.turn.answer == "one ")
    running.cancel()
    reader.join(5)
    assert pieces == ["one "]
    assert (running.turn.status, running.turn.finish_reason) == ("cancelled", "cancelled")
    running.cancel()
    assert running.turn.status == "cancelled"


def test_a_turn_cancelled_before_it_began_asks_nobody(llm: FakeLLM, session: ChatSession) -> None:
    running = session.ask("first")
    running.cancel()
    assert running.ended and list(running) == [] and llm.calls == []
    llm.enqueue("fine")
    assert list(session.ask("second")) == ["fine"]


def test_ctrl_c_in_the_reading_thread_stops_the_answer(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("one ", KeyboardInterrupt())
    running = session.ask("first")
    with pytest.raises(KeyboardInterrupt):
        list(running)
    assert (running.turn.status, running.turn.answer) == ("cancelled", "one ")


def test_one_answer_at_a_time(llm: FakeLLM, session: ChatSession) -> None:
    llm.enqueue("one")
    running = session.ask("first")
    with pytest.raises(DocstraError, match="still being written"):
        session.ask("second")
    list(running)
    llm.enqueue("two")
    assert list(session.ask("second")) == ["two"]


def test_a_task_about_a_file_brings_it_along_and_names_it(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A])
    llm.enqueue("docs")
    list(session.document(A))
    [text] = asked(llm)
    assert text.count("a = 1") == 1 and '"a.py", given above' in text and "python code" in text
    assert session.turns[0].question == "Document a.py"
    llm.enqueue("why")
    list(session.explain(C))
    assert "c = 1" in asked(llm)[1] and "Explain the rust code" in asked(llm)[1]
    session.set_context([A, B])
    assert session.context == (A, C, B), "a task's file is not lost by never having been ticked"


def test_examples_and_custom_requests_go_over_all_files(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A, B])
    llm.enqueue("e")
    list(session.examples("parse a date"))
    [text] = asked(llm)
    assert "a.py" in text and "b.py" in text and "python examples" in text and "parse a date" in text
    llm.enqueue("c")
    list(session.custom("Review {this}"))
    assert asked(llm)[1] == "Review {this}"
    llm.prompt_builder.add_template("mine", "{context}\n\nDo {what}")
    llm.enqueue("t")
    list(session.run("mine", "mine", {"what": "it"}))
    assert asked(llm)[2] == "Do it"


def test_while_a_turn_runs_the_budget_is_the_one_of_that_turn(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A])
    llm.enqueue("one ", "two")
    before = session.count("why is it so?")
    running = session.ask("why is it so?")
    assert session.count() == before
    next(running)
    assert session.count() == session.count("something else") == before
    assert sum(tokens for _, tokens in session.weigh("")) == before.used
    assert before.used == llm.count_tokens(llm.calls[0].messages)
    list(running)
    assert session.count("").used != before.used


def test_a_question_that_was_refused_is_not_counted(session: ChatSession) -> None:
    empty = session.count()
    with pytest.raises(ContextOverflow):
        session.ask("x " * 9999)
    assert session.count() == empty


def test_an_unknown_template_fails_in_words(session: ChatSession) -> None:
    running = session.run("nope", "nope", {})
    assert list(running) == []
    assert running.turn.status == "failed" and "nope" in str(running.turn.error)


def test_the_budget_counts_what_would_be_sent(llm: FakeLLM, session: ChatSession) -> None:
    empty = session.count()
    session.set_context([A])
    with_file = session.count("two words")
    assert with_file.used > empty.used
    assert (with_file.limit, with_file.reserve, with_file.exact, with_file.fits) == (8192, 512, True, True)
    llm.enqueue("one")
    list(session.ask("two words"))
    assert session.count().used == llm.count_tokens(llm.calls[-1].messages) + 1
    tight = ChatSession(FakeLLM(window=100), Path("."), reserve=90)
    assert not tight.count("x " * 50).fits
    assert ChatSession(FakeLLM(window=None), Path(".")).count("x " * 9999).fits
    assert ChatSession(FakeLLM(window=10, exact=False), Path(".")).count("x " * 99).fits


def test_a_session_comes_back_with_its_files_and_its_part_answer(llm: FakeLLM) -> None:
    store = SessionStore()
    session = ChatSession(llm, Path("/project"), store)
    llm.enqueue("one")
    session.set_context([A, B])
    list(session.ask("first"))
    session.set_context([A2, B, C])
    llm.enqueue("half", EngineDied("gone"))
    list(session.ask("second"))
    llm.enqueue(ContextOverflow(9, 8, 2))
    session.set_context([A2, B, C, ContextItem("d", "d.go")])
    list(session.ask("third"))
    session.draft = "not sent"
    store.close()

    again = SessionStore()
    other = FakeLLM("fine")
    back = ChatSession.resume(other, again, "last")
    assert back.turns == session.turns or [t.question for t in back.turns] == ["first", "second", "third"]
    assert [turn.status for turn in back.turns] == ["done", "failed", "failed"]
    assert isinstance(back.turns[2].error, ContextOverflow)
    assert back.context == session.context
    assert (back.root, back.title, back.draft) == (Path("/project"), "first", "not sent")

    list(back.ask("fourth"))
    llm.enqueue("fine")
    list(session.ask("fourth"))
    assert other.calls[-1].messages == llm.calls[-1].messages, "resumed, the prompt is the same to a token"
    again.close()


def test_picked_lines_of_a_file_that_became_shorter_stay_where_they_are(llm: FakeLLM) -> None:
    session = ChatSession(llm, Path("/project"))
    long = ContextItem("one\ntwo\nthree\n", "a.py", "python", 10, 12)
    session.set_context([long, B])
    llm.enqueue("fine")
    list(session.ask("first"))

    session.set_context([ContextItem("one\ntwo\n", "a.py", "python", 10, 11), B])
    llm.enqueue("fine")
    list(session.ask("second"))

    sent = llm.calls[-1].messages
    assert "lines 10-11" in sent[1]["content"] and "three" not in sent[1]["content"]
    assert sent[-1]["content"].count("File ") == 0


def test_the_store_never_stops_the_conversation(llm: FakeLLM, own_places: Path) -> None:
    own_places.joinpath("state").write_text("a file where the folder should be")
    store = SessionStore()
    session = ChatSession(llm, Path("/project"), store)
    llm.enqueue("one")
    assert list(session.ask("first")) == ["one"]
    assert session.problem and "not saved" not in session.problem.lower()  # the faces say so
    session.draft = "x"
    store.close()


def test_set_context_while_an_answer_streams_is_for_the_next(llm: FakeLLM, session: ChatSession) -> None:
    gate = threading.Semaphore(0)
    llm.enqueue("one", gate=gate)
    session.set_context([A])
    running = session.ask("first")
    reader = threading.Thread(target=lambda: list(running))
    reader.start()
    until(lambda: len(llm.calls) == 1)
    session.set_context([A, B])
    gate.release(2)
    reader.join(5)
    llm.enqueue("two")
    list(session.ask("second"))
    assert "b.py" in asked(llm)[1] and "b.py" not in asked(llm)[0]


HOSTILE = (
    b"plain.py",
    b"bad\xff\xfe.py",
    b"bad\xfe\xff.py",
    b"new\nline.py",
    b"esc\x1b]0;x\x07.py",
    "bidi\u202egnp.py".encode(),
    "zero\u200bwidth.py".encode(),
    b"quote'\"`.py",
    b"  spaces  ",
    b"-rf",
    b"a[red]c[@click=x].py",
    b"name:1-2",
)


def test_hostile_names_are_listed_read_asked_about_saved_and_found_again(
    llm: FakeLLM, tmp_path: Path
) -> None:
    for name in HOSTILE:
        (tmp_path / os.fsdecode(name)).write_text("x")
    rules = IgnoreRules(tmp_path)
    listed = [entry.path for entry in list_folder(tmp_path, "", rules).entries]
    assert sorted(os.fsencode(path) for path in listed) == sorted(HOSTILE)
    assert len({shown_name(path) for path in listed}) == len(HOSTILE)
    store = SessionStore()
    session = ChatSession(llm, tmp_path, store)
    session.set_context([read_item(tmp_path, path) for path in listed])
    llm.enqueue("fine")
    list(session.ask("What are they?"))
    assert session.turns[0].status == "done"
    store.close()

    again = SessionStore()
    back = ChatSession.resume(FakeLLM(), again, "last")
    assert [item.path for item in back.context] == listed
    again.close()
