"""Code tasks and templates of the user: one answer a file, and what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.commands import arguments
from docstra_tui.errors import (
    TemplateError,
    UsageError,
)
from docstra_tui.workspace.commands import TASKS, commands_of
from tests.commands.oneshot.one_shot import ask, pipe_in
from tests.fakes import FakeLLM


@pytest.mark.parametrize(("command", "verb"), [("explain", "Explain"), ("document", "Write documentation")])
def test_a_code_task_gives_one_answer_a_file(command: str, verb: str) -> None:
    llm = FakeLLM("First.", "Second.\n")
    code, out, _, _ = ask(command, "a.py", "-f", "b.rs", llm=llm)
    assert code == 0
    assert out == "# a.py\n\nFirst.\n\n# b.rs\n\nSecond.\n"
    first, second = (call.question for call in llm.calls)
    assert (
        verb in first
        and "python" in first
        and 'the file "a.py", given above' in first
        and "b.rs" not in first
    )
    assert "rust" in second


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("objc.m", "#import <A.h>\n@implementation A\n@end\n", "the objective-c code"),
        ("cpp.h", "#pragma once\nclass A {};\nint b;\n", "the cpp code"),
        ("what.m", "x = 1\n", "the source code"),
    ],
)
def test_a_language_that_the_ending_does_not_tell_is_told_by_the_content(
    project: Path, name: str, content: str, said: str
) -> None:
    (project / name).write_text(content)
    for words in ((name,), (f"{name}:1",)):  # also where only lines of it are sent
        llm = FakeLLM("x")
        ask("explain", *words, llm=llm)
        assert said in llm.calls[0].question


def test_code_from_standard_input_is_explained(monkeypatch) -> None:
    pipe_in(monkeypatch, b"x = 1\n")
    llm = FakeLLM("It is x.")
    _, out, _, _ = ask("explain", "--language", "python", llm=llm)
    assert out == "It is x.\n"
    assert llm.calls[0].question.startswith("```python\nx = 1\n```")


def test_nothing_to_explain() -> None:
    with pytest.raises(UsageError, match="no file to explain"):
        ask("explain")


def test_examples_take_their_language_from_the_flag_or_the_files() -> None:
    Path("more.py").write_text("d = 4\n")
    llm = FakeLLM("x", "x", "x", "x")
    ask("examples", "sort a list", llm=llm)
    ask("examples", "sort a list", "-f", "b.rs", llm=llm)
    ask("examples", "sort a list", "--language", "go", llm=llm)
    assert "complete code examples" in llm.calls[0].question
    assert "complete rust examples" in llm.calls[1].question and "fn main" in llm.calls[1].question
    assert "complete go examples" in llm.calls[2].question
    ask("examples", "sort a list", "-f", "b.rs", "-f", "a.py", "-f", "more.py", llm=llm)
    assert "complete python examples" in llm.calls[3].question, "most files are, as in the faces"


def test_a_template_of_the_users_own_is_filled() -> None:
    folder = paths.config_dir() / "templates"
    folder.mkdir(parents=True)
    (folder / "review.txt").write_text("{context}\nReview for {what}, and keep {{braces}}.\n")
    llm = FakeLLM("Fine.")
    ask("run", "review", "what=speed = 3", "-f", "a.py", llm=llm)
    assert llm.calls[0].question.startswith('File "a.py"')
    assert llm.calls[0].question.endswith("Review for speed = 3, and keep {braces}.")


def test_a_built_in_template_needs_no_more_than_a_file() -> None:
    llm = FakeLLM("x")
    ask("run", "explain_code", "-f", "a.py", llm=llm)
    assert (
        "the python code above" in llm.calls[0].question
        and 'the file "a.py", given above' in llm.calls[0].question
    )


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["run"], UsageError, "explain_code"),
        (["run", "nothing"], TemplateError, "explain_code"),
        (["run", "answer_question"], TemplateError, "question"),
        (["run", "answer_question", "loose"], UsageError, "KEY=VALUE"),
    ],
)
def test_a_template_that_cannot_be_filled_says_what_is_missing(words, error, said) -> None:
    with pytest.raises(error) as caught:
        ask(*words)
    assert said in str(caught.value)


def test_the_tasks_of_the_command_line_are_those_of_the_faces() -> None:
    rows = {row.name: row for row in commands_of("shell")}
    assert rows.keys() == TASKS - {"custom", "each"}
    for row in arguments.COMMANDS:
        if row.name in rows:
            assert (row.words, row.help) == (rows[row.name].words, rows[row.name].help)
    assert set(arguments.TASKS) == rows.keys() | {"run"} <= set(arguments.NAMES)
