"""`files QUESTION`, and the same in Python: which files of a folder a question is about."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import docstra_tui
from docstra_tui import cli
from docstra_tui.commands import suggested_files
from docstra_tui.commands.arguments import parse
from docstra_tui.commands.console import Console
from docstra_tui.commands.index_progress import IndexProgress
from docstra_tui.context.project import Project
from docstra_tui.context.search.index.building import Progress
from docstra_tui.context.search.offered import Suggestion
from docstra_tui.errors import EngineDied, NotAllowed, UnreadableFile, UsageError
from tests.commands.oneshot.one_shot import Terminal
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend

QUESTION = "Where is the lighthouse lit?"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One rule in a small file, beside a secret and much that does not matter."""
    root = tmp_path_factory.mktemp("project")
    (root / "src").mkdir()
    (root / "src" / "lamp.py").write_text(
        "def light_lighthouse():\n    '''The lighthouse is lit here.'''\n    lighthouse.lit = True\n"
    )
    (root / "src" / "odd\tname\x1b.py").write_text(
        "# of a lighthouse, and of much else that has to do with ships\n" * 3
    )
    (root / ".env").write_text("LIGHTHOUSE=hunter2\n")
    (root / "ignored.py").write_text("lighthouse = lit\n")
    (root / ".gitignore").write_text("ignored.py\n")
    for number in range(30):
        (root / f"harbour_{number:02}.py").write_text(f"SHIP = {number}\n\ndef is_lit():\n    return SHIP\n")
    return root


def files(*words: str, terminal: bool = False, **who) -> tuple[str, str]:
    """Run it: standard output and standard error."""
    out = Terminal() if terminal else io.StringIO()
    err = io.StringIO()
    who.setdefault("counter", lambda settings: None)
    assert suggested_files.run(parse(["files", *words]), console=Console(out, err), **who) == 0
    return out.getvalue(), err.getvalue()


def found(*paths: str):
    """A search that finds these, and notes how it was asked."""
    asked: list[dict] = []

    def suggest(self, question: str, ticked=(), limit: int = 20, **options):
        asked.append({"question": question, "ticked": tuple(ticked), **options})
        return tuple(Suggestion(path, f"says {path}", 1.0, None) for path in paths)

    return suggest, asked


def test_a_folder_is_searched_and_the_best_come_first(project: Path, capsys) -> None:
    assert cli.main(["files", QUESTION, str(project), "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert set(told) == {"files"} and err == ""
    assert all(set(file) == {"path", "reason", "tokens"} for file in told["files"])
    paths = [file["path"] for file in told["files"]]
    assert paths[0] == "src/lamp.py" and "src/odd\tname\x1b.py" in paths
    assert len(paths) == len(set(paths)) == 20  # there are more
    assert not {".env", "ignored.py"} & set(paths)
    assert all(file["tokens"] is None and file["reason"] for file in told["files"])


def test_python_has_the_same(project: Path) -> None:
    asked = docstra_tui.Project(project)
    ticked, llm = [str(project / "src" / "lamp.py")], FakeLLM("harbour_07\nSHIP")
    found = asked.suggest(QUESTION, ticked, limit=5, llm=llm)
    assert len(found) == 5 and {type(file) for file in found} == {Suggestion}
    paths = [file.path for file in found]
    assert "harbour_07.py" in paths and "src/lamp.py" not in paths
    with pytest.raises(UnreadableFile):
        asked.suggest(QUESTION, ticked=["../else.py"])
    with pytest.raises(UnreadableFile):
        Project(project / "nothing")
    with pytest.raises(AttributeError):
        docstra_tui.Projekt  # noqa: B018


def test_a_terminal_gets_columns_and_a_pipe_tabs(project: Path, monkeypatch) -> None:
    suggest, asked = found("src/lamp.py", "src/odd\tname\x1b.py", "gone.py")
    monkeypatch.setattr(Project, "suggest", suggest)
    monkeypatch.chdir(project)
    llm = FakeLLM()
    out, _ = files(QUESTION, counter=lambda settings: llm)
    lines = [line.split("\t") for line in out.splitlines()]
    assert lines[0][0] == "src/lamp.py" and int(lines[0][1]) > 0 and lines[0][2] == "says src/lamp.py"
    assert lines[2] == ["gone.py", "", "says gone.py"]
    assert llm.closed and asked[0]["question"] == QUESTION
    out, _ = files(QUESTION, terminal=True, counter=lambda settings: FakeLLM())
    assert "\x1b" not in out and "\t" not in out and r"$'src/odd\tname\033.py'" in out


def test_tokens_are_exact_or_none(project: Path, monkeypatch) -> None:
    monkeypatch.setattr(Project, "suggest", found("src/lamp.py")[0])

    class Dead(FakeLLM):
        def count_tokens(self, prompt):
            raise EngineDied("gone")

    for llm in (FakeLLM(exact=False), Dead()):
        out, _ = files(QUESTION, str(project), "--json", counter=lambda settings, llm=llm: llm)
        assert json.loads(out)["files"][0]["tokens"] is None


def test_the_model_says_what_else_to_look_for(project: Path, monkeypatch) -> None:
    suggest, asked = found("src/lamp.py")
    monkeypatch.setattr(Project, "suggest", suggest)
    backend = FakeBackend(FakeLLM("beacon\nlight_lamp"))
    out, err = files(QUESTION, str(project), "--words", "--json", opener=backend)
    told = json.loads(out)
    assert asked[0]["words"] == ("beacon", "light_lamp") and told["words"] == ["beacon", "light_lamp"]
    assert "beacon, light_lamp" in err and backend.closed == 1
    assert told["files"][0]["tokens"] is not None  # whoever said the words counts too
    out, err = files(QUESTION, str(project), "--words", opener=FakeBackend(FakeLLM()))
    assert asked[1]["words"] == () and "no words of its own" in err and out


def test_a_question_goes_to_another_host_only_after_a_yes_and_no_file_goes_there(
    project: Path, monkeypatch
) -> None:
    monkeypatch.setattr(Project, "suggest", found("src/lamp.py")[0])
    backend = FakeBackend(FakeLLM("beacon"), host="gpu.example:8000")
    with pytest.raises(NotAllowed):
        files(QUESTION, str(project), "--words", opener=backend)
    assert backend.llm.calls == [] and backend.closed == 1
    url = "http://gpu.example:8000/v1"
    out, err = files(QUESTION, str(project), "--words", "--json", "--base-url", url, opener=backend)
    assert "gpu.example:8000" in err and json.loads(out)["files"][0]["tokens"] is None


@pytest.mark.parametrize("words", [[], ["  "], ["why?", "nowhere"], ["why?", ".", "."], ["why?", __file__]])
def test_what_is_no_question_about_a_folder_is_refused(words: list[str], capsys) -> None:
    assert cli.main(["files", *words]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("docstra-tui: ")


def test_ctrl_c_ends_it(project: Path, monkeypatch, capsys) -> None:
    def suggest(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Project, "suggest", suggest)
    assert cli.main(["files", "why?", str(project)]) == 130
    assert capsys.readouterr() == ("", "docstra-tui: Cancelled.\n")


def test_how_far_the_index_is_stands_on_standard_error_where_it_takes_long() -> None:
    err = Terminal()
    with IndexProgress(Console(io.StringIO(), err)) as progress:
        progress.told(Progress(1, 2))
        assert err.getvalue() == ""
        progress._began -= 60
        progress.told(Progress(3400, 10000))
        assert "3,400 of 10,000 files" in err.getvalue()
    assert err.getvalue().endswith("\r\x1b[K")
    log = io.StringIO()
    with IndexProgress(Console(io.StringIO(), log)) as progress:
        progress._began -= 60
        for done in range(3):
            progress.told(Progress(done, 10))
    assert log.getvalue() == "reading the project: 0 of 10 files\n"


def test_nothing_that_is_found_is_said(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Project, "suggest", found()[0])
    out, err = files("Zyzzyva?", str(tmp_path))
    assert (out, err) == ("", "No file was found for the question.\n")
    assert json.loads(files("Zyzzyva?", str(tmp_path), "--json")[0]) == {"files": []}


def test_a_whole_home_folder_is_read_only_where_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggest, asked = found("a.py")
    monkeypatch.setattr(Project, "suggest", suggest)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="whole home folder") as refused:
        files(QUESTION)
    assert "FOLDER" in refused.value.hint and not asked
    out, err = files(QUESTION, ".")
    assert out.startswith("a.py") and "Ctrl+C stops that" in err and str(tmp_path) in err
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    assert files(QUESTION)[1] == ""
