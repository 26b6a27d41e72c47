"""Thinking in the inline chat: one line that is rewritten, one that stays, and the switch with its keys."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from docstra_tui.llm.answer import Reading, Reframed, Thought, Usage
from docstra_tui.repl.printer import CLEAR_LINE
from docstra_tui.repl.toolbar import toolbar
from docstra_tui.settings import AnswerSettings, Settings
from docstra_tui.workspace.models.answering import AnsweringModel
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend
from tests.repl.story import Typist, chat
from tests.workspace.models.test_answering import Face

F12, CTRL_T = "\x1b[24~", "\x14"


def test_reading_and_thinking_are_lines_that_go_and_one_that_stays(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstra_tui.repl.answering.STEP_SECONDS", 0.02)
    gate = threading.Semaphore(0)
    llm = FakeLLM()
    usage = Usage(12_400, 9, 0, 5)
    llm.enqueue(
        Reading(3100, 12_400, 8.2), Thought("hm "), Thought("hm"), "It is one.", usage=usage, gate=gate
    )

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        gate.release()
        typist.sees("reading 3.1k/12.4k · 8 s left")
        gate.release()
        typist.sees("Thinking… · 1 word")
        gate.release()
        typist.sees("· 2 words")
        gate.release(2)
        typist.sees("It is one.")
        typist.sees("5 of them thinking")
        typist.types("/thought\r")
        typist.sees("hm hm")

    shown = chat(project, FakeBackend(llm), script)
    at = shown.index("It is one.")
    summary = shown.rindex("Thought for 0.", 0, at)
    assert CLEAR_LINE in shown[shown.rindex("Thinking…", 0, at) : summary]
    assert "2 words · /thought shows it" in shown[summary:at]
    assert shown.count("Thought for 0.") == 1
    assert "hm hm" not in shown[:at]
    assert shown.index("reading 3.1k") < shown.index("Thinking…")


def test_the_seconds_go_on_while_nothing_comes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docstra_tui.repl.answering.STEP_SECONDS", 0.05)
    gate = threading.Semaphore(0)
    llm = FakeLLM()
    llm.enqueue(Thought("hm"), "fine", gate=gate)

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        gate.release()
        typist.sees("Thinking… 1 s · 1 word")
        gate.release(2)
        typist.sees("fine")

    chat(project, FakeBackend(llm), script)


def test_what_stands_there_already_is_said_to_have_been_thought(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue("I reason.\n", Reframed(), "Visible.")
    shown = chat(project, FakeBackend(llm), "Why?\r/thought\r")
    said = shown.index("What stands above was thought before the answer.")
    assert shown.index("I reason.") < said < shown.index("Visible.") < shown.rindex("I reason.")


def test_stopped_while_it_thinks_says_how_far_it_was(project: Path) -> None:
    gate = threading.Semaphore(0)
    llm = FakeLLM()
    llm.enqueue(Thought("so far"), Thought("never"), gate=gate)

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        gate.release()
        typist.sees("Thinking…")
        typist.interrupts()
        typist.sees("stopped")

    shown = chat(project, FakeBackend(llm), script)
    assert "Thought for 0.0 s · 2 words" in shown and "never" not in shown


def test_what_is_thought_cannot_command_the_terminal(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue(Thought("evil\x1b[2J\x07"), "fine")
    shown = chat(project, FakeBackend(llm), "Why?\r/thought\r")
    assert "evil␛[2J" in shown and "evil\x1b" not in shown


def test_a_resumed_session_says_that_its_last_answer_was_thought_about(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue(Thought("a hidden thought"), "It is one.", usage=Usage(1, 9, 0, 1234))
    chat(project, FakeBackend(llm), "Why?\r")
    shown = chat(project, FakeBackend(FakeLLM()), "/thought\r", resume="last")
    assert shown.index("Thought for 0.0 s · 1,234 tokens") < shown.index("It is one.")
    assert shown.index("It is one.") < shown.index("a hidden thought")


@pytest.mark.parametrize("key", [F12, CTRL_T])
def test_the_key_goes_round(project: Path, key: str) -> None:
    llm = FakeLLM()
    seen = []

    def script(typist: Typist) -> None:
        typist.sees("ready")
        for state in ("off", "on"):
            typist.types(key)
            typist.waits(lambda state=state: llm.think == state)
            seen.append(llm.think)
        typist.types("Why?\r")
        typist.waits(lambda: bool(llm.calls))

    llm.enqueue("fine")
    chat(project, FakeBackend(llm), script)
    assert seen == ["off", "on"] and llm.calls[0].wished == "on"


def test_the_state_stands_below_the_prompt() -> None:
    backend = FakeBackend()
    model = AnsweringModel(Settings(), lambda settings: backend, lambda call: call())  # type: ignore[arg-type, return-value]
    model.listener = Face()
    model.open_now()
    model.wish("off")
    shown = "".join(text for _, text, *_ in toolbar(model, READY, None, 0, ""))
    assert shown == " ready · fake · cpu f32 · thinking off"
    model.close()


def test_the_command_says_how_it_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeLLM, "can_switch_thinking", False)
    settings = Settings(answer=AnswerSettings(think="off"))
    shown = chat(project, FakeBackend(), "/think\r/think 12\r", settings=settings)
    assert "Thinking: off, answer at once. This model cannot be switched." in shown
    assert "Thinking: 12, at most 12 tokens of it." in shown
