"""Sessions that go on, and what is not saved."""

from __future__ import annotations

import threading

import pytest

from docstra_tui.context.files.reader import read_item
from docstra_tui.context.picks import Pick
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.workspace.sessions.opened import OpenSessions
from tests.fakes import FakeLLM
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready


async def test_resume_brings_back_turns_files_and_draft(make_app, backend, store):
    backend.llm.enqueue("It says hello.")
    first = make_app()
    async with first.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space", "escape")
        await until(pilot, lambda: len(first.main.session.context) == 1)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "It says hello." in screen_text(first))
        await until(pilot, lambda: not first.main.turns.queue.busy)
        await pilot.press(*"half a thought")
        first.save()
    second = make_app(resume="last")
    async with second.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "It says hello." in screen_text(second))
        assert second.main.tree_view.ticked == ("README.md",)
        assert second.main.composer.text == "half a thought"


async def test_what_is_ticked_before_a_session_comes_back_is_ticked_beside_its_files(
    make_app, backend, root, monkeypatch
):
    before = SessionStore()
    said = ChatSession(FakeLLM("It says hello."), root, before)
    said.set_context(
        [read_item(root, "README.md"), read_item(root, "pkg/client.py", start_line=1, end_line=1)]
    )
    list(said.ask("Why?"))
    before.close()
    gate, found = threading.Event(), OpenSessions.find
    monkeypatch.setattr(OpenSessions, "find", lambda *one, **how: gate.wait(10) and found(*one, **how))
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        app.main.tree_view.put_picks([Pick("pkg/config.py"), Pick("pkg/client.py")])
        gate.set()
        await until(pilot, lambda: "It says hello." in screen_text(app))
        assert set(app.main.tree_view.picks) == {
            Pick("README.md"),
            Pick("pkg/config.py"),
            Pick("pkg/client.py"),  # whole, though the session had a line of it
        }
        await until(pilot, lambda: len(app.main.session.context) == 3)


@pytest.mark.parametrize("is_there", [True, False])
async def test_what_is_asked_before_a_session_comes_back_is_asked_in_it(
    make_app, backend, root, monkeypatch, is_there
):
    store = SessionStore()
    said = ChatSession(FakeLLM("said"), root, store)
    said.set_context([read_item(root, "README.md")])
    list(said.ask("Before?"))
    store.close()
    find, gate = OpenSessions.find, threading.Event()

    def held(self, *args, **options):
        assert gate.wait(10)
        return find(self, *args, **options)

    monkeypatch.setattr(OpenSessions, "find", held)
    backend.llm.enqueue("Because.")
    app = make_app(resume="last" if is_there else "nosuch")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await ask(pilot, "Why?")
        await until(pilot, lambda: app.main.turns.queue.waiting and not app.main.turns.queue.is_saving)
        await pilot.pause()
        assert backend.llm.calls == []
        gate.set()
        await until(pilot, lambda: "Because." in screen_text(app))
        asked = [turn.question for turn in app.main.session.turns]
        assert asked == (["Before?", "Why?"] if is_there else ["Why?"])
        assert ("# Hello" in str(backend.llm.calls[0].messages)) == is_there, "with its files"


async def test_the_beginning_of_a_long_session_comes_when_one_scrolls_up_to_it(
    make_app, backend, root, monkeypatch
):
    monkeypatch.setattr("docstra_tui.session.chat.HELD", 400)
    monkeypatch.setattr("docstra_tui.session.record.OLDER", 5)
    before = SessionStore()
    said = ChatSession(backend.llm, root, before)
    for number in range(12):
        backend.llm.enqueue(f"answer {number}" + "\n\nline" * 16)
        list(said.ask(f"question {number}"))
    before.close()
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        view = app.main.conversation
        await is_ready(pilot)
        await until(pilot, lambda: view.has_older)
        held = len(view.document.turns)
        assert held < 12
        await pilot.press("f6")
        while view.has_older:
            known = len(view.document.turns)
            await pilot.press("home")
            await until(pilot, lambda: len(view.document.turns) > known or not view.has_older)  # noqa: B023
        assert len(view.document.turns) == 12
        await pilot.press("home")
        await until(pilot, lambda: "question 0" in screen_text(app))

        backend.llm.enqueue("the last word")
        await pilot.press("f6")
        await ask(pilot, "And?")
        await until(pilot, lambda: "the last word" in screen_text(app))
        assert len(view.document.turns) == held + 1
        notes = view.document.turns[-1].ending.notes
        assert any(note.startswith("not sent: turns 1-") for note in notes)
        assert "not sent:" in screen_text(app)


async def test_ctrl_o_offers_the_sessions_of_this_folder(make_app, backend):
    backend.llm.enqueue("It says hello.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why [/this]?")
        await until(pilot, lambda: "It says hello." in screen_text(app))
        await until(pilot, lambda: not app.main.turns.queue.busy)
        app.main.sessions.begin()
        await until(pilot, lambda: "It says hello." not in screen_text(app))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "Open session" in screen_text(app))
        assert "Why [/this]?" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "It says hello." in screen_text(app))


async def test_what_is_not_saved_is_said_for_as_long_as_it_is_so(make_app, store, monkeypatch):
    problem = ["The disk is full."]
    monkeypatch.setattr(type(store), "problem", property(lambda self: problem[0]))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "NOT SAVED" in screen_text(app))
        problem[0] = None
        await until(pilot, lambda: "NOT SAVED" not in screen_text(app))
