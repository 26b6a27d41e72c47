"""`templates list | show | copy | review`, and `run` with what was read and what was not."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from docstra_tui import cli, templates
from docstra_tui.commands.console import Console
from docstra_tui.errors import NotAllowed, TemplateError, UsageError
from docstra_tui.llm.prompt import BUILT_IN
from docstra_tui.workspace.templates.project import FOLDER
from tests.commands.oneshot.one_shot import Terminal, ask
from tests.fakes import FakeLLM

REVIEW = '+++\ntitle = "Review"\n[fields]\ndepth = "deep"\n+++\nReview for {focus}, {depth}.\n'
AUDIT = "Audit\u200b {what}.\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "audit.md").write_text(AUDIT)
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.md").write_text(REVIEW)
    (templates.folder() / "bad.md").write_text("+++\n")
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        yield tmp_path


def test_all_are_listed_with_what_is_wrong_beside_them(capsys) -> None:
    assert cli.main(["templates"]) == 0
    out, err = capsys.readouterr()
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["review", "yours", "Review"] and rows[1] == ["project:audit", "project"]
    assert {row[0] for row in rows[2:]} == set(BUILT_IN) and "bad.md:1" in err
    assert cli.main(["templates", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["templates"][0]["fields"] == [
        {"name": "depth", "asks": "", "default": "deep"},
        {"name": "focus", "asks": "", "default": None},
    ]
    assert "bad.md:1" in told["wrong"][0]["message"]


def test_one_is_shown_as_its_file_is_and_nothing_hides_in_it_on_a_terminal(monkeypatch, capsys) -> None:
    assert cli.main(["templates", "show", "project:audit"]) == 0
    assert capsys.readouterr().out == AUDIT
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    assert cli.main(["templates", "show", "project:audit"]) == 0
    assert terminal.getvalue() == "Audit⟨U+200B⟩ {what}.\n"
    assert cli.main(["templates", "show", "audit"]) == 2
    assert "Did you mean project:audit?" in capsys.readouterr().err


def test_a_copy_of_ours_is_one_of_yours_and_nothing_is_overwritten(tmp_path: Path, capsys) -> None:
    assert cli.main(["templates", "copy", "explain_code", "mine"]) == 0
    path = templates.folder() / "mine.md"
    assert capsys.readouterr().out == f"{path}\n" and path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "a.py").write_text("a = 1\n")
    llm = FakeLLM("x")
    ask("run", "mine", "-f", "a.py", llm=llm)
    assert "Explain the python code above" in llm.calls[0].question
    (templates.folder() / "link.md").symlink_to(tmp_path / "victim")
    for name in ("review", "mine", "link"):
        assert cli.main(["templates", "copy", "explain_code", name]) == 2
        assert "is there already" in capsys.readouterr().err
    assert cli.main(["templates", "copy", "explain_code", "../out"]) == 2
    assert not (tmp_path / "victim").exists() and (templates.folder() / "review.md").read_text() == REVIEW


def test_defaults_are_filled_in_and_what_has_no_place_is_said() -> None:
    llm = FakeLLM("x")
    _, _, err, _ = ask("run", "review", "focus=locks", "fokus=x", llm=llm)
    assert llm.calls[0].question == "Review for locks, deep." and "no place for fokus" in err
    with pytest.raises(TemplateError, match="focus"):
        ask("run", "review", llm=llm)
    with pytest.raises(TemplateError, match=r"bad\.md:1"):
        ask("run", "bad", llm=llm)


def test_one_that_is_wrong_keeps_only_its_own_task_from_it() -> None:
    (templates.folder() / "explain_code.md").write_text("+++\ntitle = 3\n+++\nx")
    Path("a.py").write_text("a = 1\n")
    llm = FakeLLM("x")
    assert ask("document", "a.py", llm=llm)[0] == 0
    with pytest.raises(TemplateError, match=r"explain_code\.md:2"):
        ask("explain", "a.py", llm=llm)


def test_a_projects_template_is_asked_with_once_somebody_has_read_it(monkeypatch, tmp_path: Path) -> None:
    def run(typed: str = "") -> tuple[str, list[str]]:
        llm, err = FakeLLM("x"), Terminal() if typed else io.StringIO()
        monkeypatch.setattr("sys.stdin", Terminal(typed) if typed else io.StringIO())
        ask("run", "project:audit", "what=locks", llm=llm, console=Console(io.StringIO(), err))
        return err.getvalue(), [call.question for call in llm.calls]

    with pytest.raises(NotAllowed, match="Nobody has read the template project:audit"):
        run()
    with pytest.raises(UsageError, match="was not used"):
        run("\n")
    with pytest.raises(NotAllowed, match="templates review project:audit"):
        cli._run(cli.arguments.parse(["templates", "review", "project:audit"]))
    told, asked = run("y\n")
    assert "Audit⟨U+200B⟩ {what}." in told and asked == ["Audit\u200b locks."]
    assert run()[1] == ["Audit\u200b locks."], "read once"
    (tmp_path / FOLDER / "audit.md").write_text("Audit {what}. And more.\n")
    with pytest.raises(NotAllowed, match="as it is now"):
        run()
    with pytest.raises(NotAllowed):
        monkeypatch.setattr("sys.stdout", Terminal())
        cli._run(cli.arguments.parse(["templates", "copy", "project:audit"]))
