"""Thinking on the whole screen: how far reading and thinking are, and the switch with its key."""

from __future__ import annotations

import threading

import pytest

from docstra_tui.llm.answer import Reading, Thought, Usage
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import AnswerSettings, Settings
from docstra_tui.tui.screens.choice import ChoiceScreen
from tests.fakes import FakeLLM
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready, last_line


def first_line(app):
    return screen_text(app).splitlines()[0]


async def test_reading_and_thinking_are_told_as_they_go_on(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue(
        Reading(3100, 12_400, 8.2), Thought("hm hm"), "It is one.", usage=Usage(12_400, 9, 0, 5), gate=gate
    )
    app = make_app()
    async with app.run_test(size=(110, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        gate.release()
        await until(pilot, lambda: "answering · reading 3.1k/12.4k · 8 s left" in last_line(app))
        await until(pilot, lambda: screen_text(app).count("reading 3.1k/12.4k · 8 s left") == 2)
        gate.release()
        await until(pilot, lambda: "answering · thinking" in last_line(app))
        await until(pilot, lambda: "▸ Thinking…" in screen_text(app))
        assert "reading 3.1k" not in screen_text(app)
        gate.release(2)
        await until(pilot, lambda: "It is one." in screen_text(app))
        await until(pilot, lambda: "· 5 tokens" in screen_text(app))
        assert "hm hm" not in screen_text(app)
        assert app.main.session.turns[-1].thinking == "hm hm"


async def test_stopped_while_it_thinks_the_part_is_kept(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue(Thought("so far"), Thought("never"), gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        gate.release()
        await until(pilot, lambda: "Thinking…" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: last_line(app).strip().startswith("stopped"))
        assert "▸ Thought" in screen_text(app) and "2 words" in screen_text(app)
        assert app.main.session.turns[-1].thinking == "so far"


async def test_a_saved_session_has_its_thinking_folded(make_app, backend, store: SessionStore):
    backend.llm.enqueue(Thought("a hidden thought"), "It is one.", usage=Usage(1, 9, 0, 1234))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "1,234 tokens" in screen_text(app))
    assert store.flush(5)
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "It is one." in screen_text(app))
        assert "▸ Thought for 0.0 s · 1,234 tokens" in screen_text(app)
        assert "hidden" not in screen_text(app)
        await pilot.press("f6", "enter")
        await until(pilot, lambda: "│ a hidden thought" in screen_text(app))


@pytest.mark.parametrize("key", ["f12", "ctrl+t"])
async def test_the_key_goes_round_and_the_state_stands_beside_the_model(make_app, backend, key):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        assert "thinking" not in first_line(app)
        for state, shown in (("off", "thinking off"), ("on", "thinking on"), ("auto", "")):
            await pilot.press(key)
            await until(pilot, lambda shown=shown: ("thinking" in first_line(app)) == bool(shown))
            await until(pilot, lambda shown=shown: shown in first_line(app))
            assert backend.llm.think == app.main.model.think == state
        assert app.main.composer.text == ""


async def test_a_budget_is_one_of_the_stops_once_it_was_wished(make_app, backend):
    app = make_app(Settings(answer=AnswerSettings(think="300")))
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        assert "Fake-1B · thinking ≤ 300 · cpu · bf16" in first_line(app)
        seen = []
        for _ in range(4):
            await pilot.press("f12")
            seen.append(app.main.model.think)
        assert seen == ["auto", "off", "on", 300]


async def test_without_words_the_command_offers_and_takes_a_number(make_app, backend):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "/think")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        assert "auto  as the model does by itself" in screen_text(app)
        await pilot.press(*"77", "enter")
        await until(pilot, lambda: "thinking ≤ 77" in screen_text(app))
        assert backend.llm.think == 77
        await ask(pilot, "/think")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press(*"much", "enter")
        await until(pilot, lambda: any("'much' is none of" in toast.message for toast in app._notifications))
        assert backend.llm.think == 77


async def test_a_model_without_a_switch_says_so_and_what_it_costs(make_app, backend, monkeypatch):
    monkeypatch.setattr(FakeLLM, "can_switch_thinking", False)
    monkeypatch.setattr(FakeLLM, "think_note", "The template\x1b[2J has no switch.")
    app = make_app()
    async with app.run_test(size=(110, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f12")
        await until(pilot, lambda: "thinking off: no switch" in first_line(app))
        await until(
            pilot, lambda: any("The template␛[2J has" in toast.message for toast in app._notifications)
        )


async def test_switched_while_it_counts_what_is_read_ahead_is_read_again(make_app, backend):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        before = app.main.session.ahead_mark
        await pilot.press("f12")
        assert app.main.session.ahead_mark != before


async def test_the_command_goes_to_the_thinking_of_the_last_answer_and_folds_it_again(make_app, backend):
    for _ in range(2):
        backend.llm.enqueue(
            Thought("".join(f"thought {n}\n" for n in range(40))), "line\n\n" * 30 + "the end"
        )
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        for turns in (1, 2):
            await ask(pilot, "Why?")
            await until(
                pilot,
                lambda turns=turns: len(app.main.session.turns) == turns and not app.main.turns.queue.busy,
            )
        await until(pilot, lambda: "the end" in screen_text(app))
        await ask(pilot, "/thought")
        await until(pilot, lambda: "│ thought 0" in screen_text(app))
        assert [turn.is_folded for turn in app.main.conversation.document.turns] == [True, False]
        await ask(pilot, "/thought")
        await until(pilot, lambda: "│ thought 0" not in screen_text(app))
        assert "▸ Thought" in screen_text(app)


async def test_what_may_stand_behind_the_command_is_suggested(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"/think a")
        await until(pilot, lambda: app.main.composer.suggestion == "uto")
        await pilot.press("right", "enter")
        await until(pilot, lambda: app.main.composer.text == "")
        assert app.main.model.think == "auto"
