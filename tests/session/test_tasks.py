"""Tasks about files, and over all of them."""

from __future__ import annotations

from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import file_fields
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.turn_request import TurnRequest
from tests.fakes import FakeLLM
from tests.session.talk import A, B, C, asked


def about(task: str, item: ContextItem) -> TurnRequest:
    return TurnRequest(task, f"About {item.label}", file_fields([item.label], item.language), (item,))


def test_a_task_about_a_file_brings_it_along_and_names_it(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A])
    llm.enqueue("docs")
    list(session.run(about("document_code", A)))
    [text] = asked(llm)
    assert text.count("a = 1") == 1 and '"a.py", given above' in text and "python code" in text
    assert session.turns[0].question == "About a.py"
    llm.enqueue("why")
    list(session.run(about("explain_code", C)))
    assert "c = 1" in asked(llm)[1] and "Explain the rust code" in asked(llm)[1]
    session.set_context([A, B])
    assert session.context == (A, C, B), "a task's file is not lost by never having been ticked"


def test_a_template_goes_over_all_files(llm: FakeLLM, session: ChatSession) -> None:
    session.set_context([A, B])
    llm.prompt_builder.add_template("mine", "{context}\n\nDo {what}")
    llm.enqueue("t")
    list(session.run(TurnRequest("mine", "mine", {"what": "it"})))
    [text] = asked(llm)
    assert "a.py" in text and "b.py" in text and text.endswith("Do it")


def test_an_unknown_template_fails_in_words(session: ChatSession) -> None:
    running = session.run(TurnRequest("nope", "nope"))
    assert list(running) == []
    assert running.turn.status == "failed" and "nope" in str(running.turn.error)
