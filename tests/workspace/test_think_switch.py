"""How much is to be thought: wished, said, and gone round by a key."""

from __future__ import annotations

from typing import Any

import pytest

from docstra_tui.errors import UsageError
from docstra_tui.settings import AnswerSettings, Settings
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.think_switch import ThinkSwitch
from docstra_tui.workspace.title import thinking
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.workspace.models.test_answering import Face


def opened(think: str = "auto") -> tuple[AnsweringModel, FakeLLM, Face]:
    backend, face = FakeBackend(), Face()
    settings = Settings(answer=AnswerSettings(think=think))
    model = AnsweringModel(settings, lambda settings: backend, lambda call: call())  # type: ignore[arg-type, return-value]
    model.listener = face
    model.open_now()
    return model, backend.llm, face


def test_a_wish_reaches_what_answers_and_what_answers_after_it() -> None:
    model, first, face = opened()
    switch = ThinkSwitch(model)
    switch.take("512")
    assert first.think == model.think == 512 and face.told.count("wished") == 1
    switch.take("512")
    assert face.told.count("wished") == 1
    other = FakeBackend()
    model._open_backend = lambda settings: other  # type: ignore[assignment, return-value]
    model.open_now()
    assert other.llm.think == 512
    model.close()


def test_words_that_are_no_wish_change_nothing() -> None:
    model, llm, _ = opened()
    for words in ("maybe", "-1", "1e3", "99999999"):
        with pytest.raises(UsageError):
            ThinkSwitch(model).take(words)
    assert llm.think == "auto"
    assert ThinkSwitch(model).take(" OFF ").startswith("Thinking: off")
    assert ThinkSwitch(model).take("0").startswith("Thinking: off")
    model.close()


def test_a_setting_is_where_the_round_begins() -> None:
    model, llm, _ = opened("300")
    switch = ThinkSwitch(model)
    seen: list[Any] = []
    for _ in range(5):
        switch.step()
        seen.append(llm.think)
    assert seen == ["auto", "off", "on", 300, "auto"]
    assert [choice.value for choice in switch.offer.choices] == ["auto", "off", "on", "300"]
    model.close()


def test_before_a_model_is_open_there_is_something_to_wish() -> None:
    model = AnsweringModel(Settings(), lambda settings: FakeBackend(), lambda call: call())  # type: ignore[arg-type, return-value]
    model.listener = Face()
    assert ThinkSwitch(model).take("off") == "Thinking: off, answer at once."
    model.open_now()
    assert model.llm is not None and model.llm.think == "off"
    model.close()


def test_what_switching_costs_is_said_and_cannot_command_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, _, _ = opened()
    monkeypatch.setattr(FakeLLM, "think_note", "The files\x1b[2J are read again.")
    said = ThinkSwitch(model).take("on")
    assert said == "Thinking: on, think first. The files␛[2J are read again."
    model.close()


def test_the_title_has_a_state_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    llm = FakeLLM()
    assert thinking(llm) == ""
    llm.think = "off"
    assert thinking(llm) == "thinking off"
    llm.think = 2048
    assert thinking(llm) == "thinking ≤ 2,048"
    monkeypatch.setattr(FakeLLM, "can_switch_thinking", True)
    llm.think = "auto"
    assert thinking(llm) == "thinking auto"
    monkeypatch.setattr(FakeLLM, "can_switch_thinking", False)
    assert thinking(llm) == ""
    llm.think = "on"
    assert thinking(llm) == "thinking on: no switch"
