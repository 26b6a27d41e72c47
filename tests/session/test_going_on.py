"""An answer that was cut goes on as the same turn: nothing of what stands there changes, and all is saved."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from docstra_tui.errors import DocstraError, EngineDied, NotAllowed
from docstra_tui.llm.answer import Thought, Usage
from docstra_tui.llm.prompt import PART
from docstra_tui.llm.written import Written
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.going_on import is_cut
from docstra_tui.session.running import RunningTurn
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.fakes import FakeLLM
from tests.session.talk import A2, A, B


def over(running: RunningTurn) -> SavedTurn:
    for _ in running:
        pass
    return running.turn


def cut(session: ChatSession, llm: FakeLLM) -> SavedTurn:
    """A turn whose answer reached its limit, behind another one."""
    session.set_context([A])
    llm.enqueue("Yes.")
    over(session.ask("Does it wait?"))
    session.set_context([A, B])
    llm.enqueue("It waits ", "two", reason="length", usage=Usage(100, 2, 30))
    return over(session.ask("How long?"))


def goes_on(session: ChatSession) -> SavedTurn:
    return over(session.run(session.going_on()))


def test_the_same_turn_goes_on_with_what_it_was_asked_with(session: ChatSession, llm: FakeLLM) -> None:
    turn = cut(session, llm)
    first, before = llm.calls[-1], turn.usage
    session.set_context([A2])  # edited, and the other one unticked: what was sent then is sent again
    llm.enqueue(" seconds", ".", usage=Usage(102, 3, 102))

    assert goes_on(session) is turn

    assert [one.answer for one in session.turns] == ["Yes.", "It waits two seconds."]
    assert (turn.status, turn.finish_reason, turn.question) == ("done", "stop", "How long?")
    assert llm.calls[-1].messages == first.messages
    assert llm.calls[-1].written == Written("It waits two")
    assert turn.usage == Usage(before.prompt_tokens, 5, before.reused_tokens)
    assert [item.path for item in turn.files] == ["a.py", "b.py"]
    # The next question has the files that are ticked now, and the whole answer.
    llm.enqueue("Bye.")
    over(session.ask("And then?"))
    assert "It waits two seconds." in [message["content"] for message in llm.calls[-1].messages]
    assert not is_cut(turn)


def test_it_is_on_the_disk_as_it_grows_and_stays_whatever_happens(
    llm: FakeLLM, store: SessionStore, path: Path
) -> None:
    session = ChatSession(llm, Path("/project"), store)
    turn = cut(session, llm)
    assert session.id is not None
    gate = threading.Semaphore(0)
    llm.enqueue(" seconds", " or more", gate=gate)
    running = session.run(session.going_on())
    gate.release()
    assert next(running) == " seconds"
    assert store.flush()
    elsewhere = SessionStore(path)
    try:
        saved = elsewhere.load(session.id).turns[-1]
        assert (saved.id, saved.status, saved.answer) == (turn.id, "streaming", "It waits two seconds")
        assert [item.path for item in saved.files] == ["a.py", "b.py"]
    finally:
        elsewhere.close()
    store.close()  # the program ends here
    again = SessionStore(path)
    try:
        resumed = ChatSession.resume(llm, again, session.id)
        last = resumed.turns[-1]
        assert (last.status, last.answer) == ("interrupted", "It waits two seconds")
        llm.enqueue(".")
        over(resumed.run(resumed.going_on()))
        assert llm.calls[-1].written == Written("It waits two seconds")
        assert llm.calls[-1].messages == llm.calls[1].messages
        assert again.flush()
        assert [one.answer for one in again.load(session.id).turns] == ["Yes.", "It waits two seconds."]
    finally:
        again.close()


def test_what_stood_there_stays_when_it_is_stopped_or_fails(session: ChatSession, llm: FakeLLM) -> None:
    turn = cut(session, llm)
    running = session.run(session.going_on())
    running.cancel()  # before anything was sent
    assert over(running) is turn
    assert (turn.status, turn.finish_reason, turn.answer) == ("done", "length", "It waits two")
    assert len(llm.calls) == 2

    llm.enqueue(" sec", EngineDied("gone"))
    goes_on(session)
    assert (turn.status, turn.answer) == ("failed", "It waits two sec")
    llm.enqueue("onds.")
    goes_on(session)
    assert (turn.status, turn.error, turn.answer) == ("done", None, "It waits two seconds.")


def test_thinking_that_was_cut_goes_on_to_an_answer(session: ChatSession, llm: FakeLLM) -> None:
    llm.enqueue(Thought("It may"), reason="length", usage=Usage(9, 2, 0, 2))
    turn = over(session.ask("How long?"))
    assert turn.status == "failed" and is_cut(turn)
    llm.enqueue(Thought(" be two."), "Two.", usage=Usage(11, 4, 11, 2))

    goes_on(session)

    assert (turn.thinking, turn.answer, turn.status) == ("It may be two.", "Two.", "done")
    assert llm.calls[-1].written == Written("", "It may")
    assert turn.usage == Usage(9, 6, 0, 4) and turn.thinking_s is not None


def test_what_cannot_go_on_says_what_can_be_done_instead(session: ChatSession, llm: FakeLLM) -> None:
    with pytest.raises(DocstraError, match="no answer"):
        session.going_on()
    turn = cut(session, llm)
    with pytest.raises(DocstraError, match="asked behind that answer") as caught:
        session.going_on(session.turns[0].id)
    assert "/retry" in caught.value.hint
    ends: list[tuple[dict[str, object], str]] = [
        ({"finish_reason": "stop"}, "is whole"),
        ({"status": "failed", "finish_reason": "filtered"}, "content filter"),
        ({"status": "streaming"}, "still being written"),
        ({"status": "cancelled", "answer": " "}, "nothing of that answer"),
        ({"task": PART}, "one of several"),
    ]
    for fields, said in ends:
        before = dict(vars(turn))
        vars(turn).update(fields)
        assert not is_cut(turn)
        with pytest.raises(DocstraError, match=said):
            session.going_on(turn.id)
        vars(turn).update(before)
    request = session.going_on(turn.id)
    llm.enqueue("Bye.")
    over(session.ask("And then?"))  # meanwhile
    with pytest.raises(DocstraError, match="asked behind"):
        session.run(request)


def test_a_server_that_cannot_is_not_asked(
    session: ChatSession, llm: FakeLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = cut(session, llm)

    def refuses(written: Written) -> None:
        raise NotAllowed("It cannot.")

    monkeypatch.setattr(llm, "look_at", refuses)
    with pytest.raises(NotAllowed):
        session.run(session.going_on())
    assert (turn.status, turn.finish_reason, len(llm.calls)) == ("done", "length", 2)
    monkeypatch.undo()
    llm.enqueue(".")
    assert goes_on(session).status == "done"


def test_of_two_programs_only_one_goes_on(llm: FakeLLM, store: SessionStore, path: Path) -> None:
    session = ChatSession(llm, Path("/project"), store)
    turn = cut(session, llm)
    assert session.id is not None and store.flush()
    elsewhere = SessionStore(path)
    try:
        second = ChatSession.resume(FakeLLM("Mine"), elsewhere, session.id)
        with pytest.raises(DocstraError, match="Another program") as caught:
            second.going_on()
        assert "/retry" in caught.value.hint
        second.llm.enqueue("Mine, cut", reason="length")  # type: ignore[attr-defined]
        over(second.ask("And then?"))
        over(second.ask("And now?"))
        second.going_on()
    finally:
        elsewhere.close()
    llm.enqueue(".")
    assert goes_on(session) is turn and turn.answer == "It waits two."


def test_a_character_that_was_cut_in_two_is_written_anew(session: ChatSession, llm: FakeLLM) -> None:
    llm.enqueue("Gr\ufffd", reason="length")
    turn = over(session.ask("How?"))
    running = session.run(session.going_on())
    running.cancel()
    assert over(running).answer == "Gr\ufffd"  # nothing was sent
    llm.enqueue("\u00fc\u00df.")
    goes_on(session)
    assert llm.calls[-1].written == Written("Gr") and turn.answer == "Gr\u00fc\u00df."
    turn.answer, turn.finish_reason = "\ufffd", "length"
    assert not is_cut(turn)
