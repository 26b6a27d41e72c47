"""Other answers and other questions in the place of a turn, on the screen."""

from __future__ import annotations

from docstra_tui import key_hints
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.tui.transcript.layout.ending import beside_line
from docstra_tui.tui.transcript.messages import BranchWanted
from tests.fakes import FakeLLM
from tests.tui.fakes import screen_text, until
from tests.tui.story import ask, is_ready


def said(root, *questions):
    store = SessionStore()
    session = ChatSession(FakeLLM(*(f"Answer to {question}" for question in questions)), root, store)
    for question in questions:
        list(session.ask(question))
    store.close()


def questions(app):
    return [turn.question for turn in app.main.conversation.document.turns]


async def test_a_key_edits_a_question_and_walks_between_both(make_app, backend, root):
    said(root, "one", "two", "three")
    backend.llm.enqueue("Zwei.")
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        main, view = app.main, app.main.conversation
        await is_ready(pilot)
        await until(pilot, lambda: questions(app) == ["one", "two", "three"])
        second = view.document.turns[1].turn_id

        view.post_message(BranchWanted("edit", second))
        await until(pilot, lambda: "question 2 is written anew" in screen_text(app))
        assert main.composer.text == "two" and main.composer.has_focus
        await pilot.press("escape")
        await until(pilot, lambda: "written anew" not in screen_text(app))
        assert main.composer.text == "" and main.turns.queue.editing is None

        view.post_message(BranchWanted("edit", second))
        await until(pilot, lambda: main.composer.text == "two")
        await ask(pilot, "!")
        await until(pilot, lambda: "Zwei." in screen_text(app) and not main.turns.queue.busy)
        assert questions(app) == ["one", "two!"] and "written anew" not in screen_text(app)

        other = view.document.turns[1].turn_id
        assert other == main.session.turns[1].id != second
        view.post_message(BranchWanted("walk", other, -1))
        await until(pilot, lambda: questions(app) == ["one", "two", "three"])
        assert view.current_turn == 1 and view.marks.block is not None

        view.post_message(BranchWanted("delete", second))
        await until(pilot, lambda: questions(app) == ["one", "three"])
        view.post_message(BranchWanted("undo", 0))
        await until(pilot, lambda: questions(app) == ["one", "two", "three"])
        await until(pilot, lambda: "Question 2 is there again." in screen_text(app))


async def test_words_that_wait_are_not_lost_to_an_edit_and_what_is_refused_can_be_written_on(
    make_app, backend, root
):
    said(root, "one", "two")
    backend.llm.window_was, backend.llm._window = backend.llm._window, 30
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        main = app.main
        await is_ready(pilot)
        await until(pilot, lambda: len(questions(app)) == 2)
        await pilot.press(*"half a thought")
        main.conversation.post_message(BranchWanted("edit", main.session.turns[0].id))
        await until(pilot, lambda: "Something is written already." in screen_text(app))
        assert main.composer.text == "half a thought" and main.turns.queue.editing is None

        main.composer.write("/edit 1 " + "word " * 40)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not main)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is main and not main.turns.queue.busy)
        assert questions(app) == ["one", "two"] and main.composer.text.startswith("/edit 1 word word")
        backend.llm._window = backend.llm.window_was
        backend.llm.enqueue("Eins.")
        await pilot.press("enter")
        await until(pilot, lambda: "Eins." in screen_text(app))
        assert len(questions(app)) == 1


async def test_a_second_program_is_told(make_app, backend, root):
    elsewhere = SessionStore()
    session = ChatSession(FakeLLM("Here."), root, elsewhere)
    list(session.ask("one"))
    assert elsewhere.flush()
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "Another program has this session open" in screen_text(app))
    elsewhere.close()


def test_the_mark_of_a_fork_names_the_keys_in_force():
    key_hints.use({"transcript.fork-before": "f13", "transcript.fork-next": "f14"})
    try:
        assert beside_line(1, 2).text == "▌ 1/2 · F13 F14 or /other shows the others"
    finally:
        key_hints.use({})


async def test_keys_walk_what_stands_in_one_place_and_say_which_it_is(make_app, backend, root):
    said(root, "one", "two", "three")
    backend.llm.enqueue("Zwei.")
    backend.llm.enqueue("Deux", reason="length")
    backend.llm.enqueue("!")
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        main, view = app.main, app.main.conversation
        await is_ready(pilot)
        await until(pilot, lambda: questions(app) == ["one", "two", "three"])
        assert "shows the others" not in screen_text(app)

        await pilot.press("f6", "greater_than_sign")
        await until(pilot, lambda: "Nothing stands beside question" in screen_text(app))
        await pilot.press("home", "right_square_bracket", "a")  # the second, once more
        await until(pilot, lambda: "Zwei." in screen_text(app) and not main.turns.queue.busy)
        await until(pilot, lambda: "2/2 · < > or /other shows the others" in screen_text(app))
        assert questions(app) == ["one", "two"]

        await pilot.press("less_than_sign")  # nothing is marked, but one can be walked from
        await until(pilot, lambda: questions(app) == ["one", "two", "three"])
        assert "1/2 · < > or" in screen_text(app) and "Answer to two" in screen_text(app)
        assert view.current_turn == 1 and view.has_focus
        await pilot.press("less_than_sign")  # there is none
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: questions(app) == ["one", "two"] and "Zwei." in screen_text(app))

        await pilot.press("e")
        await until(pilot, lambda: main.composer.has_focus and main.composer.text == "two")
        await ask(pilot, " in French")
        await until(pilot, lambda: "3/3 ·" in screen_text(app) and "/continue goes on" in screen_text(app))
        await pilot.press("f6", "right_square_bracket", "c")
        await until(pilot, lambda: "Deux!" in screen_text(app) and not main.turns.queue.busy)
        assert "3/3 ·" in screen_text(app) and main.session.turns[-1].answer == "Deux!"

        await pilot.press("right_square_bracket", "delete")
        await until(pilot, lambda: "is deleted with its answer" in screen_text(app))
        assert "French" not in " ".join(questions(app))
        await until(pilot, lambda: "/2 ·" in screen_text(app))
        await pilot.press("right_square_bracket", "u")
        await until(pilot, lambda: "3/3 ·" in screen_text(app))


async def test_delete_does_nothing_where_nothing_is_marked_and_letters_are_written(make_app, backend, root):
    said(root, "one")
    app = make_app(resume="last")
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await until(pilot, lambda: questions(app) == ["one"])
        await pilot.press("f6", "delete", "d")
        assert questions(app) == ["one"]
        assert app.main.composer.text == "d" and app.main.composer.has_focus
