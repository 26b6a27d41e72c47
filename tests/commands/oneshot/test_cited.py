"""What an answer says of the files that were sent for it is looked up, and may decide the exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from docstra_tui.commands.console import Console
from docstra_tui.errors import EngineDied, UsageError
from tests.commands.oneshot.one_shot import Terminal, ask, pipe_in
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend

CODE = "def retry(times):\n    return times + 1  # once more\n"
TRUE = "It is `return times + 1  # once more`."
FALSE = "It is `raise Never(times - 1)`."


@pytest.fixture(autouse=True)
def client(project: Path) -> None:
    (project / "client.py").write_text(CODE)


def statuses(record: dict) -> list[str]:
    return [citation["status"] for citation in record["citations"]]


def test_check_ends_with_5_only_where_something_is_not_in_the_files() -> None:
    code, out, err, _ = ask("ask", "How?", "--check", "-f", "client.py", llm=FakeLLM(TRUE))
    assert (code, out, err) == (0, TRUE + "\n", "1 reference: 1 ✓\n")
    code, out, err, _ = ask("ask", "How?", "--check", "-f", "client.py", llm=FakeLLM(FALSE))
    assert (code, out) == (5, FALSE + "\n")
    assert err.splitlines()[0].startswith("✗ raise Never(times - 1)")
    assert err.splitlines()[1] == "1 reference: 1 ✗ not found"
    code, _, err, _ = ask("ask", "How?", "--check", "-f", "client.py", llm=FakeLLM("By itself."))
    assert (code, err) == (0, "Nothing was found in it that can be looked up.\n")
    code, out, err, _ = ask("ask", "How?", "-f", "client.py", llm=FakeLLM(FALSE))
    assert (code, err) == (0, "")  # nobody asked, and nobody looks


def test_the_sum_stands_below_an_answer_at_a_terminal() -> None:
    def at_a_terminal(*words: str, answer: str = FALSE) -> str:
        console = Console(io.StringIO(), Terminal())
        return ask("ask", "How?", *words, llm=FakeLLM(answer), console=console)[2]

    assert at_a_terminal("-f", "client.py").endswith("1 reference: 1 ✗ not found\n")
    assert "reference" not in at_a_terminal()  # without a file there is nothing to look into
    assert "reference" not in at_a_terminal("-f", "client.py", answer="By itself.")


def test_the_object_has_each_with_its_place() -> None:
    code, out, err, _ = ask("ask", "How?", "--json", "-f", "client.py:2", llm=FakeLLM(TRUE + " " + FALSE))
    found = json.loads(out)["citations"]
    assert (code, err) == (0, "")
    assert found[0] == {
        "text": "return times + 1  # once more",
        "kind": "quote",
        "path": "client.py",
        "line": 2,
        "status": "found",
    }
    assert [one["status"] for one in found] == ["found", "missing"]
    code, out, _, _ = ask("ask", "How?", "--json", "--check", "-f", "client.py", llm=FakeLLM(FALSE))
    assert code == 5 and statuses(json.loads(out)) == ["missing"]


def test_every_task_has_them_each_answer_of_its_own_files(project: Path) -> None:
    llm = FakeLLM(TRUE, TRUE)
    code, out, _, _ = ask("explain", "client.py", "a.py", "--json", llm=llm)
    assert code == 0
    assert [statuses(record) for record in json.loads(out)["answers"]] == [["found"], ["missing"]]
    code, out, _, _ = ask("document", "client.py", "a.py", "-o", "out", "--json", llm=FakeLLM(TRUE, TRUE))
    assert [statuses(record) for record in json.loads(out)["answers"]] == [["found"], ["missing"]]
    code, out, _, _ = ask("document", "client.py", "a.py", "-o", "out", "--json", llm=FakeLLM())
    assert [statuses(record) for record in json.loads(out)["answers"]] == [["found"], ["missing"]]  # kept


def test_what_is_piped_in_is_looked_into_too(monkeypatch) -> None:
    for words in (("explain", "-"), ("ask", "How?"), ("run", "explain_code", "language=python")):
        pipe_in(monkeypatch, CODE.encode())
        _, out, _, _ = ask(*words, "--json", llm=FakeLLM(TRUE + " " + FALSE))
        found = json.loads(out)["citations"]
        assert [(one["status"], one["path"]) for one in found] == [("found", None), ("missing", None)], words


def test_check_without_a_file_is_refused_before_any_model_is_started() -> None:
    backend = FakeBackend()
    with pytest.raises(UsageError):
        ask("ask", "How?", "--check", backend=backend)
    assert backend.opened_with == []


def test_what_broke_off_ends_as_it_did() -> None:
    llm = FakeLLM()
    llm.enqueue(FALSE, EngineDied("The engine is gone."))
    with pytest.raises(Exception, match="The engine is gone"):
        ask("ask", "How?", "--check", "-f", "client.py", llm=llm)


def test_a_joined_answer_is_about_all_parts(project: Path) -> None:
    (project / "long.py").write_text("\n".join(f"number_{line} = {line} * 7" for line in range(400)))
    llm = FakeLLM(*[TRUE] * 40, window=2000)
    code, out, _, _ = ask(
        "ask", "How?", "--each", "--check", "--json", "-f", "client.py", "-f", "long.py", llm=llm
    )
    found = json.loads(out)
    assert code == 0 and statuses(found) == ["found"]
    assert len(found["parts"]) > 1 and {"found", "missing"} == {
        s for p in found["parts"] for s in statuses(p)
    }
