"""One question, one answer: what is asked, what goes where, and how it ends."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from pathlib import Path

import pytest

from docstra_tui import cli, paths, settings
from docstra_tui.address import parse as parse_address
from docstra_tui.commands import arguments, oneshot
from docstra_tui.commands.arguments import parse
from docstra_tui.commands.console import Console
from docstra_tui.errors import (
    ContextOverflow,
    EngineDied,
    ModelNotFound,
    NotAllowed,
    TemplateError,
    UnreadableFile,
    UsageError,
)
from docstra_tui.llm.answer import Usage
from docstra_tui.workspace.commands import TASKS, commands_of
from docstra_tui.workspace.models.consent import Consent
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend, loading

KEYS = [
    "answer",
    "model",
    "finish_reason",
    "files",
    "prompt_tokens",
    "completion_tokens",
    "reused_tokens",
    "ttft_s",
    "tokens_per_s",
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder with two files, nothing on standard input, and handlers as they were."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("a = 1\nb = 2\nc = 3\n")
    (tmp_path / "b.rs").write_text("fn main() {}\n")
    kept = signal.getsignal(signal.SIGINT)
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield tmp_path
    signal.signal(signal.SIGINT, kept)


def pipe_in(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    reader, writer = os.pipe()
    threading.Thread(target=lambda: (os.write(writer, data), os.close(writer)), daemon=True).start()
    monkeypatch.setattr("sys.stdin", os.fdopen(reader))


def ask(*words: str, llm: FakeLLM | None = None, backend: FakeBackend | None = None, console=None):
    """Run a one-shot command on a scripted model: `(exit code, stdout, stderr, backend)`."""
    backend = backend or FakeBackend(llm)
    console = console or Console(io.StringIO(), io.StringIO())
    code = oneshot.run(parse(words), opener=backend, console=console)
    return code, console._out.getvalue(), console._err.getvalue(), backend


# What is asked


def test_a_question_is_asked_about_files_that_stand_before_it() -> None:
    llm = FakeLLM("It is one.")
    code, out, err, backend = ask("ask", "What is a?", "-f", "a.py", "-f", "b.rs:1-1", llm=llm)
    assert (code, out, err) == (0, "It is one.\n", "")
    sent = llm.calls[0].question
    assert sent.startswith('File "a.py":\n```python\na = 1\n')
    assert 'File "b.rs", lines 1-1:' in sent
    assert sent.endswith("What is a?")
    assert backend.opened_with[0][1] is True  # one shot: the engine leaves sooner
    assert backend.closed == 1


def test_a_file_that_is_no_utf8_is_sent_and_it_is_said_how_it_was_read(project: Path) -> None:
    text = "Die Größe der Straße ist für jeden größer.\n" * 5
    (project / "latin.txt").write_bytes(text.encode("latin-1"))
    llm = FakeLLM("x")
    code, out, err, _ = ask("ask", "What?", "-f", "latin.txt", llm=llm)
    assert (code, out) == (0, "x\n")
    assert "latin.txt" in err and "guess" in err.lower()
    assert "Straße" in llm.calls[0].question


def test_a_file_in_the_home_folder_is_named_with_a_tilde(project: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(project))
    llm = FakeLLM("One.")
    ask("ask", "What?", "-f", "~/a.py:1", llm=llm)
    assert 'a.py", lines 1-1' in llm.calls[0].question


def test_flags_reach_the_backend() -> None:
    *_, backend = ask("ask", "?", "--model", "m", "--max-tokens", "9", llm=FakeLLM("x"))
    found = backend.opened_with[0][0]
    assert isinstance(found, settings.Settings)
    assert (found.model.name, found.answer.max_tokens) == ("m", 9)


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


def test_a_file_that_cannot_be_read_stops_it_before_any_model_is_started() -> None:
    backend = FakeBackend()
    with pytest.raises(UnreadableFile):
        ask("ask", "Why?", "-f", "missing.py", backend=backend)
    assert backend.opened_with == []


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


# What goes where


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
    assert [found[key] for key in KEYS[4:7]] == [None, None, None]
    assert found["tokens_per_s"] is None
    assert found["files"][0]["tokens"] is None


def test_several_answers_are_one_object_too() -> None:
    found = json.loads(ask("explain", "a.py", "b.rs", "--json", llm=FakeLLM("A", "B"))[1])
    assert [answer["answer"] for answer in found["answers"]] == ["A", "B"]
    assert [answer["files"][0]["path"] for answer in found["answers"]] == ["a.py", "b.rs"]


# How it ends


def test_ctrl_c_keeps_the_part_and_cancels_the_rest() -> None:
    llm = FakeLLM()
    llm.enqueue("part ", KeyboardInterrupt())
    code, out, _, backend = ask("ask", "?", llm=llm)
    assert (code, out, backend.closed) == (130, "part \n", 1)


def test_ctrl_c_with_json_still_gives_the_object() -> None:
    llm = FakeLLM()
    llm.enqueue("part ", KeyboardInterrupt())
    code, out, _, _ = ask("ask", "?", "--json", "-f", "a.py", llm=llm)
    found = json.loads(out)
    assert code == 130
    assert (found["answer"], found["finish_reason"]) == ("part ", "cancelled")
    assert list(found) == KEYS


def test_ctrl_c_stops_the_files_that_were_to_follow() -> None:
    llm = FakeLLM()
    llm.enqueue("part", KeyboardInterrupt())
    code, _, _, _ = ask("explain", "a.py", "b.rs", llm=llm)
    assert (code, len(llm.calls)) == (130, 1)


def test_an_answer_that_breaks_off_keeps_its_part_and_exits_with_1_whatever_broke(
    monkeypatch, capsys
) -> None:
    llm = FakeLLM()
    llm.enqueue("part", EngineDied("It is gone.", "Ask again."))
    backend = FakeBackend(llm)
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", backend)
    assert cli.main(["ask", "?"]) == 1
    out, err = capsys.readouterr()
    assert out == "part\n"
    assert "It is gone.\nAsk again." in err
    assert backend.closed == 1


def test_what_fails_before_the_first_word_keeps_its_own_exit_code() -> None:
    llm = FakeLLM()
    llm.enqueue(EngineDied("It is gone."))
    with pytest.raises(EngineDied):
        ask("ask", "?", llm=llm)


@pytest.mark.parametrize(
    ("pieces", "reason", "said"),
    [
        ((), "stop", "without any text"),
        ((" ", "\n"), "stop", "without any text"),
        ((), "length", "its limit"),
    ],
)
def test_an_answer_without_text_is_a_failure(pieces, reason, said, monkeypatch, capsys) -> None:
    llm = FakeLLM()
    llm.enqueue(*pieces, reason=reason)
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    assert cli.main(["ask", "?"]) == 1
    assert said in capsys.readouterr().err


def json_of(capsys, *words: str) -> tuple[int, dict, str]:
    code = cli.main([*words, "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out), err


def test_json_is_one_object_also_of_an_answer_that_broke(monkeypatch, capsys) -> None:
    llm = FakeLLM()
    llm.enqueue("half an ", "answer", EngineDied("It is gone.", "Ask again."))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    code, found, err = json_of(capsys, "ask", "?", "-f", "a.py")
    assert (code, list(found)) == (1, [*KEYS, "error"])
    assert found["answer"] == "half an answer"
    assert found["error"] == {"message": "It is gone.", "hint": "Ask again."}
    assert (found["finish_reason"], found["model"]) == (None, "hub/fake")
    assert found["files"] == [{"path": "a.py", "start_line": None, "end_line": None, "tokens": None}]
    assert "It is gone." in err


def test_json_says_why_there_is_no_answer(monkeypatch, capsys) -> None:
    llm = FakeLLM()
    llm.enqueue(reason="length", usage=Usage(30, 20, 0))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    code, found, _ = json_of(capsys, "ask", "?")
    assert (code, found["answer"], found["finish_reason"]) == (1, "", "length")
    assert found["completion_tokens"] == 20
    assert "limit" in found["error"]["message"]


def test_json_says_too_why_nothing_could_be_asked(monkeypatch, capsys) -> None:
    from dataclasses import replace

    failed = replace(READY, state="failed", error=ModelNotFound("There is no model m."))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(FakeLLM(), failed))
    code, found, _ = json_of(capsys, "ask", "?")
    assert (code, found["answer"], found["model"]) == (3, "", None)
    assert found["error"] == {"message": "There is no model m."}


def test_a_usage_error_is_no_answer() -> None:
    console = Console(io.StringIO(), io.StringIO())
    with pytest.raises(TemplateError):
        ask("run", "answer_question", "--json", console=console)
    assert console._out.getvalue() == ""


def test_of_several_answers_the_finished_ones_stay(monkeypatch, capsys) -> None:
    for error, exit_code, part in (
        (EngineDied("It is gone."), 1, "Thi"),
        (ContextOverflow(9, 8, 1), 4, ""),
    ):
        llm = FakeLLM("First.", "Second.")
        llm.enqueue(*([part] if part else []), error)
        monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
        code, found, err = json_of(capsys, "explain", "a.py", "b.rs", "a.py:1-1", "a.py:2-2")
        assert code == exit_code
        assert [answer["answer"] for answer in found["answers"]] == ["First.", "Second.", part]
        assert ["error" in answer for answer in found["answers"]] == [False, False, True]
        assert found["error"] == found["answers"][2]["error"]
        assert found["error"]["message"] == error.message
        assert error.message in err
        assert len(llm.calls) == 3  # the fourth was not asked


def test_of_several_answers_the_finished_ones_are_out_already(monkeypatch, capsys) -> None:
    llm = FakeLLM("First.")
    llm.enqueue("Sec", EngineDied("It is gone."))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    assert cli.main(["explain", "a.py", "b.rs"]) == 1
    out, err = capsys.readouterr()
    assert out == "# a.py\n\nFirst.\n\n# b.rs\n\nSec\n"
    assert "It is gone." in err


@pytest.mark.parametrize("error", [ContextOverflow(9, 8, 1), ModelNotFound("no")])
def test_errors_reach_the_shell_as_their_exit_code(error, monkeypatch, capsys) -> None:
    llm = FakeLLM()
    llm.enqueue(error)
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    assert cli.main(["ask", "?", "-f", "a.py"]) == error.exit_code
    out, err = capsys.readouterr()
    assert out == "" and error.message in err


def test_a_model_that_does_not_load_is_the_reason_given() -> None:
    from dataclasses import replace

    failed = replace(READY, state="failed", error=ModelNotFound("There is no model m."))
    with pytest.raises(ModelNotFound):
        ask("ask", "?", backend=FakeBackend(FakeLLM(), loading(), failed))


@pytest.mark.parametrize("err", [io.StringIO, Terminal])
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_answer_at_its_limit_says_so_whoever_reads_it(err, more: list[str]) -> None:
    llm = FakeLLM()
    llm.enqueue("x", reason="length", usage=Usage(9, 2000))
    code, out, said, _ = ask("ask", "?", *more, llm=llm, console=Console(io.StringIO(), err()))
    assert code == 0 and "x" in out
    assert "The answer was cut at 2,000 tokens; --max-tokens allows more.\n" in said


def test_of_several_answers_it_is_said_which_was_cut() -> None:
    llm = FakeLLM("First.")
    llm.enqueue("x", reason="length", usage=Usage())
    _, _, err, _ = ask("explain", "a.py", "b.rs", "--max-tokens", "7", llm=llm)
    assert err == "b.rs: the answer was cut at 7 tokens; --max-tokens allows more.\n"


def test_the_wait_for_the_first_word_is_shown_on_a_terminal(monkeypatch) -> None:
    monkeypatch.setattr("docstra_tui.commands.waiting.STEP_SECONDS", 0.01)
    monkeypatch.setattr("docstra_tui.commands.waiting.monotonic", iter(range(0, 4000, 40)).__next__)
    gate = threading.Semaphore(0)

    class Watched(Terminal):
        def write(self, text: str) -> int:
            if "40 s" in text:
                gate.release(3)
            return super().write(text)

    llm = FakeLLM()
    monkeypatch.setattr(FakeLLM, "server", "gpu:8000")
    llm.enqueue("x", gate=gate)
    console = Console(io.StringIO(), Watched())
    code, out, err, _ = ask("ask", "?", llm=llm, console=console)
    assert (code, out) == (0, "x\n")
    assert "gpu:8000: reading or queued, 40 s" in err and err.endswith("\r\x1b[K")


# Other machines


def test_a_script_that_names_another_machine_says_where_it_sends() -> None:
    backend = FakeBackend(FakeLLM("x"), host="gpu.example")
    code, out, err, _ = ask("ask", "?", "--base-url", "http://gpu.example/v1", backend=backend)
    assert (code, out, err) == (0, "x\n", "→ gpu.example\n")


def test_a_machine_from_the_settings_must_have_been_allowed_by_a_person() -> None:
    llm = FakeLLM("x")
    with pytest.raises(NotAllowed, match=r"gpu\.example"):
        ask("ask", "?", backend=FakeBackend(llm, host="gpu.example"))
    assert llm.calls == []
    Consent().give(parse_address("http://gpu.example/v1"))
    assert ask("ask", "?", backend=FakeBackend(llm, host="gpu.example"))[0] == 0


@pytest.mark.parametrize(("typed", "calls"), [("y\n", 1), ("\n", 0)])
def test_a_person_is_asked_once(typed: str, calls: int, monkeypatch) -> None:
    llm = FakeLLM("x")
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    try:
        ask(
            *["ask", "?"],
            backend=FakeBackend(llm, host="gpu.example"),
            console=Console(io.StringIO(), Terminal()),
        )
    except UsageError as error:
        assert "Nothing was sent" in error.message
    assert len(llm.calls) == calls
    assert Consent().is_given(parse_address("http://gpu.example/v1")) == bool(calls)


def test_the_tasks_of_the_command_line_are_those_of_the_faces() -> None:
    rows = {row.name: row for row in commands_of("shell")}
    assert rows.keys() == TASKS - {"custom"}
    for row in arguments.COMMANDS:
        if row.name in rows:
            assert (row.words, row.help) == (rows[row.name].words, rows[row.name].help)
    assert set(arguments.TASKS) == rows.keys() | {"run"} <= set(arguments.NAMES)
