"""`ask --auto-files`: files that a search finds go with the question, and it is said which."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from docstra_tui.commands import oneshot
from docstra_tui.commands.arguments import parse
from docstra_tui.commands.console import Console
from docstra_tui.context.project import Project
from docstra_tui.context.search.offered import Suggestion
from docstra_tui.errors import ContextOverflow, NotAllowed, UsageError
from docstra_tui.session.outgoing import SecretsFound
from tests.commands.oneshot.one_shot import ask
from tests.elsewhere import elsewhere
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend


@pytest.fixture
def found(project: Path, monkeypatch: pytest.MonkeyPatch):
    """A search that finds these; `asked` is what it was asked."""
    asked: list[tuple[str, tuple[str, ...]]] = []
    (project / "long.py").write_text("".join(f"line {n}\n" for n in range(400)))
    (project / "id_rsa").write_text("PRIVATE\n")
    names = ["id_rsa", "gone.py", "a.py", "long.py", "b.rs"]

    def suggest(self, question, ticked=(), limit=20, **options):
        asked.append((question, tuple(ticked)))
        return tuple(Suggestion(name, f"has {name}", 1.0, (10, 12)) for name in names if name not in ticked)

    monkeypatch.setattr(Project, "suggest", suggest)
    return asked


def test_the_files_that_are_found_are_said_and_sent(found) -> None:
    llm = FakeLLM("It is one.")
    code, out, err, _ = ask("ask", "What is a?", "--auto-files", "2", "--json", llm=llm)
    assert code == 0 and err == "+ a.py  (has a.py)\n+ long.py  (has long.py)\n"
    assert [file["path"] for file in json.loads(out)["files"]] == ["a.py", "long.py"]
    assert 'File "a.py"' in llm.calls[0].question and llm.calls[0].question.endswith("What is a?")
    assert "PRIVATE" not in llm.calls[0].question
    assert found == [("What is a?", ())]


def test_those_that_were_named_stay_and_count_for_nothing(found) -> None:
    llm = FakeLLM("One.")
    _, out, err, _ = ask("ask", "What?", "-f", "a.py", "--auto-files", "1", "--json", llm=llm)
    assert found == [("What?", ("a.py",))] and err == "+ long.py  (has long.py)\n"
    assert [file["path"] for file in json.loads(out)["files"]] == ["a.py", "long.py"]


def test_of_what_does_not_fit_the_lines_go_that_are_most_about_it(found) -> None:
    llm = FakeLLM("One.", window=300)
    _, out, err, _ = ask("ask", "What?", "--auto-files", "3", "--json", llm=llm)
    assert "long.py does not fit: only long.py:10-12 is sent." in err
    sent = [(file["path"], file["start_line"]) for file in json.loads(out)["files"]]
    assert sent == [("a.py", None), ("long.py", 10), ("b.rs", None)]
    assert "line 10\n" in llm.calls[0].question and "line 20\n" not in llm.calls[0].question


def test_what_does_not_fit_at_all_is_left_out_and_what_was_named_never(found) -> None:
    llm = FakeLLM("One.", window=120)
    _, out, err, _ = ask("ask", "What?", "--auto-files", "3", "--json", llm=llm)
    assert "is left out" in err and json.loads(out)["answer"] == "One."
    llm = FakeLLM(window=120)
    llm.enqueue(ContextOverflow(900, 120, 60))
    with pytest.raises(ContextOverflow):
        ask("ask", "What?", "-f", "long.py", "--auto-files", "1", llm=llm)


def test_nothing_is_looked_for_where_it_is_not_wished(found) -> None:
    _, _, err, _ = ask("ask", "What?", llm=FakeLLM("One."))
    assert found == [] and err == ""
    with pytest.raises(UsageError, match="no number from 1 to 20"):
        ask("ask", "What?", "--auto-files", "many")
    with pytest.raises(UsageError):
        ask("explain", "a.py", "--auto-files", "1")


def test_what_is_found_passes_the_same_gate_as_any_file(found, project: Path) -> None:
    token = "gh" + "p_x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6TeUoQ1i"
    (project / "b.rs").write_text(f"let key = '{token}';\n")
    with elsewhere() as server:
        console = Console(io.StringIO(), io.StringIO())
        words = ["ask", "What?", "--auto-files", "3", "--base-url", server.url]
        with pytest.raises(NotAllowed):
            oneshot.run(
                parse([*words[:-2], "--each"]), opener=FakeBackend(host=server.shown), console=console
            )
        with pytest.raises(SecretsFound, match="Nothing was sent"):
            oneshot.run(parse(words), console=console)
        assert server.asked("/v1/chat/completions") == []
        assert oneshot.run(parse([*words, "--send-secrets"]), console=console) == 0
        assert len(server.asked("/v1/chat/completions")) == 1


def test_each_part_of_what_is_found_is_asked(found) -> None:
    llm = FakeLLM("One.")
    *_, err, _ = ask("ask", "What?", "--auto-files", "1", "--each", "--json", llm=llm)
    assert "+ a.py" in err and 'File "a.py"' in llm.calls[0].question
