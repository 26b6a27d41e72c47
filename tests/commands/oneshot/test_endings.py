"""How it ends: cancelled, broken, cut, and what the shell gets to know."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace

import pytest

from docstra_tui import cli
from docstra_tui.commands.console import Console
from docstra_tui.errors import (
    ContextOverflow,
    EngineDied,
    MemoryOverflow,
    ModelNotFound,
    TemplateError,
)
from docstra_tui.llm.answer import Usage
from tests.commands.oneshot.one_shot import KEYS, Terminal, ask
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend, loading


def test_ctrl_c_keeps_the_part_and_cancels_the_rest() -> None:
    llm = FakeLLM()
    llm.enqueue("part ", KeyboardInterrupt())
    code, out, _, backend = ask("ask", "?", llm=llm)
    assert (code, out, backend.closed) == (130, "part \n", 1)


def test_what_the_engine_has_to_say_since_is_said_once_and_beside_the_answer() -> None:
    noted = replace(READY, notes=("It reads in one piece.",))
    since = replace(noted, notes=("Memory ran out.", *noted.notes))
    code, out, err, _ = ask("ask", "?", backend=FakeBackend(FakeLLM("fine"), noted, since))
    assert (code, out) == (0, "fine\n")
    assert "Memory ran out." in err and "in one piece" not in err


def test_what_free_memory_does_not_hold_exits_with_4_and_names_the_ways_out(monkeypatch, capsys) -> None:
    llm = FakeLLM()
    llm.enqueue(MemoryOverflow(9000, 6000, 512, compact=11_000, on_gpu=True))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    assert cli.main(["ask", "?"]) == 4
    err = capsys.readouterr().err
    assert "--kv-cache int8" in err and "--device cpu" in err


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
