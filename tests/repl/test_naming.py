"""Files in the inline chat: named in a question or behind a task, read again, left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import Typist, chat


def test_an_answer_about_no_files_says_so_and_how_to_name_some(project: Path) -> None:
    shown = chat(project, FakeBackend(FakeLLM("one")), "Why?\r")
    assert "no files were sent, @ names some" in shown
    shown = chat(project, FakeBackend(FakeLLM("one")), "Why @notes.md ?\r")
    assert "one" in shown and "no files were sent" not in shown


def test_a_mention_gives_the_file_to_this_and_later_questions(project: Path) -> None:
    llm = FakeLLM("one", "two")
    shown = chat(project, FakeBackend(llm), "What is @src/a.py:1-1 for?\rAnd then?\r")
    assert "+ src/a.py:1-1" in shown
    assert llm.calls[0].question.startswith('File "src/a.py", lines 1-1:\n```python\na = 1\n```')
    assert llm.calls[1].question == "And then?"  # the file stands with the first question
    assert llm.calls[1].messages[1]["content"] == llm.calls[0].question


def test_a_word_that_names_no_file_is_only_a_word_when_it_is_sent_once_more(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("What does @property do?\r")
        typist.sees("no file property")
        typist.sees("Enter again sends it as it is.")
        assert llm.calls == []
        typist.types("\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert llm.calls[0].question == "What does @property do?"


def test_an_edit_that_was_not_sent_changes_the_place_of_no_other_question(project: Path) -> None:
    llm = FakeLLM("one", "two")

    def script(typist: Typist) -> None:
        typist.types("First?\r")
        typist.sees("one")
        typist.types("/edit 1 What does @property do?\r")
        typist.sees("no file property")
        typist.types("\x15Second?\r")
        typist.sees("two")

    chat(project, FakeBackend(llm), script)
    assert [message["content"] for message in llm.calls[1].messages][1:] == ["First?", "one", "Second?"]


def test_a_task_explains_the_files_that_are_named_and_no_others(project: Path) -> None:
    (project / "src" / "my file.py").write_text("c = 3\n")
    llm = FakeLLM("notes", "a", "lines", "spaces", "folder 1", "folder 2")
    script = (
        "About @notes.md?\r/explain src/a.py\r/explain src/a.py:2\r"
        '/explain "src/my file.py"\r/document src/\r'
    )
    chat(project, FakeBackend(llm), script)
    asked = [call.question for call in llm.calls]
    assert 'the file "src/a.py", given above' in asked[1] and "notes.md" not in asked[1]
    assert 'the file "src/a.py:2-2", given above' in asked[2] and 'File "src/a.py", lines 2-2' in asked[2]
    assert 'the file "src/my file.py"' in asked[3] and "c = 3" in asked[3]
    assert ['"src/a.py", given' in asked[4], '"src/my file.py", given' in asked[5]] == [True, True]


@pytest.mark.parametrize("typed", ["/explain scr/a.py", "/document src/a.py how", '/explain "src/a.py'])
def test_a_task_about_a_file_that_is_not_there_asks_nothing(project: Path, typed: str) -> None:
    llm = FakeLLM("about b", "never")

    def script(typist: Typist) -> None:
        typist.types("About @notes.md?\r")
        typist.sees("about b")
        typist.types(f"{typed}\r")
        typist.waits(lambda: "no file" in typist.screen.text, "a word about it")
        typist.types("\r")  # it stands in the prompt again, and once more changes nothing

    chat(project, FakeBackend(llm), script)
    assert [call.question.endswith("About @notes.md?") for call in llm.calls] == [True]


@pytest.mark.parametrize("words", ["how to use @src/a.py:1", "@src/a.py:1"])
@pytest.mark.parametrize("command", ["ask", "examples", "custom"])
def test_the_words_of_a_task_may_name_files(project: Path, command: str, words: str) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), f"/{command} {words}\r")
    assert 'File "src/a.py", lines 1-1:\n```python\na = 1' in llm.calls[0].question
    assert words in llm.calls[0].question


def test_lines_typed_behind_a_completed_name_are_its_lines(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("what is @a.p")
        typist.sees("src/a.py")
        typist.types("\t:2-2\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert llm.calls[0].question.endswith("what is @src/a.py:2-2")
    assert "lines 2-2:\n```python\nb = 2\n```" in llm.calls[0].question


def test_a_file_that_was_edited_is_read_again_in_its_place(project: Path) -> None:
    llm = FakeLLM("one", "two")

    def script(typist: Typist) -> None:
        typist.types("About @src/a.py?\r")
        typist.sees("one")
        (project / "src" / "a.py").write_text("a = 99\n")
        typist.types("Now?\r")
        typist.waits(lambda: len(llm.calls) == 2)

    shown = chat(project, FakeBackend(llm), script)
    assert "changed and is read again" in shown
    assert "a = 99" in llm.calls[1].messages[1]["content"]
    assert "a = 1\n" not in llm.calls[1].messages[1]["content"]


def test_a_file_that_is_gone_is_said_and_not_sent(project: Path) -> None:
    llm = FakeLLM("one", "two")

    def script(typist: Typist) -> None:
        typist.types("About @src/a.py and @notes.md?\r")
        typist.sees("one")
        (project / "src" / "a.py").unlink()
        typist.types("Now?\r")
        typist.waits(lambda: len(llm.calls) == 2)
        typist.sees("two")
        typist.types("/files\r")
        typist.sees("src/a.py  deleted")

    shown = chat(project, FakeBackend(llm), script)
    assert "There is no file src/a.py any more. It is not sent." in shown
    assert not any("a = 1" in message["content"] for message in llm.calls[1].messages)


def test_a_file_of_a_folder_that_is_no_text_holds_nothing_back(project: Path) -> None:
    (project / "src" / "b.bin").write_bytes(b"\0\1" * 90)
    llm = FakeLLM("one")
    shown = chat(project, FakeBackend(llm), "About @src/ ?\r")
    assert "+ src/a.py" in shown and "+ src/b.bin" not in shown
    assert len(llm.calls) == 1 and "a = 1" in llm.calls[0].question


def test_a_dropped_file_leaves_the_prompt(project: Path) -> None:
    llm = FakeLLM("one", "two")
    shown = chat(project, FakeBackend(llm), "About @src/a.py?\r/drop src/a.py nothing.py\rAnd now?\r/files\r")
    assert "src/a.py is left out" in shown and "nothing.py is not among" in shown
    assert not any("a = 1" in message["content"] for message in llm.calls[1].messages)
    assert "No files yet" in shown


def test_tasks_over_files(project: Path) -> None:
    llm = FakeLLM("explained a", "explained notes", "documented a", "examples", "anything")
    shown = chat(
        project,
        FakeBackend(llm),
        "/explain src/a.py notes.md\r/document @src/a.py\r/examples sort a list\r/custom Count words.\r",
    )
    asked = [call.question for call in llm.calls]
    assert "Explain" in asked[0] and 'the file "src/a.py", given above' in asked[0] and "a = 1" in asked[0]
    assert (
        'the file "notes.md", given above' in asked[1] and "# Notes" in asked[0] and "# Notes" not in asked[1]
    )
    assert "Write documentation" in asked[2] and "a = 1" not in asked[2]  # it is in the log already
    assert "sort a list" in asked[3]
    assert asked[4] == "Count words."
    assert "documented a" in shown


def test_a_task_without_a_file_says_so(project: Path) -> None:
    assert "There is no file yet" in chat(project, FakeBackend(), "/explain\r")


def test_many_files_are_counted_aloud(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docstra_tui.session.scale.BATCH", 1)
    (project / "a.txt").write_text("one two\n")
    (project / "b.txt").write_text("three four\n")
    screen = chat(project, FakeBackend(FakeLLM("Because.")), "Why? @a.txt @b.txt\r")
    assert "counting 1 of 2" in screen and "counting 2 of 2" in screen and "Because." in screen
