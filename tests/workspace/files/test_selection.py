"""What was ticked when a question was asked is sent with it, all of it, whatever is ticked meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.context.files import states
from docstra_tui.context.picks import Pick
from docstra_tui.session.chat import ChatSession
from docstra_tui.workspace.files.selection import FileSelection
from tests.fakes import FakeLLM


@pytest.fixture
def picks(tmp_path: Path) -> FileSelection:
    for name in "abcd":
        (tmp_path / f"{name}.py").write_text(f"{name} = 1\n")
    return FileSelection(tmp_path, 1000)  # nothing is read beside the question


def while_reading(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Do something once `name` is being read."""
    read: Any = states.tick

    def tick(root: Path, path: str, *lines: int | None, **options: int) -> states.Ticked:
        if path == name:
            act()
        found: states.Ticked = read(root, path, *lines, **options)
        return found

    monkeypatch.setattr(states, "tick", tick)


def test_ticking_more_while_the_files_are_read_loses_none(
    picks: FileSelection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ChatSession(FakeLLM(), tmp_path)
    asked = [Pick("a.py"), Pick("b.py"), Pick("c.py")]
    picks.choose(asked)
    while_reading(monkeypatch, "a.py", lambda: picks.choose([*asked, Pick("d.py")]))

    report = picks.read(session)

    assert [item.path for item in session.context] == ["a.py", "b.py", "c.py"]
    assert report.notes == ()
    picks.read(session)
    assert [item.path for item in session.context] == ["a.py", "b.py", "c.py", "d.py"]


def test_unticking_while_the_files_are_read_is_for_the_next_question(
    picks: FileSelection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ChatSession(FakeLLM(), tmp_path)
    picks.choose([Pick("a.py"), Pick("b.py")])
    while_reading(monkeypatch, "b.py", lambda: picks.choose([Pick("a.py")]))

    picks.read(session)

    assert [item.path for item in session.context] == ["a.py", "b.py"]


def test_what_is_named_again_is_told_only_where_it_is_different(picks: FileSelection, tmp_path: Path) -> None:
    assert picks.add([Pick("a.py"), Pick("b.py")]) == [Pick("a.py"), Pick("b.py")]
    assert picks.add([Pick("a.py")]) == []
    (tmp_path / "a.py").write_text("a = 'another'\n")
    assert picks.add([Pick("a.py"), Pick("c.py")]) == [Pick("a.py"), Pick("c.py")]
    assert picks.labels == ("a.py", "b.py", "c.py")


def test_one_that_cannot_be_read_is_kept_and_not_sent(picks: FileSelection, tmp_path: Path) -> None:
    session = ChatSession(FakeLLM(), tmp_path)
    picks.add([Pick("a.py"), Pick("b.py")])
    (tmp_path / "a.py").unlink()
    report = picks.read(session)
    assert [item.path for item in session.context] == ["b.py"]
    assert report.left_out == {"a.py": ("deleted", "There is no file a.py any more.")}
    assert picks.labels == ("a.py", "b.py")
    (tmp_path / "a.py").write_text("a = 1\n")
    assert picks.read(session).left_out == {}
    assert [item.path for item in session.context] == ["a.py", "b.py"]


def test_the_files_of_a_saved_session_are_those_of_then_until_they_are_read(
    picks: FileSelection, tmp_path: Path
) -> None:
    before, session = ChatSession(FakeLLM(), tmp_path), ChatSession(FakeLLM(), tmp_path)
    picks.add([Pick("a.py"), Pick("b.py")])
    picks.give(before)
    (tmp_path / "b.py").write_text("b = 'another'\n")

    later = FileSelection(tmp_path, 1000)
    later.take_over(before)
    later.give(session)
    assert session.context == before.context
    assert later.read(session).changed == ("b.py",)
    assert [item.content for item in session.context] == ["a = 1\n", "b = 'another'\n"]
