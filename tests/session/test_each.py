"""One question to more files than fit: how it is divided, what each turn is, what later ones hear of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from docstra_tui.errors import DocstraError, NotAsked
from docstra_tui.llm.answer import Sent
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import JOIN, PART
from docstra_tui.session.admission import EACH
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.each import Each, divide
from docstra_tui.session.scale import Scale
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turn_request import TurnRequest, plain_question
from tests.fakes import FakeLLM
from tests.session.talk import asked

WINDOW = 800
FILES = [ContextItem(f"def f{n}():\n" + "    x = 1\n" * 60, f"f{n}.py", "python") for n in range(6)]
EACH_PART = TurnRequest("answer_question", "Where?", {"question": "Where?"}, to_each=True)


def all_of(session: ChatSession, request: TurnRequest = EACH_PART) -> list[str]:
    """Ask it, and all that follows by itself."""
    answers, following = [], request
    while following is not None and len(answers) < 20:
        running = session.run(following)
        answers.append("".join(running))
        following = running.following()
    return answers


def session_of(llm: FakeLLM, store: SessionStore | None = None) -> ChatSession:
    session = ChatSession(llm, Path("/p"), store, reserve=100)
    session.set_context(FILES)
    return session


def test_each_part_is_asked_and_then_what_joins_the_answers() -> None:
    llm = FakeLLM("One.", "Two.", "Three.", "Together.", window=WINDOW)
    session = session_of(llm)
    assert all_of(session) == ["One.", "Two.", "Three.", "Together."]
    assert [turn.task for turn in session.turns] == [PART, PART, PART, JOIN]
    assert [turn.question.splitlines()[-1] for turn in session.turns] == [
        "(part 1 of 3: f0.py, f1.py)",
        "(part 2 of 3: f2.py, f3.py)",
        "(part 3 of 3: f4.py, f5.py)",
        "(from 3 parts)",
    ]
    assert [[item.label for item in turn.files] for turn in session.turns] == [
        ["f0.py", "f1.py"],
        ["f2.py", "f3.py"],
        ["f4.py", "f5.py"],
        [],
    ]
    for call in llm.calls:
        assert llm.count_tokens(call.messages) + 100 <= WINDOW
        assert len(call.messages) == 2, "by itself"
    assert [call.batch for call in llm.calls] == [True, True, True, False]
    joined = llm.calls[-1].question
    assert joined.endswith("Where?") and "About part 2 of 3, f2.py, f3.py:\n```\nTwo.\n```" in joined
    assert "def f0" not in joined


def test_the_parts_are_on_their_way_together() -> None:
    llm = FakeLLM("One.", "Two.", "Three.", "Together.", window=WINDOW)
    session = session_of(llm)
    running = session.run(EACH_PART)
    next(running)
    assert len(llm.calls) == 3
    list(running)
    assert running.following() is not None


def test_each_part_keeps_what_it_was_sent_with_also_where_it_went_out_before_its_turn() -> None:
    llm = FakeLLM(window=WINDOW)
    for number in range(4):
        llm.enqueue(Sent({"max_tokens": number}), "One.")
    session = session_of(llm)
    all_of(session)
    assert [turn.settings for turn in session.turns] == [{"max_tokens": number} for number in range(4)]


def test_what_is_thought_about_a_part_stands_beside_its_answer() -> None:
    from docstra_tui.llm.answer import Thought

    llm = FakeLLM(window=WINDOW)
    llm.enqueue(Thought("Hm."), "One.")
    llm.enqueue(Thought("So."), "Two.")
    for text in ("Three.", "Together."):
        llm.enqueue(text)
    session = session_of(llm)
    all_of(session)
    assert [turn.thinking for turn in session.turns] == ["Hm.", "So.", "", ""]


def test_a_later_question_hears_only_of_the_joined_answer(store: SessionStore) -> None:
    llm = FakeLLM("One.", "Two.", "Three.", "Together.", "Later.", "Again.", window=WINDOW)
    session = session_of(llm, store)
    all_of(session)
    session.set_context(FILES[:1])
    list(session.ask("And?"))
    first, second = asked(llm)
    assert first == llm.calls[3].question, "to the letter, so that it need not be read again"
    assert "def f0" in second and second.endswith("And?")
    assert session.id is not None
    store.flush() if hasattr(store, "flush") else None
    again = ChatSession.resume(llm, store, session.id, reserve=100)
    assert [turn.answer for turn in again.turns] == ["One.", "Two.", "Three.", "Together.", "Later."]
    list(again.ask("Once more?"))
    assert asked(llm)[:2] == [first, second]


def test_a_session_that_ended_with_the_joined_answer_still_has_its_files(store: SessionStore) -> None:
    llm = FakeLLM("fine", "of a part", "joined")
    session = ChatSession(llm, Path("/project"), store)
    session.set_context([ContextItem("a = 1", "a.py"), ContextItem("b = 1", "b.py")])
    list(session.ask("first"))
    list(session.run(TurnRequest(PART, "Why?", {"question": "Why?"}, is_alone=True)))
    list(session.run(TurnRequest(JOIN, "Why?", {"question": "Why?", "answers": "one"}, is_alone=True)))
    sent = session._dialogue.next_prompt("next").messages
    store.close()
    again = SessionStore()
    found = ChatSession.resume(llm, again, "last")
    assert [item.path for item in found.context] == ["a.py", "b.py"]
    assert found._dialogue.next_prompt("next").messages == sent
    again.close()


def test_of_a_session_that_ended_within_the_parts_nothing_half_is_told(store: SessionStore) -> None:
    llm = FakeLLM("One.", "Two.", "Three.", "Fresh.", window=WINDOW)
    session = session_of(llm, store)
    list(session.run(EACH_PART))
    assert session.id is not None
    again = ChatSession.resume(llm, store, session.id, reserve=100)
    again.set_context(FILES[:1])
    list(again.ask("And?"))
    assert len(asked(llm)) == 1 and asked(llm)[0].count("def f") == 1


def test_files_that_fit_are_asked_at_once() -> None:
    llm = FakeLLM("One.", window=10_000)
    session = session_of(llm)
    assert all_of(session) == ["One."]
    assert [turn.task for turn in session.turns] == ["answer_question"]
    assert llm.calls[0].question.count("def f") == 6


def test_who_makes_room_may_have_it_asked_part_by_part() -> None:
    llm = FakeLLM("One.", "Two.", "Three.", "Together.", window=WINDOW)
    session = session_of(llm)
    session.admission.make_room = lambda overfull: EACH
    assert all_of(session, plain_question("Where?")) == ["One.", "Two.", "Three.", "Together."]
    assert session.turns[0].question.startswith("Where?\n\n(part 1 of 3")


def test_that_earlier_turns_do_not_go_along_is_said() -> None:
    llm = FakeLLM("Hello.", "One.", "Two.", "Three.", "Together.", window=WINDOW)
    session = ChatSession(llm, Path("/p"), reserve=100)
    list(session.ask("Hi?"))
    session.set_context(FILES)
    all_of(session)
    assert all(len(call.messages) == 2 for call in llm.calls)
    assert [turn.left_out for turn in session.turns] == [(), *[("earlier turns",)] * 4]


def test_without_files_there_is_nothing_to_divide() -> None:
    llm = FakeLLM(window=WINDOW)
    with pytest.raises(NotAsked, match="no files"):
        ChatSession(llm, Path("/p")).run(EACH_PART)
    assert llm.calls == []


def test_a_task_over_one_long_file_is_put_to_its_lines() -> None:
    long = ContextItem("x = 1\n" * 500, "long.py", "python")
    llm = FakeLLM(*(f"Part {n}." for n in range(8)), window=WINDOW)
    session = ChatSession(llm, Path("/p"), reserve=100)
    session.admission.make_room = lambda overfull: EACH
    fields = {"code": 'This is about "long.py".', "language": "python", "additional_context": ""}
    all_of(session, TurnRequest("explain_code", "Explain long.py", fields, (long,)))
    labels = [item.label for turn in session.turns for item in turn.files]
    assert len(labels) > 2 and all(label.startswith("long.py:") for label in labels)
    assert "Explain the python code above" in llm.calls[0].question


def test_stopping_gives_up_the_parts_that_are_on_their_way() -> None:
    llm = FakeLLM(window=WINDOW)
    never = threading.Semaphore(0)
    for _ in range(3):
        llm.enqueue("x", gate=never)
    session = session_of(llm)
    running = session.run(EACH_PART)
    reader = threading.Thread(target=lambda: list(running))
    reader.start()
    deadline = time.monotonic() + 30
    while len(llm.calls) < 3 and time.monotonic() < deadline:
        time.sleep(0.001)
    running.cancel()
    reader.join(5)
    assert running.following() is None
    each = running.request.among
    assert isinstance(each, Each) and each._is_cancelled
    assert session.turns[-1].status == "cancelled"


def test_a_part_that_fails_ends_it_with_what_there_is() -> None:
    llm = FakeLLM("One.", window=WINDOW)
    llm.enqueue("half", DocstraError("Broken."))
    llm.enqueue("Three.")
    session = session_of(llm)
    all_of(session)
    assert [turn.status for turn in session.turns] == ["done", "failed"]


def test_while_it_is_counted_it_can_be_stopped() -> None:
    llm = FakeLLM(window=WINDOW)
    session = session_of(llm)
    session.admission.count_changed = session.admission.stop
    with pytest.raises(NotAsked):
        session.run(EACH_PART)
    assert llm.calls == [] and session.turns == []


def test_stopped_before_everything_is_weighed_nothing_is_weighed_any_more() -> None:
    llm = FakeLLM(window=WINDOW)
    scale, told = Scale(llm), list[int]()
    files = [ContextItem("x = 1\n" * 20, f"g{n}.py", "python") for n in range(60)]
    with pytest.raises(NotAsked):
        divide(
            scale,
            "Where?",
            files,
            100,
            on_progress=lambda done, total: told.append(done),
            is_wanted=lambda: not told,
        )
    assert sum(map(scale.item.knows, files)) == told[0] < len(files)


# How it is divided


def test_where_no_file_fits_nothing_is_asked_without_files() -> None:
    with pytest.raises(DocstraError, match="too long by itself"):
        divide(Scale(FakeLLM(window=WINDOW)), "Where?", [ContextItem("x " * 5000, "min.js")], 100)


def test_many_parts_have_shorter_answers_so_that_they_can_be_joined() -> None:
    llm = FakeLLM(window=2000)
    files = [ContextItem("x = 1\n" * 300, f"f{n}.py", "python") for n in range(5)]
    few = divide(Scale(llm), "Where?", files[:2], 100)
    many = divide(Scale(llm), "Where?", files, 100)
    assert len(few.grouped.parts) < len(many.grouped.parts)
    assert many.answer_tokens < few.answer_tokens == 500
    assert len(many.grouped.parts) * many.answer_tokens < 2000 - 100


def test_more_than_can_be_joined_is_refused() -> None:
    files = [ContextItem("x = 1\n" * 250, f"f{n}.py", "python") for n in range(40)]
    with pytest.raises(DocstraError, match="more than one answer can join"):
        divide(Scale(FakeLLM(window=WINDOW)), "Where?", files, 100)


def test_a_window_that_nobody_knows_is_asked_for() -> None:
    with pytest.raises(DocstraError) as caught:
        divide(Scale(FakeLLM(window=None)), "Where?", FILES, 100)
    assert "remote.context" in caught.value.hint


def test_a_question_that_fills_the_window_is_refused() -> None:
    with pytest.raises(DocstraError, match="too long"):
        divide(Scale(FakeLLM(window=WINDOW)), "why " * 800, FILES, 100)


def test_what_no_part_holds_is_said_under_the_answers() -> None:
    llm = FakeLLM("One.", "Two.", "Three.", "Together.", window=WINDOW)
    session = session_of(llm)
    session.set_context([*FILES, ContextItem("x " * 5000, "min.js", "javascript")])
    all_of(session)
    assert all(turn.left_out == ("min.js",) for turn in session.turns)
