"""`@` in the composer: found by a few letters, chosen by keys, ticked when the question is sent."""

from __future__ import annotations

from docstra_tui.tui.widgets.mention_list import MentionList
from tests.tui.fakes import screen_text, send_bytes, until
from tests.tui.story import ask, is_ready


def offered(app):
    rows = app.main.query_one(MentionList)
    return rows._paths if rows.is_open else ()


async def test_a_file_is_found_completed_and_sent_along(make_app, backend):
    backend.llm.enqueue("Twice.")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"see @cli")
        await until(pilot, lambda: offered(app)[:1] == ("pkg/client.py",))
        await pilot.press("tab")
        await until(pilot, lambda: app.main.composer.text == "see @pkg/client.py ")
        assert offered(app) == ()

        await pilot.press(*"why?", "enter")
        await until(pilot, lambda: "Twice." in screen_text(app))
        assert "def get" in backend.llm.calls[0].question
        assert backend.llm.calls[0].question.endswith("see @pkg/client.py why?")
        assert [pick.label for pick in app.main.tree_view.picks] == ["pkg/client.py"]
        assert [item.label for item in app.main.session.turns[0].files] == ["pkg/client.py"]


async def test_arrows_choose_and_escape_closes_the_list_only(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await pilot.press("@", "p", "k", "g")
        await until(pilot, lambda: "pkg/" in offered(app) and len(offered(app)) == 3)
        _, second = offered(app)[:2]
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.main.composer.text == f"@{second} ")
        await pilot.press("@", "p")
        await until(pilot, lambda: bool(offered(app)))
        await pilot.press("escape")
        await until(pilot, lambda: not offered(app))
        assert app.main.composer.text == f"@{second} @p" and app.main.composer.has_focus
        await pilot.press("k")
        await pilot.pause(0.1)
        assert not offered(app)


async def test_lines_and_folders_are_mentioned_too(make_app, backend):
    backend.llm.enqueue("One.")
    backend.llm.enqueue("All.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"@cli:2-2")
        await until(pilot, lambda: offered(app)[:1] == ("pkg/client.py",))
        await pilot.press("enter")
        await until(pilot, lambda: app.main.composer.text == "@pkg/client.py:2-2 ")
        await pilot.press("enter")
        await until(pilot, lambda: "One." in screen_text(app))
        assert "return 1" in backend.llm.calls[0].question and "def get" not in backend.llm.calls[0].question

        await ask(pilot, "and @pkg/ ?")
        await until(pilot, lambda: "All." in screen_text(app))
        assert "TIMEOUT" in str(backend.llm.calls[1].messages)


async def test_what_does_not_exist_is_said_and_the_question_stays(make_app, backend):
    backend.llm.enqueue("A decorator.")
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await ask(pilot, "what is @property ?")
        await until(pilot, lambda: "Enter again sends it as it is" in screen_text(app))
        assert app.main.composer.text == "what is @property ?"
        assert backend.llm.calls == []
        await pilot.press("enter")
        await until(pilot, lambda: "A decorator." in screen_text(app))


async def test_a_word_that_was_none_is_said_again_when_something_else_was_sent_meanwhile(make_app, backend):
    backend.llm.enqueue("Yes.")
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await ask(pilot, "what is @property ?")
        await until(pilot, lambda: len(app._notifications) == 1)
        await pilot.press("ctrl+a", "ctrl+k", *"hello", "enter")
        await until(pilot, lambda: "Yes." in screen_text(app) and not app.main.turns.queue.busy)
        await ask(pilot, "what is @property ?")
        await until(pilot, lambda: len(app._notifications) == 2)
        assert app.main.composer.text == "what is @property ?" and len(backend.llm.calls) == 1


async def test_what_does_exist_is_sent_along_with_a_word_that_was_none(make_app, backend):
    backend.llm.enqueue("A decorator.")
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await ask(pilot, "what is @property in @pkg/client.py ?")
        await until(pilot, lambda: "Enter again sends it as it is" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "A decorator." in screen_text(app))
        assert "def get" in backend.llm.calls[0].question


async def test_names_with_spaces_are_quoted_and_no_name_is_markup(make_app, root):
    (root / "[red]a b.py").write_text("x = 1\n")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"@[red")
        await until(pilot, lambda: offered(app)[:1] == ("[red]a b.py",))
        await until(pilot, lambda: "[red]a b.py" in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: app.main.composer.text == '@"[red]a b.py" ')


async def test_enter_sends_a_name_that_is_written_in_full_though_the_list_is_open(make_app, backend):
    backend.llm.enqueue("Both.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"see @pkg/client.py")
        await until(pilot, lambda: offered(app) == ("pkg/client.py",))
        await pilot.press("enter")
        await until(pilot, lambda: "Both." in screen_text(app))
        assert backend.llm.calls[0].question.endswith("see @pkg/client.py")


async def test_enter_takes_no_row_that_was_offered_for_something_else(make_app, backend):
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await pilot.press(*"see @cli")
        await until(pilot, lambda: offered(app)[:1] == ("pkg/client.py",))
        send_bytes(app, b"ent.py.bak\r")  # in one: the list is still that of before
        await until(pilot, lambda: "Enter again" in screen_text(app))
        assert app.main.composer.text == "see @client.py.bak"


async def test_tab_completes_when_its_list_comes_and_the_keys_behind_it_wait(make_app, backend):
    backend.llm.enqueue("One.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        send_bytes(app, b"see @cli\t:2-2 why?\r")
        await until(pilot, lambda: "One." in screen_text(app))
        assert backend.llm.calls[0].question.endswith("see @pkg/client.py:2-2 why?")
