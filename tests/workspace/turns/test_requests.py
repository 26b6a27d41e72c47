"""What a question, a task and a template ask for, whichever face they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError, UnreadableFile
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.workspace.commands import Command, find
from docstra_tui.workspace.files.selection import ReadReport
from docstra_tui.workspace.turns import requests
from docstra_tui.workspace.turns.requests import NotTicked
from tests.fakes import FakeLLM

A = ContextItem("a = 1\nb = 2\n", "a.py", "python")
B = ContextItem("b = 1\n", "b.py", "python")
C = ContextItem("c = 1\n", "c.rs", "rust")


class Files:
    """Some that are as they were read."""

    def __init__(self, *items: ContextItem) -> None:
        self.items = items
        self.picks = tuple(Pick(str(item.path), item.start_line, item.end_line) for item in items)

    def read(self, session: ChatSession) -> ReadReport:
        session.set_context(self.items)
        return ReadReport()

    def read_now(self, pick: Pick) -> ContextItem:
        if pick.path != "a.py":
            raise UnreadableFile(f"There is no file {pick.path}.")
        return ContextItem("b = 2\n", "a.py", "python", pick.start_line, pick.end_line)


def command(name: str) -> Command:
    found = find(name, "screen")
    assert found is not None
    return found


def sent(request: TurnRequest, *items: ContextItem) -> tuple[str, ChatSession]:
    """What the model is told for it, over these files."""
    llm, files = FakeLLM("fine"), Files(*items)
    session = ChatSession(llm, Path("/p"))
    now = requests.as_now(request, session, files, files.read(session))
    list(session.run(now))
    return llm.calls[-1].question, session


def test_a_task_is_about_its_file_and_in_its_language() -> None:
    [first, second] = requests.of_files(command("explain"), [Pick("c.rs"), Pick("a.py", 2, 2)])
    text, session = sent(first, A, C)
    assert "Explain the rust code" in text and 'the file "c.rs", given above' in text
    assert session.turns[0].question == first.shown == "Explain c.rs"
    assert (second.text, second.files, second.typed) == ("/explain @a.py:2-2", ("a.py:2-2",), False)


def test_lines_that_are_ticked_otherwise_are_read_as_they_are_named() -> None:
    [request] = requests.of_files(command("document"), [Pick("a.py", 2, 9)])
    text, _ = sent(request, A)
    assert 'the file "a.py:2-9"' in text and "b = 2" in text


def test_a_file_that_is_not_among_them_any_more_is_not_asked_about() -> None:
    [request] = requests.of_files(command("explain"), [Pick("b.py")])
    with pytest.raises(NotTicked, match="is not ticked any more"):
        sent(request, A)


@pytest.mark.parametrize("reason", ["It is a folder.", "It is a folder"])
def test_why_a_file_cannot_be_read_ends_once(reason: str) -> None:
    [request] = requests.of_files(command("explain"), [Pick("b.py")])
    report = ReadReport(left_out={"b.py": ("folder", reason)})
    with pytest.raises(DocstraError) as raised:
        requests.as_now(request, ChatSession(FakeLLM(), Path("/p")), Files(A), report)
    assert raised.value.message == "b.py cannot be read: It is a folder."


def test_examples_are_in_the_language_of_most_files() -> None:
    request = requests.of_words(command("examples"), "parse a date", ["c.rs"], "/examples parse a date")
    text, session = sent(request, C, A, B)
    assert "c.rs" in text and "complete python examples" in text and "parse a date" in text
    assert session.turns[0].question == request.shown == "Examples: parse a date"
    assert request.text == "/examples parse a date"
    assert "complete code examples" in sent(request)[0]


def test_a_question_and_a_custom_request_are_sent_as_they_are_written() -> None:
    for request in (
        requests.question(" Review {this}\n", ["a.py"]),
        requests.of_words(command("ask"), "Review {this}"),
        requests.of_words(command("custom"), "Review {this}"),
    ):
        assert sent(request)[0] == "Review {this}"
        assert request.shown == "Review {this}" and request.typed


def test_a_template_of_ones_own_gets_its_values_and_the_files_as_they_are_then() -> None:
    template = "{code}\n\nReview this {language} for {topic}."
    assert requests.wanted_values("{context} {topic} {code} {topic}") == ["topic"]
    request = requests.of_template("review", template, {"topic": "races"}, ["a.py"])
    text, session = sent(request, A, B)
    assert text.endswith(
        'This is about the files "a.py", "b.py", given above.\n\nReview this python for races.'
    )
    assert sent(request)[0] == "No file was given.\n\nReview this source for races."
    assert session.turns[0].question == "review, races"
