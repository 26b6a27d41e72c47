"""What does not fit is refused or made to fit; items keep their place, and the turn says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.context.fitting.proposal import suggest
from docstra_tui.context.fitting.rows import LEFT_OUT, OUTLINE, lines
from docstra_tui.errors import ContextOverflow, MemoryOverflow
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.measure import Room
from docstra_tui.llm.prompt import file_fields
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.fitting import Overfull
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.telling import SUMMARY_ASKED
from docstra_tui.session.turn_request import TurnRequest
from tests.fakes import FakeLLM

BODY = "".join(f"    value_{number} = {number} + 1\n" for number in range(60))
LONG = ContextItem(f"def long():\n{BODY}", "long.py", "python")
SHORT = ContextItem("TIMEOUT = 5\n", "short.py", "python")
NOTES = ContextItem("a few plain words\n" * 30, "notes.txt")


def about(task: str, item: ContextItem) -> TurnRequest:
    return TurnRequest(task, item.label, file_fields([item.label], "python"), (item,))


def asking(question: str) -> TurnRequest:
    return TurnRequest("answer_question", question, {"question": question})


def session_of(llm: FakeLLM, root: Path, *items: ContextItem, **options: object) -> ChatSession:
    session = ChatSession(llm, root, reserve=20, **options)  # type: ignore[arg-type]
    session.set_context(items)
    return session


def test_what_does_not_fit_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    llm = FakeLLM(window=100)
    session = session_of(llm, tmp_path, LONG)

    with pytest.raises(ContextOverflow) as told:
        session.ask("why?")

    assert told.value.prompt_tokens == session.count("why?").used
    assert (told.value.limit, told.value.reserve) == (100, 20)
    assert llm.calls == [] and session.turns == []


def test_what_free_memory_does_not_hold_is_refused_and_made_to_fit_as_the_window(tmp_path: Path) -> None:
    llm = FakeLLM("the answer", window=8000)
    session = session_of(llm, tmp_path, SHORT, LONG)
    whole = session.count("why?")
    assert whole.fits and whole.left == 8000 - 20 - whole.used

    llm.room = Room(200, 380, on_gpu=True)
    budget = session.count("why?")
    assert not budget.fits and budget.left == 200 - 20 - budget.used and budget.limit == 8000
    with pytest.raises(MemoryOverflow) as told:
        session.ask("why?")
    assert (told.value.limit, told.value.compact, told.value.on_gpu) == (200, 380, True)
    assert llm.calls == [] and session.turns == []

    def make_room(overfull: Overfull) -> bool:
        plan = session.fitting.plan(overfull.request)
        assert plan.room == overfull.budget.left
        plan = suggest(plan)
        session.fitting.apply(plan)
        return plan.fits

    session.admission.make_room = make_room
    turn = session.ask("why?")
    list(turn)
    assert turn.turn.left_out == ("long.py (bodies)",)

    llm = FakeLLM(window=100)  # the window is the narrower one: no memory helps
    llm.room = Room(90)
    with pytest.raises(ContextOverflow) as told:
        session_of(llm, tmp_path, LONG).ask("why?")
    assert not isinstance(told.value, MemoryOverflow) and told.value.limit == 100


def test_an_estimate_refuses_nothing(tmp_path: Path) -> None:
    llm = FakeLLM("sure", window=100, exact=False)
    session = session_of(llm, tmp_path, LONG)
    assert list(session.ask("why?")) == ["sure"]


def test_somebody_makes_room_and_the_answer_says_what_is_missing(tmp_path: Path) -> None:
    llm = FakeLLM("the answer", window=200)
    session = session_of(llm, tmp_path, SHORT, LONG, NOTES)
    asked: list[Overfull] = []

    def make_room(overfull: Overfull) -> bool:
        asked.append(overfull)
        plan = session.fitting.plan(overfull.request)
        assert plan.used == overfull.budget.used
        plan = plan.set("long.py", OUTLINE).set("notes.txt", LEFT_OUT)
        assert session.fitting.count(overfull.request, plan).fits
        session.fitting.apply(plan)
        return True

    session.admission.make_room = make_room
    turn = session.ask("why?")
    list(turn)

    assert len(asked) == 1
    sent = llm.calls[0].question
    assert "def long" in sent and "value_59" not in sent and "TIMEOUT" in sent and "plain words" not in sent
    assert [item.label for item in turn.turn.files] == ["short.py", "long.py (outline)"]
    assert turn.turn.left_out == ("long.py (bodies)", "notes.txt")


def test_the_sum_of_a_plan_is_what_is_then_sent(tmp_path: Path) -> None:
    llm = FakeLLM("one", "two", window=2000)
    session = session_of(llm, tmp_path, SHORT, NOTES)
    list(session.ask("first?"))
    session.set_context([SHORT, NOTES, LONG])
    plan = session.fitting.plan(asking("second?")).set("notes.txt", lines(1, 2)).set_turn(1, "left out")

    expected = session.fitting.count(asking("second?"), plan).used
    session.fitting.apply(plan)

    assert session.count("second?").used == expected
    list(session.ask("second?"))
    assert llm.count_tokens(llm.calls[-1].messages) == expected
    assert session.turns[-1].left_out == ("notes.txt (all but lines 1-2)", "turn 1: first?")


def test_items_keep_their_place_and_a_left_out_turn_leaves_its_items(tmp_path: Path) -> None:
    llm = FakeLLM("one", "two", "three")
    session = session_of(llm, tmp_path, SHORT, NOTES)
    list(session.ask("first?"))
    list(session.ask("second?"))
    plan = session.fitting.plan(asking("third?"))
    session.fitting.apply(plan.set("notes.txt", lines(1, 1)).set_turn(1, "left out"))
    list(session.ask("third?"))

    messages = llm.calls[-1].messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"].index("TIMEOUT") < messages[1]["content"].index("notes.txt")
    assert messages[1]["content"].endswith("second?") and "first?" not in str(messages)


def test_a_choice_lasts_until_the_file_is_edited_or_unticked(tmp_path: Path) -> None:
    session = session_of(FakeLLM(), tmp_path, SHORT, NOTES)
    session.fitting.apply(session.fitting.plan(asking("?")).set("notes.txt", LEFT_OUT))
    session.set_context([SHORT, NOTES])
    assert [item.label for item in session.context] == ["short.py"]

    edited = ContextItem("new\n", "notes.txt")
    session.set_context([SHORT, edited])
    assert session.context == (SHORT, edited)

    session.fitting.apply(session.fitting.plan(asking("?")).set("notes.txt", LEFT_OUT))
    session.set_context([SHORT])
    session.set_context([SHORT, edited])
    assert session.context == (SHORT, edited)


def test_a_turn_is_summed_up_by_the_model(tmp_path: Path) -> None:
    llm = FakeLLM("a long story " * 20, "short.", "and then")
    session = session_of(llm, tmp_path)
    list(session.ask("tell me"))
    summary = "".join(session.fitting.summarise(1))
    assert "tell me" in llm.calls[-1].question and "a long story" in llm.calls[-1].question
    assert llm.calls[-1].think == "off"

    plan = session.fitting.plan(asking("and?")).with_summary(
        1, summary, session.fitting.weigh_summary(summary)
    )
    expected = session.fitting.count(asking("and?"), plan).used
    assert plan.used == expected
    session.fitting.apply(plan)
    list(session.ask("and?"))

    assert [message["content"] for message in llm.calls[-1].messages[1:]] == [SUMMARY_ASKED, "short.", "and?"]
    assert session.turns[-1].left_out == ("turn 1: tell me (summarised)",)


def test_what_was_left_out_is_stored(tmp_path: Path) -> None:
    store = SessionStore()
    llm = FakeLLM("fine")
    session = session_of(llm, tmp_path, LONG, NOTES, store=store)
    session.fitting.apply(
        session.fitting.plan(asking("?")).set("long.py", OUTLINE).set("notes.txt", LEFT_OUT)
    )
    list(session.ask("?"))
    store.close()

    again = SessionStore()
    (turn,) = again.load(session.id or "").turns
    again.close()
    assert turn.left_out == ("long.py (bodies)", "notes.txt")
    assert [item.label for item in turn.files] == ["long.py (outline)"]


def test_the_weights_sum_up_to_the_count(tmp_path: Path) -> None:
    session = session_of(FakeLLM("one"), tmp_path, SHORT, NOTES)
    list(session.ask("first?"))
    parts = session.weigh("and the second one?")
    assert [name for name, _ in parts] == ["system", "short.py", "notes.txt", "history", "question"]
    assert sum(tokens for _, tokens in parts) == session.count("and the second one?").used
    assert dict(parts)["question"] == 4


def test_what_a_question_names_is_given_up_last(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    inner = ContextItem("x = 1\n", "pkg/inner.py", "python")
    session = session_of(FakeLLM(window=250), tmp_path, LONG, SHORT, inner)
    for text, named in (
        ("what is in @./short.py ?", {"short.py"}),
        ("and @pkg/ ?", {"pkg/inner.py"}),
        ("@long.py:3-9 and @../elsewhere.py", {"long.py"}),
        ("nothing", set()),
    ):
        plan = session.fitting.plan(asking(text))
        assert {row.item.path for row in plan.files if row.is_named} == named


def test_a_task_over_a_file_that_does_not_fit_is_settled_with_one_plan(tmp_path: Path) -> None:
    llm = FakeLLM("Documented.", window=250)
    session = session_of(llm, tmp_path, LONG, SHORT)
    asked: list[Overfull] = []

    def make_room(overfull: Overfull) -> bool:
        asked.append(overfull)
        overfull.fitting.apply(suggest(overfull.fitting.plan(overfull.request)))
        return True

    session.admission.make_room = make_room
    list(session.run(about("document_code", LONG)))

    assert len(asked) == 1
    assert "value_59" not in llm.calls[-1].messages[-1]["content"]
    assert session.turns[-1].left_out


def test_a_task_brings_its_file_in_outline_where_the_plan_says_so(tmp_path: Path) -> None:
    llm = FakeLLM("Documented.", window=250)
    session = session_of(llm, tmp_path, SHORT)

    def make_room(overfull: Overfull) -> bool:
        plan = overfull.fitting.plan(overfull.request).set(LONG.label, OUTLINE)
        overfull.fitting.apply(plan)
        return True

    session.admission.make_room = make_room
    list(session.run(about("explain_code", LONG)))

    sent = llm.calls[-1].messages[-1]["content"]
    assert sent.count("long.py") >= 1 and "value_59" not in sent
    assert [item.label for item in session.turns[-1].context] == ["short.py", "long.py (outline)"]
