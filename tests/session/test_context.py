"""The files of a conversation: what is ticked is sent, once, at its place."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.reader import read_item
from docstra_tui.context.files.tree import list_folder
from docstra_tui.errors import ContextOverflow, EngineDied
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.text import shown_name
from tests.fakes import FakeLLM
from tests.session.stored import until
from tests.session.talk import A2, A, B, C, asked


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
