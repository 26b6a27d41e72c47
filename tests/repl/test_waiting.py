"""The inline chat keeps what was written and not asked, and goes on with a session's own model."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.errors import EngineDied, EngineError
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import ModelChoice
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend, loading
from tests.repl.story import Typist, chat


def on_disk(query: str) -> list[str]:
    path = paths.state_dir() / "sessions.db"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return [str(row[0]) for row in connection.execute(query)]
    except sqlite3.OperationalError:  # it is just being made
        return []


def waits() -> list[str]:
    return on_disk("SELECT question FROM waiting ORDER BY accepted")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "b.py").write_text("b = 1\n")
    return tmp_path


def left_behind(root: Path, *texts: str, draft: str = "") -> None:
    """What a program that has ended had accepted."""
    store = SessionStore()
    session = ChatSession(FakeLLM(), root, store)
    for text in texts:
        session.accept(text, draft)
    store.close()


def test_a_question_is_on_the_disk_while_the_model_loads(project: Path) -> None:
    llm = FakeLLM("at last")
    backend = FakeBackend(llm, loading())

    def script(typist: Typist) -> None:
        typist.types("Early?\r")
        typist.waits(lambda: waits() == ["Early?"], "the question on the disk")
        assert on_disk("SELECT draft FROM sessions") == [""]
        backend.statuses = [READY]
        typist.sees("at last")

    chat(project, backend, script)
    assert waits() == [] and [call.question for call in llm.calls] == ["Early?"]


def test_a_question_that_is_taken_back_stands_in_the_prompt_again(project: Path) -> None:
    llm = FakeLLM("fine")
    backend = FakeBackend(llm, loading())

    def script(typist: Typist) -> None:
        typist.types("Early?\r")
        typist.waits(lambda: waits() == ["Early?"], "the question on the disk")
        typist.interrupts()
        typist.sees("Not sent")
        typist.waits(lambda: on_disk("SELECT draft FROM sessions") == ["Early?"], "the draft on the disk")
        assert waits() == []
        backend.statuses = [READY]
        typist.types(" Or late?\r")
        typist.sees("fine")

    chat(project, backend, script)
    assert [call.question for call in llm.calls] == ["Early? Or late?"]


class Gone(FakeBackend):
    """An engine that died and does not start."""

    def restart(self) -> None:
        self.restarts += 1
        raise EngineError("It does not start.", "Look into the log.")


def test_a_question_whose_engine_does_not_start_is_kept_and_not_asked_with_the_next(project: Path) -> None:
    llm = FakeLLM("fine")
    backend = Gone(llm, replace(READY, state="failed", error=EngineDied("It died.")))

    def script(typist: Typist) -> None:
        typist.types("One?\r")
        typist.sees("It does not start.")
        typist.sees("Up brings the question back")
        assert waits() == ["One?"] and backend.restarts == 1
        backend.statuses = [READY]
        typist.types("Two?\r")
        typist.sees("fine")

    chat(project, backend, script)
    assert [call.question for call in llm.calls] == ["Two?"] and waits() == []


def test_what_is_typed_is_on_the_disk_while_it_is_typed(project: Path) -> None:
    def script(typist: Typist) -> None:
        typist.types("half a thought")
        typist.waits(lambda: on_disk("SELECT draft FROM sessions") == ["half a thought"], "the draft")
        typist.types("\x15")  # Ctrl+U
        typist.waits(lambda: on_disk("SELECT draft FROM sessions") == [], "no draft")

    chat(project, FakeBackend(), script)


@pytest.mark.parametrize("resume", [None, "last"])
def test_what_waited_stands_in_the_prompt_of_the_next_start(project: Path, resume: str | None) -> None:
    left_behind(project, "Why?")
    llm = FakeLLM("Because.")

    def script(typist: Typist) -> None:
        typist.sees("not sent yet")
        assert llm.calls == []
        typist.types("\r")
        typist.sees("Because.")

    chat(project, FakeBackend(llm), script, resume=resume)
    assert [call.question for call in llm.calls] == ["Why?"]
    assert waits() == []


def test_every_file_of_a_task_is_on_the_disk_until_its_turn(project: Path) -> None:
    llm = FakeLLM("one", "two")
    backend = FakeBackend(llm, loading())

    def script(typist: Typist) -> None:
        typist.types("/explain a.py b.py\r")
        typist.waits(lambda: waits() == ["/explain @a.py", "/explain @b.py"], "both on the disk")
        backend.statuses = [READY]
        typist.sees("two")

    chat(project, backend, script)
    assert waits() == [] and len(llm.calls) == 2


def saved_with(root: Path, choice: ModelChoice) -> None:
    store = SessionStore()
    session = ChatSession(FakeLLM("said"), root, store)
    session.choice = choice
    list(session.ask("Before?"))
    store.close()


@pytest.mark.parametrize(("answer", "opened"), [("y\r", ["", "org/other"]), ("\r", [""])])
def test_a_sessions_own_model_is_offered_when_it_is_resumed(
    project: Path, answer: str, opened: list[str]
) -> None:
    saved_with(project, ModelChoice("", "org/other"))
    backend = FakeBackend(FakeLLM("And?"))

    def script(typist: Typist) -> None:
        typist.sees("with org/other on this machine")
        typist.types(answer + "Now?\r")
        typist.sees("And?")

    chat(project, backend, script, resume="last")
    assert [settings.model.name for settings, _ in backend.opened_with] == opened  # type: ignore[attr-defined]


def test_a_session_about_another_folder_brings_its_folder(project: Path, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "theirs.py").write_text("theirs = 1\n")
    saved_with(other, ModelChoice())
    llm = FakeLLM("fine")
    shown = chat(project, FakeBackend(llm), "/resume\rWhat is in @theirs.py?\r")
    assert "the last one, about" in shown
    assert "theirs = 1" in str(llm.calls[0].messages)


def test_where_a_damaged_file_of_sessions_was_put_is_said_once(project: Path) -> None:
    left_behind(project, "Was it saved?")
    path = paths.state_dir() / "sessions.db"
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])
    shown = chat(project, FakeBackend(FakeLLM("x")), "Really?\r")
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    assert shown.count("The saved sessions were damaged.") == 1
    assert aside.name in shown.replace("\r\n", "").replace("\n", "")
