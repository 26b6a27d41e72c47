"""What goes where: the answer, one JSON object, and what is said beside them."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from docstra_tui.commands.console import Console
from docstra_tui.errors import (
    UsageError,
)
from docstra_tui.llm.answer import Usage
from tests.commands.oneshot.one_shot import KEYS, Terminal, ask
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend, loading


def test_a_pipe_gets_the_answer_exactly_and_a_terminal_gets_it_safe() -> None:
    hostile = "a\x1b]52;c;x\x07b\tc\r\n"
    _, out, _, _ = ask("ask", "?", llm=FakeLLM(hostile))
    assert out == hostile  # it has a last line end of its own
    assert ask("ask", "?", llm=FakeLLM("a\x1b]b"))[1] == "a\x1b]b\n"
    terminal = Console(Terminal(), Terminal())
    _, out, _, _ = ask("ask", "?", llm=FakeLLM(hostile), console=terminal)
    assert not set(out) & set("\x1b\x07\r\t")
    assert out.endswith("\n")


def test_each_piece_is_out_before_the_next_one_comes() -> None:
    class Slow(FakeLLM):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[str] = []

    llm, out = Slow(), io.StringIO()
    flushed: list[str] = []
    out.flush = lambda: flushed.append(out.getvalue())  # type: ignore[method-assign]
    llm.enqueue("one ", "two ", "three")
    ask("ask", "?", llm=llm, console=Console(out, io.StringIO()))
    assert flushed[:3] == ["one ", "one two ", "one two three"]


def test_loading_is_shown_on_a_terminal_and_nowhere_else() -> None:
    statuses = [loading("download", 10, 100), loading("read", None, None), READY]
    console = Console(io.StringIO(), Terminal())
    code, out, err, _ = ask("ask", "?", backend=FakeBackend(FakeLLM("x"), *statuses), console=console)
    assert (code, out) == (0, "x\n")
    assert "downloading the model 10%" in err and err.endswith("\r\x1b[K")
    _, out, err, _ = ask("ask", "?", backend=FakeBackend(FakeLLM("x"), *statuses))
    assert (out, err) == ("x\n", "")


def test_json_is_one_object_with_exactly_the_promised_keys() -> None:
    llm = FakeLLM()
    llm.enqueue("It ", "is.", usage=Usage(30, 2, 20))
    code, out, err, _ = ask("ask", "What?", "-f", "a.py", "-f", "b.rs:1-1", "--json", llm=llm)
    found = json.loads(out)
    assert list(found) == KEYS
    assert (code, err) == (0, "")
    assert (found["answer"], found["model"], found["finish_reason"]) == ("It is.", "hub/fake", "stop")
    assert (found["prompt_tokens"], found["completion_tokens"], found["reused_tokens"]) == (30, 2, 20)
    assert found["ttft_s"] >= 0
    places = [(file["path"], file["start_line"], file["end_line"]) for file in found["files"]]
    assert places == [("a.py", None, None), ("b.rs", 1, 1)]


def test_a_files_tokens_are_what_adding_it_adds_to_the_prompt() -> None:
    llm = FakeLLM("x", "x")
    tokens = [
        file["tokens"] for file in json.loads(ask("ask", "?", "-f", "a.py", "--json", llm=llm)[1])["files"]
    ]
    with_file = llm.count_tokens(llm.calls[0].messages)
    ask("ask", "?", llm=llm)
    without = llm.count_tokens(llm.calls[1].messages)
    assert tokens == [with_file - without]


def test_json_is_text_whatever_a_file_is_called(project: Path) -> None:
    with open(os.path.join(os.fsencode(project), b"caf\xe9.py"), "w") as file:
        file.write("x = 1\n")
    name = os.fsdecode(b"caf\xe9.py")
    out = ask("ask", "?", "-f", name, "--json", llm=FakeLLM(f"of {name} \u00e9"))[1]
    found = json.loads(out.encode("utf-8"))
    found["answer"].encode("utf-8")
    assert found["files"][0]["path"] == "caf\\xe9.py"
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Console(narrow, io.StringIO()).json({"word": "\u00e9"})
    narrow.seek(0)
    assert json.loads(narrow.read()) == {"word": "\u00e9"}


@pytest.mark.parametrize("word", ["a.py:0-3", "a.py:20-10", "a.py:a-b", "a.py:0", "a.py:-3", "a.py:"])
def test_lines_that_are_no_range_are_a_usage_error(word: str) -> None:
    with pytest.raises(UsageError, match="no range of lines") as caught:
        ask("ask", "?", "-f", word)
    assert caught.value.hint == "Write a.py:10-40."


def test_standard_input_needs_no_flag() -> None:
    with pytest.raises(UsageError, match="standard input is read without -f"):
        ask("ask", "?", "-f", "-")


def test_what_nobody_knows_is_null() -> None:
    llm = FakeLLM(exact=False)
    llm.enqueue("x", usage=Usage())
    found = json.loads(ask("ask", "?", "-f", "a.py", "--json", llm=llm)[1])
    assert [found[key] for key in KEYS[5:9]] == [None] * 4
    assert found["tokens_per_s"] is None
    assert found["files"][0]["tokens"] is None


def test_several_answers_are_one_object_too() -> None:
    found = json.loads(ask("explain", "a.py", "b.rs", "--json", llm=FakeLLM("A", "B"))[1])
    assert [answer["answer"] for answer in found["answers"]] == ["A", "B"]
    assert [answer["files"][0]["path"] for answer in found["answers"]] == ["a.py", "b.rs"]
