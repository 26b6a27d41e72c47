"""What is typed with a slash in front: a command, a question, or refused; never the wrong one in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.context.mentions import Mention
from docstra_tui.errors import UsageError
from docstra_tui.workspace.command_line import parse, question_of
from docstra_tui.workspace.commands import COMMANDS, find


@pytest.mark.parametrize(
    ("typed", "name", "text"),
    [
        ("/help", "help", ""),
        ("/help?", "help", ""),
        ("/Explain src/a.py", "explain", "src/a.py"),
        ("/ask  why?  ", "ask", "why?"),
        ("/ask\nwhy\n  so?", "ask", "why\n  so?"),
        ("/model Org/Name with spaces", "model", "Org/Name with spaces"),
    ],
)
def test_a_command_is_taken_with_what_stands_behind_it(typed: str, name: str, text: str) -> None:
    line = parse(typed, "screen")
    assert line is not None
    assert (line.command.name, line.text) == (name, text)


@pytest.mark.parametrize(
    "typed",
    [
        *("/etc/passwd what is this?", "/etc/hosts", "/a.py", "/src/a.py:10 why?", "/~user"),
        *("// a comment", "//", "/* a comment */", "/^a+$/ matches what?", "/404 is returned", "/ and so on"),
        *(" /explain", "why /explain?", "a\n/explain", "\\explain", ""),
    ],
)
def test_what_only_begins_like_one_is_a_question(typed: str) -> None:
    assert parse(typed, "screen") is None and parse(typed, "chat") is None


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("/expl", "Did you mean /explain?"),
        ("/explian src/a.py", "Did you mean /explain?"),
        ("/QIUT", "Did you mean /quit?"),
        ("/mod", "Did you mean /model?"),
        ("/frobnicate it", "/help lists what there is."),
        ("/users returns 404, why?", "With a space in front it is sent as a question."),
        ("/", "/help lists them."),
    ],
)
def test_a_mistyped_command_is_refused_with_the_nearest_one(typed: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(typed, "screen")
    assert hint in refused.value.hint


def test_words_behind_a_command_that_takes_none_are_not_thrown_away() -> None:
    with pytest.raises(UsageError, match="Nothing stands behind /help"):
        parse("/help me understand this code", "screen")


def test_a_command_of_the_other_face_is_not_here() -> None:
    assert find("budget", "screen") is not None and find("budget", "chat") is None
    with pytest.raises(UsageError, match="There is no /budget"):
        parse("/budget", "chat")


def test_the_space_in_front_is_not_part_of_the_question() -> None:
    assert question_of("  /explain is a command") == "/explain is a command"
    assert question_of("    x = 1") == "    x = 1"


def mentions(typed: str) -> tuple[Mention, ...]:
    line = parse(typed, "screen")
    assert line is not None
    return line.mentions


def test_files_are_named_with_and_without_an_at() -> None:
    named = mentions('/explain src/a.py @b.py:3-9 "my file.py":2 @"x y", src/a.py')
    assert named == (
        Mention("src/a.py"),
        Mention("b.py", 3, 9),
        Mention("my file.py", 2, 2),
        Mention("x y"),
    )
    assert mentions("/ask how does @src/a.py:4- work?") == (Mention("src/a.py", 4, None),)
    assert mentions("/model Org/Name") == mentions("/help") == ()


def test_a_quote_that_does_not_end_names_no_file() -> None:
    with pytest.raises(UsageError, match="names no file"):
        mentions('/explain "src/a.py')


@given(st.text(max_size=40))
def test_any_line_is_a_command_a_question_or_refused(text: str) -> None:
    try:
        line = parse(f"/{text}", "chat")
    except UsageError as refused:
        assert refused.message and refused.hint
        return
    if line is not None:
        assert line.command in COMMANDS
        assert text.lower().startswith(line.command.name)
