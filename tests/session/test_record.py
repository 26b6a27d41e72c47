"""A conversation that is saved comes back, and one that cannot be saved goes on."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.errors import ContextOverflow, EngineDied
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from tests.fakes import FakeLLM
from tests.session.talk import A2, A, B, C


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


def test_the_store_never_stops_the_conversation(llm: FakeLLM, own_places: Path) -> None:
    own_places.joinpath("state").write_text("a file where the folder should be")
    store = SessionStore()
    session = ChatSession(llm, Path("/project"), store)
    llm.enqueue("one")
    assert list(session.ask("first")) == ["one"]
    assert session.problem and "not saved" not in session.problem.lower()  # the faces say so
    session.draft = "x"
    store.close()
