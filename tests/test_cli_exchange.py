"""Sessions go out of the store and come into it on the command line."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from docstra_tui import cli
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import LABEL, SavedTurn, StoredSession
from tests.fakes import FakeLLM

A = ContextItem("x = 1\n", "a.py", "python")


@pytest.fixture
def session_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two turns, the second with another one in its place; saved, and nobody has it open."""
    monkeypatch.chdir(tmp_path)
    store = SessionStore()
    number = store.create("/elsewhere", "org/m")
    parent = 0
    for question, thinking in (("Why?", "Hm."), ("How?", "")):
        turn = SavedTurn(question, context=(A,), answer=f"Answer to {question}", status="done", parent=parent)
        turn.thinking = thinking
        store.begin_turn(number, turn)
        store.end_turn(turn.id, turn)
        parent = parent or turn.id
    other = SavedTurn("Where?", answer="There.", status="done", parent=parent)
    store.begin_turn(number, other)
    store.end_turn(other.id, other)
    store.close()
    return number


def saved() -> list[StoredSession]:
    store = SessionStore()
    try:
        return [store.load(one.id) for one in store.sessions()]
    finally:
        store.close()


def test_a_session_goes_out_as_a_path_to_read_or_whole_and_comes_in_beside_the_others(
    session_id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sessions", "export"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# Why?\n") and "> Where?" in text and "> How?" not in text and "Hm." not in text
    assert "*2 of 2 in this place.*" in text and A.sha256 in text

    assert cli.main(["sessions", "export", session_id[:6], "--format", "json", "--thinking"]) == 0
    shown = capsys.readouterr().out
    assert [turn["question"] for turn in json.loads(shown)["turns"]] == ["Why?", "How?", "Where?"]
    assert json.loads(shown)["turns"][0]["thinking"] == "Hm."
    assert json.loads(shown)["settings"]["temperature"] == 0.7

    assert cli.main(["sessions", "export", "last", "-o", "it.json", "--thinking"]) == 0
    assert stat.S_IMODE(os.stat("it.json").st_mode) == 0o600
    assert json.loads(Path("it.json").read_text()) == json.loads(shown)

    capsys.readouterr()
    assert cli.main(["sessions", "import", "it.json"]) == 0
    told = capsys.readouterr().out
    assert "3 turns" in told and f"about {tmp_path}" in told and "none was opened" in told
    before, after = sorted(saved(), key=lambda one: one.id != session_id)
    assert [turn.question for turn in after.turns] == ["Why?", "Where?"]
    assert (after.root, before.root) == (str(tmp_path), "/elsewhere")
    assert {turn.id for turn in after.turns}.isdisjoint(turn.id for turn in before.turns)
    assert len(next(iter(after.forks.values()))) == 2
    # The same file has a text here, under the same fingerprint: the one that came in still has none.
    assert after.turns[0].context[0].content == "" and after.turns[0].context[0].detail == LABEL
    assert before.turns[0].context[0].content == A.content
    assert after.turns[0].damage == ()


def test_what_came_in_is_gone_on_with_and_brings_no_file_along(
    session_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["sessions", "export", "--format", "json", "-o", "it"])
    cli.main(["sessions", "delete", session_id])
    capsys.readouterr()
    assert cli.main(["sessions", "import", "it", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["turns"] == 3
    store = SessionStore()
    session = ChatSession.resume(FakeLLM("Yes."), store, found["imported"])
    assert session.context == () and session.saved_choice.server == ""
    assert "".join(session.ask("And?")) == "Yes."
    assert "x = 1" not in str(session.llm.calls[-1].messages)  # type: ignore[attr-defined]
    assert "Answer to Why?" in str(session.llm.calls[-1].messages)  # type: ignore[attr-defined]
    store.close()


def test_nothing_is_written_over_without_force(session_id: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "there.md").write_text("mine")
    (tmp_path / "link.md").symlink_to("there.md")
    for name in ("there.md", "link.md"):
        assert cli.main(["sessions", "export", "-o", name]) == 2
        assert "--force replaces it" in capsys.readouterr().err
    assert (tmp_path / "there.md").read_text() == "mine"
    assert cli.main(["sessions", "export", "-o", "link.md", "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == str(tmp_path / "link.md")
    assert not (tmp_path / "link.md").is_symlink() and (tmp_path / "there.md").read_text() == "mine"
    assert cli.main(["sessions", "export", "--format", "html"]) == 2
    assert cli.main(["sessions", "export", "nothing"]) == 1
    assert cli.main(["sessions", "export", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"].startswith("# Why?")
    assert cli.main(["sessions", "export", "-o", "-"]) == 0
    assert capsys.readouterr().out.startswith("# Why?") and not (tmp_path / "-").exists()


def test_what_is_no_session_comes_in_not_at_all(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    for words, code, said in (
        ([], 2, "Which file?"),
        (["missing.json"], 1, "cannot be read"),
        (["pipe"], 1, "no file"),
        (["."], 1, "no file"),
    ):
        assert cli.main(["sessions", "import", *words]) == code
        assert said in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(rb'{"\u001b[2J": 1}')))
    assert cli.main(["sessions", "import", "-"]) == 1
    err = capsys.readouterr().err
    assert "no exported session" in err and "\x1b" not in err
    assert saved() == []


def test_a_broken_setting_keeps_nobody_from_what_was_said(session_id: str, own_places: Path, capsys) -> None:
    (own_places / "config").mkdir(exist_ok=True)
    (own_places / "config" / "config.toml").write_text("nonsense = [")
    assert cli.main(["sessions", "export"]) == 0
    assert "Settings at the export" not in capsys.readouterr().out
