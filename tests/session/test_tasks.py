"""Tasks about files, and over all of them."""

from __future__ import annotations

from docstra_tui.session.chat import ChatSession
from tests.fakes import FakeLLM
from tests.session.talk import A, B, C, asked


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


def test_an_unknown_template_fails_in_words(session: ChatSession) -> None:
    running = session.run("nope", "nope", {})
    assert list(running) == []
    assert running.turn.status == "failed" and "nope" in str(running.turn.error)
