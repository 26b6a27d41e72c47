"""The inline chat, typed into through a pipe: what is asked, what is shown, what stays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from docstra_tui.errors import AnswerCutOff, ContextOverflow, EngineDied
from docstra_tui.llm.answer import Usage
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import Typist, chat, saved


def test_an_answer_without_text_or_with_half_of_it_is_an_error(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue()
    llm.enqueue("half", AnswerCutOff("It broke off.", "Ask again."))

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        typist.sees("ended its answer without any text")
        typist.types("Why?\r")
        typist.sees("It broke off.")

    shown = chat(project, FakeBackend(llm), script)
    assert shown.index("half") < shown.index("It broke off.") < shown.index("Ask again.")


def test_the_wait_for_the_first_word_is_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docstra_tui.repl.answering.STEP_SECONDS", 0.02)
    gate = threading.Semaphore(0)
    llm = FakeLLM()
    monkeypatch.setattr(FakeLLM, "server", "gpu:8000")
    llm.enqueue("fine", gate=gate)

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        typist.sees("gpu:8000: reading or queued, 1 s")
        gate.release(2)
        typist.sees("fine")

    chat(project, FakeBackend(llm), script)


def test_a_question_is_answered_and_saved(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue("It ", "is **one**.", usage=Usage(1234, 7, 1000))
    backend = FakeBackend(llm)
    shown = chat(project, backend, "What is a?\r")
    assert llm.calls[0].question == "What is a?"
    assert "It is **one**." in shown
    assert "1.2k tokens read, 1.0k cached" in shown and "7 written" in shown
    assert "fake stays loaded." in shown
    assert backend.closed == 1
    with saved() as store:
        (summary,) = store.sessions()
        assert summary.root == str(project)
        (turn,) = store.load(summary.id).turns
        assert (turn.question, turn.answer, turn.status) == ("What is a?", "It is **one**.", "done")
        assert f"--resume {summary.id[:8]}" in shown


def test_a_failure_in_the_middle_keeps_the_question_and_the_part(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue("part", EngineDied("The engine is gone.", "Restart it."))
    llm.enqueue("fine")
    shown = chat(project, FakeBackend(llm), "First?\rSecond?\r")
    assert "The engine is gone." in shown and "fine" in shown
    with saved() as store:
        first, second = store.load("last").turns
        assert (first.answer, first.status, second.status) == ("part", "failed", "done")


def test_what_does_not_fit_is_refused_with_the_numbers(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue(ContextOverflow(9000, 8192, 512))
    assert "9,000" in chat(project, FakeBackend(llm), "Too much?\r")


def test_what_does_not_fit_is_said_with_its_numbers_before_anything_is_sent(project: Path) -> None:
    llm = FakeLLM("never", window=60)
    screen = chat(project, FakeBackend(llm), "what is this about, in more than a few words?\r")
    assert "window is 60" in screen and "/drop leaves one out" in screen
    assert llm.calls == []


def test_more_files_than_fit_are_asked_part_by_part(project: Path) -> None:
    llm = FakeLLM("About two.", "About one.", "Together.", window=1600)
    for number in range(3):
        (project / f"f{number}.py").write_text("x = 1\n" * 135)
    shown = chat(project, FakeBackend(llm), "/each where? @f0.py @f1.py @f2.py\r")
    at = [shown.index(text) for text in ("About two.", "(part 2 of 2: f2.py)", "About one.", "Together.")]
    assert at == sorted(at) and "(part 1 of 2: f0.py, f1.py)" in shown and "(from 2 parts)" in shown
