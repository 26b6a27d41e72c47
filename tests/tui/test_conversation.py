"""The conversation within the app: its keys, its search, its pace."""

from __future__ import annotations

import threading
import time

import pytest
from textual.events import CursorPosition

from docstra_tui import paths
from docstra_tui.errors import AnswerCutOff, NotAllowed
from docstra_tui.llm.answer import Usage
from docstra_tui.session.turns import SavedTurn
from docstra_tui.tui.driver.link import Link
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready


async def answered(pilot, app, question):
    await ask(pilot, question)
    await until(pilot, lambda: not app.main.turns.queue.busy and question in screen_text(app))


async def test_f6_goes_to_the_conversation_and_escape_comes_back(make_app, backend):
    backend.llm.enqueue("one")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "Why?")
        await pilot.press("f6")
        assert app.main.conversation.has_focus
        await pilot.press("left_square_bracket")
        assert app.main.conversation.has_marks
        await pilot.press("escape")  # forgets the mark, and leads back all the same
        assert app.main.composer.has_focus and not app.main.conversation.has_marks


async def test_an_answer_about_no_files_says_so_and_which_key_picks_some(make_app, backend):
    backend.llm.enqueue("one")
    backend.llm.enqueue("two")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "Why?")
        await until(pilot, lambda: "no files were sent, F2 picks some" in screen_text(app))
        await pilot.press("f2")
        assert not app.main.composer.has_focus
        await pilot.press("escape")
        app.main.composer.text = "And @README.md ?"
        await pilot.press("enter")
        await until(pilot, lambda: "two" in screen_text(app))
        assert screen_text(app).count("no files were sent") == 1


async def test_an_answer_without_text_or_with_half_of_it_is_marked(make_app, backend):
    backend.llm.enqueue(usage=Usage(9, 0))
    backend.llm.enqueue("half", AnswerCutOff("It broke off.", "Ask again."))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "Why?")
        await until(pilot, lambda: "ended its answer without any text" in screen_text(app))
        assert app.main.composer.text == "Why?"
        await pilot.press("enter")
        await until(pilot, lambda: "It broke off." in screen_text(app))
        assert "half" in screen_text(app) and "Ask again." in screen_text(app)


async def test_words_are_searched_from_the_composer_and_back(make_app, backend):
    backend.llm.enqueue("The transport retries. Retries are counted.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "Why?")
        await pilot.press("ctrl+f", *"retries")
        await until(pilot, lambda: "2 of 2" in screen_text(app))
        await pilot.press("up")
        await until(pilot, lambda: "1 of 2" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Search" not in screen_text(app))
        assert app.main.composer.has_focus
        assert app.main.conversation.has_marks  # the words can still be seen, and walked through by F6
        await pilot.press("f6", "n")
        assert app.main.conversation.has_focus and app.main.composer.text == ""
        await pilot.press("f6", "escape")
        assert app.main.composer.has_focus and not app.main.conversation.has_marks


async def test_ctrl_c_copies_what_is_selected_in_the_conversation(make_app, backend):
    backend.llm.enqueue("The first line.")
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "Why?")
        await pilot.press("f6", "left_square_bracket", "v", "v", *["right"] * 4, "ctrl+c")
        kept = paths.state_dir() / "copied.txt"
        await until(pilot, lambda: kept.exists() and kept.read_text() == "Why\n")
        await until(pilot, lambda: "Sent to the terminal" in screen_text(app))
        assert app.clipboard == "Why"


async def test_the_time_until_the_first_piece_is_shown_while_it_is_waited_for(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("one ", "two", gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: " 1 s" in screen_text(app))
        gate.release()
        await until(pilot, lambda: "one" in screen_text(app) and not app.main.board.is_waiting)
        gate.release(5)
        await until(pilot, lambda: not app.main.turns.queue.busy)


async def test_no_timer_of_ours_runs_when_nothing_happens(make_app, backend):
    backend.llm.enqueue("one")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "Why?")
        assert not app.main.board.is_waiting
        assert app.main.conversation._frame_timer is None
        assert app.main.conversation._work_timer is None


async def test_a_session_of_ten_thousand_turns_opens_at_its_end(make_app, store, root):
    session = store.create(str(root), "fake")
    turn = SavedTurn("Question 0?", fields={"question": "q"})
    store.begin_turn(session, turn)
    turn.answer, turn.status = "Answer 0.", "done"
    store.end_turn(turn.id, turn)
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "Answer 0." in screen_text(app))
        loaded = app.main.session
        loaded.turns.extend(
            SavedTurn(f"Question {n}?", answer=f"Answer **{n}**.\n\n```py\nx = {n}\n```", status="done")
            for n in range(1, 10_000)
        )
        began = time.process_time()
        app.main.turns.use(loaded)
        assert time.process_time() - began < 1.5  # 1 s alone on a machine
        await until(pilot, lambda: "Answer 9999." in screen_text(app))
        await pilot.press("f6", "home")
        await until(pilot, lambda: "Answer 0." in screen_text(app))


@pytest.mark.parametrize(
    ("seconds", "interval"), [(0.001, 0.1), (0.05, 0.1), (0.08, 0.16), (0.2, 0.25), (3.0, 0.25)]
)
def test_a_far_terminal_gets_fewer_frames(seconds, interval):
    link = Link()
    link._asked = 100.0
    link.answered(100.0 + seconds)
    assert link.frame_interval == pytest.approx(interval)


def test_an_answer_to_no_question_changes_nothing():
    link = Link()
    link.answered(5.0)
    assert link.seconds is None
    assert link.frame_interval == 0.1


async def test_the_terminals_answer_sets_the_pace_of_the_conversation(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        answer = CursorPosition(4, 2)
        app.link._asked = answer.time - 0.2
        app.post_message(answer)
        await until(pilot, lambda: app.main.conversation.frame_interval == 0.25)
        assert app.main.composer.text == ""


async def test_the_terminal_is_asked_how_far_it_is_with_every_question(make_app, backend, monkeypatch):
    asked = []
    monkeypatch.setattr(Link, "ask", lambda self, app: asked.append(app))
    monkeypatch.setattr("docstra_tui.tui.app.LINK_SECONDS", 1000.0)  # once at the start, too
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        for number in range(2):
            before = len(asked)
            backend.llm.enqueue("So.")
            await answered(pilot, app, f"Why {number}?")
            assert len(asked) == before + 1


async def test_an_answer_that_was_cut_goes_on_where_it_stands(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("It waits two", reason="length", usage=Usage(9, 3))
    backend.llm.enqueue(" seconds", ".", usage=Usage(12, 2), gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "How long?")
        await until(pilot, lambda: "reached the limit" in screen_text(app))
        assert "/continue goes on" in screen_text(app)
        await ask(pilot, "/continue")
        gate.release()
        await until(pilot, lambda: "It waits two seconds" in screen_text(app))
        shown = screen_text(app)
        assert shown.count("How long?") == 1 and "/continue" not in shown and "limit" not in shown
        gate.release()
        gate.release()
        await until(pilot, lambda: "9 + 5 tokens" in screen_text(app))
        assert app.main.composer.text == "" and len(app.main.session.turns) == 1


async def test_an_answer_that_cannot_go_on_says_why(make_app, backend, monkeypatch):
    backend.llm.enqueue("It waits two", reason="length")
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "How long?")
        await until(pilot, lambda: "/continue goes on" in screen_text(app))

        def refuse(written):
            raise NotAllowed("This server cannot go on.", "Ask again instead.")

        monkeypatch.setattr(backend.llm, "look_at", refuse)
        await ask(pilot, "/continue")
        await until(pilot, lambda: "This server cannot go on." in screen_text(app))
        assert "It waits two" in screen_text(app) and app.main.composer.text == ""
        await ask(pilot, "/each Why?")
        await until(pilot, lambda: "no files that could be asked" in screen_text(app))


async def test_only_the_last_answer_says_that_it_goes_on(make_app, backend):
    backend.llm.enqueue("It waits two", reason="length")
    backend.llm.enqueue("Half", AnswerCutOff("It broke off."))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await answered(pilot, app, "How long?")
        await until(pilot, lambda: screen_text(app).count("/continue goes on") == 1)
        await answered(pilot, app, "And then?")
        await until(pilot, lambda: "It broke off." in screen_text(app))
        assert screen_text(app).count("/continue goes on") == 1
        app.main.conversation.load([])
        app.main.turns.use(app.main.session)
        await until(pilot, lambda: "It broke off." in screen_text(app))
        assert screen_text(app).count("/continue goes on") == 1
