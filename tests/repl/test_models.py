"""The model of an inline chat: waited for, lost, exchanged, on another machine."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from docstra_tui import templates
from docstra_tui.address import parse
from docstra_tui.errors import EngineDied, ModelNotFound
from docstra_tui.llm.measure import Measure
from docstra_tui.llm.messages import Prompt
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.settings import ModelSettings, Settings
from docstra_tui.workspace.models import monitor
from docstra_tui.workspace.models.backend import Status
from docstra_tui.workspace.models.consent import Consent
from tests.fakes import FakeLLM
from tests.repl.fake_backend import READY, FakeBackend, loading
from tests.repl.story import Typist, chat, saved


def test_why_a_model_reads_everything_anew_is_said_once_and_shown_on_request(project: Path) -> None:
    note = "Each question is read from its beginning: \x1b[2J."
    backend = FakeBackend(FakeLLM("one", "two"), replace(READY, notes=(note,)))
    shown = chat(project, backend, "First?\rSecond?\r")
    assert shown.count("is read from its beginning") == 1
    assert "\x1b[2J" not in shown
    shown = chat(project, backend, "/model\r")
    assert "is read from its beginning" in shown
    assert "● starter" in shown and "/model NAME takes another one" in shown


def test_one_can_type_while_the_model_loads_and_the_question_waits(project: Path) -> None:
    llm = FakeLLM("at last")
    backend = FakeBackend(llm, loading("download", 10, 100))

    def script(typist: Typist) -> None:
        typist.types("Early?")
        typist.sees("downloading the model 10%")
        assert llm.calls == []
        typist.types("\r")
        backend.statuses = [loading("place", 2, 4)]
        typist.sees("placing the model 50%")
        assert llm.calls == []
        backend.statuses = [READY]
        typist.sees("at last")

    chat(project, backend, script)


def test_a_model_that_is_ready_is_looked_at_seldom(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "BUSY_SECONDS", 0.01)
    monkeypatch.setattr(monitor, "IDLE_SECONDS", 60.0)
    backend, looks = FakeBackend(FakeLLM("one")), 0
    status = backend.status

    def counted() -> Status:
        nonlocal looks
        looks += 1
        return status()

    monkeypatch.setattr(backend, "status", counted)

    def script(typist: Typist) -> None:
        typist.types("Why?\r")
        typist.sees("one")
        time.sleep(0.5)
        assert looks < 15

    chat(project, backend, script)


def test_waiting_for_the_model_can_be_given_up(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("Early?\r")
        # The prompt writes its toolbar letter by letter, so this is the line below the sent question.
        typist.waits(lambda: "loading: reading the model 34%" in typist.screen.writes)
        typist.interrupts()
        typist.sees("Not sent")

    chat(project, FakeBackend(llm, loading()), script)
    assert llm.calls == []


def test_a_model_that_failed_is_said_and_can_be_started_again(project: Path) -> None:
    failed = replace(READY, state="failed", error=ModelNotFound("There is no model m.", "Look again."))
    llm = FakeLLM("now it works")
    backend = FakeBackend(llm, failed)
    shown = chat(project, backend, "Hello?\r/restart\rHello again?\r")
    assert "There is no model m." in shown and "Look again." in shown and "/restart" in shown
    assert backend.restarts == 1
    assert [call.question for call in llm.calls] == ["Hello again?"]


def test_why_a_model_did_not_load_is_said_once_to_a_question_that_waits(project: Path) -> None:
    failed = replace(READY, state="failed", error=ModelNotFound("There is no model m.", "Look again."))
    backend = FakeBackend(FakeLLM(), loading())

    def script(typist: Typist) -> None:
        typist.types("Hello?\r")
        typist.waits(lambda: "loading: reading the model 34%" in "".join(typist.screen.writes))
        backend.statuses = [failed]
        typist.sees("/restart tries again")

    assert chat(project, backend, script).count("There is no model m.") == 1


def test_another_model_goes_on_with_the_same_conversation(project: Path) -> None:
    llm = FakeLLM("one", "two")
    backend = FakeBackend(llm)
    chat(project, backend, "First?\r/model org/other\rSecond?\r/model\r")
    first, second = (settings for settings, _ in backend.opened_with)
    assert (first.model.name, second.model.name) == ("", "org/other")
    assert len(llm.calls[1].messages) == 4


def test_another_model_has_neither_the_revision_nor_the_quantisation_of_the_one_before(project: Path) -> None:
    backend = FakeBackend(FakeLLM())
    before = Settings(model=ModelSettings(name="org/one", revision="v1", quant="bnb-4bit"))
    chat(project, backend, "/model org/two\r", settings=before)
    assert [settings.model for settings, _ in backend.opened_with] == [  # type: ignore[attr-defined]
        before.model,
        ModelSettings(name="org/two"),
    ]


def test_a_resumed_turn_of_the_users_own_template_is_told_to_the_model(project: Path) -> None:
    llm = FakeLLM("Fine.")
    llm.add_template("review", "Review this: {words}")
    with saved() as store:
        list(ChatSession(llm, project, store).run(TurnRequest("review", "Review", {"words": "all of it"})))
        store.flush(5)
    templates.folder().mkdir(parents=True)
    (templates.folder() / "review.txt").write_text("Review this: {words}")
    now = FakeLLM("Because.")
    chat(project, FakeBackend(now), "Why?\r", resume="last")
    assert "Review this: all of it" in str(now.calls[0].messages)


def test_what_comes_next_is_read_ahead(project: Path) -> None:
    warmed: list[str] = []

    class Warming(FakeLLM):
        def warm(self, prompt: Prompt, stable: int) -> Measure:
            warmed.append(str(prompt))
            return Measure(1, 1)

    def script(typist: Typist) -> None:
        typist.waits(lambda: len(warmed) == 1)
        typist.types("Why?\r")
        typist.waits(lambda: any("Because." in prompt for prompt in warmed))

    chat(project, FakeBackend(Warming("Because.")), script)


def test_another_machine_is_asked_about_once(project: Path) -> None:
    llm = FakeLLM("one", "two")
    backend = FakeBackend(llm, host="gpu.example")

    def script(typist: Typist) -> None:
        typist.types("First?\r")
        typist.sees("Send them?")
        typist.types("n\r")
        typist.sees("Nothing was sent")
        typist.types(" Second?\r")  # behind the first, which stayed
        typist.waits(lambda: typist.screen.text.count("Send them?") >= 2)
        typist.types("y\r")
        typist.sees("one")
        typist.types("Third?\r")
        typist.sees("two")

    chat(project, backend, script)
    assert [call.question for call in llm.calls] == ["First? Second?", "Third?"]
    assert not Consent().is_given(parse("http://gpu.example/v1")), "it was said for now"


def test_an_engine_that_was_stopped_is_started_by_the_next_question(project: Path) -> None:
    gone = replace(READY, state="failed", error=EngineDied("The engine was stopped."))
    llm = FakeLLM("here again")
    backend = FakeBackend(llm, gone)
    shown = chat(project, backend, "Hello?\r")
    assert "The engine was stopped. It starts again." in shown and "here again" in shown
    assert backend.restarts == 1


def test_another_model_is_named_whole_and_why_it_did_not_load_is_said(project: Path) -> None:
    error = ModelNotFound("There is no model no/such.", "Look again.")
    other = FakeBackend(FakeLLM(), loading("find"), replace(READY, state="failed", error=error))
    first = FakeBackend()

    class Both(FakeBackend):
        def __call__(self, settings: object, *, oneshot: bool = False) -> FakeBackend:
            return other if settings != Settings() else first

    def script(typist: Typist) -> None:
        typist.types("/model no/such\r")
        typist.sees("There is no model no/such.")

    shown = chat(project, Both(), script)
    assert "Loading no/such…" in shown and "from now on" not in shown
