"""`ask --each`: parts on standard error or in the object, the joined answer on standard output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docstra_tui import cli, paths
from docstra_tui.errors import ContextOverflow, DocstraError, UsageError
from tests.commands.oneshot.one_shot import KEYS, ask
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend

WINDOW = 2000


class InParts(FakeLLM):
    """Answers a part with what it is about, whatever came before."""

    def __init__(self, *, fails: str = "") -> None:
        super().__init__(window=WINDOW)
        self._fails = fails

    def stream(self, prompt, **options):
        text = prompt[-1]["content"]
        names = [line.split('"')[1] for line in text.splitlines() if line.startswith("File ")]
        if self._fails and self._fails in names:
            self.enqueue("half", DocstraError("Broken.", "Ask again."))
        else:
            self.enqueue(f"About {' and '.join(names)}." if names else "Together.")
        return super().stream(prompt, **options)


@pytest.fixture
def files(project: Path) -> Path:
    for number in range(4):
        (project / f"src{number}.py").write_text(f"def f{number}():\n" + "    x = 1\n" * 200)
    (project / "folder").mkdir()
    (project / "folder/notes.md").write_text("words " * 300)
    return project


NAMED = [word for number in range(4) for word in ("-f", f"src{number}.py")]


def kept() -> list[Path]:
    return list((paths.state_dir() / "unfinished").glob("*"))


def test_the_joined_answer_is_the_answer_and_the_parts_are_seen(files: Path) -> None:
    llm = InParts()
    code, out, err, _ = ask("ask", "Where?", "--each", *NAMED, "-f", "folder", llm=llm)
    assert (code, out) == (0, "Together.\n")
    assert len(llm.calls) == 4
    assert "Part 1 of 3, " in err and "tokens: src0.py, src1.py\n\nAbout src0.py and src1.py.\n" in err
    assert "About folder/notes.md." in err
    assert "About part 3 of 3, folder/notes.md:" in llm.calls[-1].question
    assert all(call.batch and call.max_tokens for call in llm.calls[:3])
    assert kept() == []


def test_files_that_fit_are_asked_as_ever(files: Path) -> None:
    llm = FakeLLM("At once.")
    code, out, err, _ = ask("ask", "Where?", "--each", *NAMED, llm=llm)
    assert (code, out) == (0, "At once.\n") and len(llm.calls) == 1
    assert "All of it fits into one question." in err


def test_a_part_that_fails_keeps_the_others_for_the_next_time(files: Path) -> None:
    with pytest.raises(DocstraError, match=r"Broken\. 1 of 2 parts are answered\."):
        ask("ask", "Where?", "--each", *NAMED, llm=InParts(fails="src2.py"))
    llm = InParts()
    code, out, err, _ = ask("ask", "Where?", "--each", *NAMED, llm=llm)
    assert (code, out) == (0, "Together.\n")
    assert len(llm.calls) == 2 and "1 of 2 parts are answered already." in err
    assert "About src0.py and src1.py." in llm.calls[-1].question, "what was kept is joined too"
    assert kept() == []


def test_json_has_the_parts_too(files: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(InParts()))
    assert cli.main(["ask", "Where?", "--each", *NAMED, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == [*KEYS, "parts", "left_out"]
    assert found["answer"] == "Together." and len(found["files"]) == 4
    assert [list(part) for part in found["parts"]] == [[*KEYS, "tokens"]] * 2
    assert [file["path"] for file in found["parts"][1]["files"]] == ["src2.py", "src3.py"]


def test_json_says_what_failed(files: Path, monkeypatch, capsys) -> None:
    llm = InParts(fails="src2.py")
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    assert cli.main(["ask", "Where?", "--each", *NAMED, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["answer"] == "" and "Broken." in found["error"]["message"]
    assert [part["answer"] for part in found["parts"]] == ["About src0.py and src1.py.", "half"]


def test_ctrl_c_stops_it_and_keeps_what_is_finished(files: Path, monkeypatch) -> None:
    from docstra_tui.llm.many import Many

    real = Many.__iter__

    def interrupted(self):
        yield next(real(self))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Many, "__iter__", interrupted)
        code, out, err, _ = ask("ask", "Where?", "--each", *NAMED, llm=InParts())
    assert (code, out) == (130, "") and "Stopped: 1 of 2 parts are answered." in err
    llm = InParts()
    ask("ask", "Where?", "--each", *NAMED, llm=llm)
    assert len(llm.calls) == 2


def test_without_files_there_is_nothing_to_divide() -> None:
    with pytest.raises(UsageError, match="no files"):
        ask("ask", "Where?", "--each")


def test_a_question_that_does_not_fit_names_the_way(monkeypatch, capsys) -> None:
    llm = FakeLLM()
    llm.enqueue(ContextOverflow(9, 8, 1))
    monkeypatch.setattr("docstra_tui.workspace.models.opening.open_backend", FakeBackend(llm))
    assert cli.main(["ask", "?", "-f", "a.py"]) == 4
    assert "ask --each" in capsys.readouterr().err
