"""What comes through a pipe: context, the question, or nothing that is waited for."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from docstra_tui.commands.console import Console
from docstra_tui.errors import (
    UnreadableFile,
    UsageError,
)
from tests.commands.oneshot.one_shot import ask, pipe_in
from tests.fakes import FakeLLM


def test_piped_text_is_context_beside_a_question(monkeypatch) -> None:
    pipe_in(monkeypatch, b"Traceback: boom\n")
    llm = FakeLLM("x")
    _, _, err, _ = ask("ask", "Why?", llm=llm)
    assert "```\nTraceback: boom\n```" in llm.calls[0].question
    assert llm.calls[0].question.endswith("Why?")
    assert err == ""


@pytest.mark.parametrize(
    "words",
    [
        ["ask", "Why?", "-", "-f", "a.py"],
        ["ask", "-", "Why?", "-f", "a.py"],
        ["examples", "Why?", "-", "-f", "a.py"],
        ["run", "answer_question", "-", "question=Why?", "-f", "a.py"],
    ],
)
def test_piped_text_goes_with_files_where_it_is_named(words: list[str], monkeypatch) -> None:
    pipe_in(monkeypatch, b"Traceback: boom\n")
    llm = FakeLLM("x")
    _, _, err, _ = ask(*words, llm=llm)
    assert "```\nTraceback: boom\n```" in llm.calls[0].question
    assert "a = 1" in llm.calls[0].question and "Why?" in llm.calls[0].question
    assert err == ""


NOT_READ = "Standard input was not read; - among the words reads it.\n"


@pytest.mark.parametrize(
    "words",
    [
        ["ask", "Why?", "-f", "a.py"],
        ["examples", "Why?", "-f", "a.py"],
        ["run", "answer_question", "question=Why?", "-f", "a.py"],
        ["explain", "a.py"],
    ],
)
def test_beside_files_standard_input_is_neither_read_nor_waited_for(words: list[str], monkeypatch) -> None:
    """A pipe that nobody writes to or closes, as a service or a test runner leaves it."""
    reader, writer = os.pipe()
    monkeypatch.setattr("sys.stdin", os.fdopen(reader))
    code, out, err, _ = ask(*words, llm=FakeLLM("x"))
    assert (code, out, err) == (0, "x\n", NOT_READ)
    os.write(writer, b"still there")
    os.close(writer)
    assert os.read(reader, 100) == b"still there"


def test_a_pipe_that_was_closed_with_nothing_in_it_is_nothing_to_speak_of(monkeypatch) -> None:
    """As `ssh -n HOST docstra-tui ask` has it."""
    for data, said in ((b"", ""), (b"x", NOT_READ)):
        reader, writer = os.pipe()
        os.write(writer, data)
        os.close(writer)  # before anybody looks
        with os.fdopen(reader) as piped:
            monkeypatch.setattr("sys.stdin", piped)
            assert ask("ask", "Why?", "-f", "a.py", llm=FakeLLM("x"))[2] == said


def test_a_loop_keeps_the_list_it_reads_from(project: Path, monkeypatch) -> None:
    """`while read f; do ask Q -f "$f"; done < list`, and the same without -f."""
    (project / "list").write_text("a.py\nb.rs\n")
    with open(project / "list") as names:
        monkeypatch.setattr("sys.stdin", names)
        os.lseek(names.fileno(), len("a.py\n"), os.SEEK_SET)  # where the shell's `read` left it
        assert ask("ask", "Why?", "-f", "a.py", llm=FakeLLM("x"))[2] == NOT_READ
        assert ask("ask", "Why?", llm=FakeLLM("x"))[2] == NOT_READ
        assert os.read(names.fileno(), 100) == b"b.rs\n"
        assert ask("ask", "Why?", "-f", "a.py", llm=FakeLLM("x"))[2] == ""  # nothing is left to be said about


def test_a_file_on_standard_input_is_read_where_it_is_named_or_all_there_is(
    project: Path, monkeypatch
) -> None:
    (project / "notes").write_text("The answer is 42.\n")
    for words, expected in (
        (["ask", "Why?", "-"], "The answer is 42.\n```\n\nWhy?"),
        (["ask"], "The answer is 42."),
        (["explain"], "The answer is 42."),
        (["run", "explain_code"], "The answer is 42."),
    ):
        llm = FakeLLM("x")
        with open(project / "notes") as notes:
            monkeypatch.setattr("sys.stdin", notes)
            _, _, err, _ = ask(*words, llm=llm)
        assert expected in llm.calls[0].question and err == ""


@pytest.mark.parametrize("words", [["ask"], ["ask", "-"], ["ask", "-", "-f", "a.py"]])
def test_piped_text_is_the_question_where_there_is_none(words: list[str], monkeypatch) -> None:
    pipe_in(monkeypatch, b"What is it?\n")
    llm = FakeLLM("x")
    ask(*words, llm=llm)
    assert llm.calls[0].question.endswith("What is it?")


def test_a_question_that_is_only_piped_beside_files_has_to_be_named(monkeypatch) -> None:
    pipe_in(monkeypatch, b"b.rs\n")
    with pytest.raises(UsageError, match="no question") as caught:
        ask("ask", "-f", "a.py")
    assert "ask - -f FILE" in caught.value.hint


@pytest.mark.parametrize("words", [["ask", "a", "b"], ["examples", "a", "-", "b"]])
def test_a_second_text_is_no_question(words: list[str]) -> None:
    with pytest.raises(UsageError, match="takes one text, and 'b' is a second"):
        ask(*words)


@pytest.mark.parametrize("first", [b"", b"some of it, "])
def test_a_pipe_that_is_silent_is_said_to_be_waited_for(first: bytes, monkeypatch) -> None:
    monkeypatch.setattr("docstra_tui.commands.stdin.PATIENCE_SECONDS", 0.05)
    reader, writer = os.pipe()
    os.write(writer, first)
    monkeypatch.setattr("sys.stdin", os.fdopen(reader))
    said: list[str] = []

    class Heard(io.StringIO):
        def write(self, text: str) -> int:
            if not said:  # the writer goes on only once it was said
                os.write(writer, b"Traceback")
                os.close(writer)
            said.append(text)
            return len(text)

    llm = FakeLLM("x")
    code, out, _, _ = ask("ask", "Why?", llm=llm, console=Console(io.StringIO(), Heard()))
    assert (code, out) == (0, "x\n")
    assert said == [
        "Waiting for the end of standard input. Ctrl+D ends it at a terminal, </dev/null leaves it out.\n"
    ]
    assert (first + b"Traceback").decode() in llm.calls[0].question


def test_dev_null_is_no_context_and_no_question() -> None:
    with pytest.raises(UsageError, match="no question"):
        ask("ask")


def test_bytes_that_are_no_text_are_refused(monkeypatch) -> None:
    pipe_in(monkeypatch, b"\x00\x01\x02" * 100)
    with pytest.raises(UnreadableFile, match="standard input"):
        ask("ask", "Why?")


def test_too_much_on_standard_input_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_CONTEXT_MAX_FILE_BYTES", "10")
    pipe_in(monkeypatch, b"x" * 11)
    with pytest.raises(UsageError, match="10 bytes"):
        ask("ask", "Why?")
