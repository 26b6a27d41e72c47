"""Sessions of the inline chat: saved, resumed, begun anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui.session.turns import SavedTurn
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import Typist, chat, saved


def test_a_session_can_be_resumed_with_its_files(project: Path) -> None:
    chat(project, FakeBackend(FakeLLM("first answer")), "About @src/a.py?\r")
    llm = FakeLLM("second answer")
    shown = chat(project, FakeBackend(llm), "And now?\r", resume="last")
    assert "first answer" in shown and "+ src/a.py" in shown
    roles = [message["role"] for message in llm.calls[0].messages]
    assert roles == ["system", "user", "assistant", "user"]
    with saved() as store:
        assert [turn.answer for turn in store.load("last").turns] == ["first answer", "second answer"]


def test_an_answer_that_another_terminal_writes_is_not_called_ended(project: Path) -> None:
    with saved() as store:
        session_id = store.create(str(project), "m")
        store.begin_turn(session_id, turn := SavedTurn("Why?"))
        store.add_piece(turn.id, "Because")
        assert store.flush()
        shown = chat(project, FakeBackend(), "", resume="last")
    assert "Because" in shown and "(still being written in another terminal)" in shown
    shown = chat(project, FakeBackend(), "", resume="last")  # its writer is gone
    assert "Because" in shown and "(cut off, /continue goes on)" in shown


def test_sessions_new_and_resume_from_within(project: Path) -> None:
    llm = FakeLLM("one", "two", "three")
    shown = chat(project, FakeBackend(llm), "First?\r/new\rSecond?\r/sessions\r/resume nothing\rThird?\r")
    assert [len(call.messages) for call in llm.calls] == [2, 2, 4]
    assert shown.count("  1 turn   ") == 2
    assert "There is no saved session 'nothing'" in shown


def test_a_command_that_leaves_a_session_is_no_draft_of_it(project: Path) -> None:
    def script(typist: Typist) -> None:
        def sends(command: str) -> None:
            typist.types(command)
            with saved() as store:
                typist.waits(lambda: command in [store.load(one.id).draft for one in store.sessions()])
            typist.types("\r")

        typist.types("First?\r")
        typist.sees("one")
        sends("/new")
        typist.sees("A new session")
        typist.types("Second?\r")
        typist.sees("two")
        sends("/resume")
        typist.sees("Second? · 1 turn")
        sends("/quit")

    chat(project, FakeBackend(FakeLLM("one", "two")), script)
    with saved() as store:
        assert [store.load(one.id).draft for one in store.sessions()] == ["", ""]


def test_a_disk_that_takes_nothing_is_said_at_the_end_with_where_the_copy_is(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    monkeypatch.setenv("DOCSTRA_STATE_DIR", str(tmp_path / "file" / "state"))
    shown = chat(project, FakeBackend(FakeLLM("one", "two")), "First?\r/new\rSecond?\r", code=1)
    assert "NOT SAVED: " in shown and "Not saved" not in shown and "To go on" not in shown
    copies = list((tmp_path / "copies").iterdir())
    assert sorted("First?" in copy.read_text() for copy in copies) == [False, True]
    assert all(str(copy) in shown for copy in copies)


def test_sessions_are_looked_through_for_words(project: Path) -> None:
    llm = FakeLLM("a needle here", "nothing")
    shown = chat(project, FakeBackend(llm), "First?\r/new\rSecond?\r/sessions needle\r/sessions hay\r")
    assert shown.count("First?") >= 2 and "            a needle here" in shown
    assert "Nothing was found." in shown
