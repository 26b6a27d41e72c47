"""Commands on the screen: what is typed and what the palette asks for reaches the files that it names."""

from __future__ import annotations

import threading

import pytest

from docstra_tui.context.picks import Pick
from docstra_tui.tui.screens.choice import ChoiceScreen
from docstra_tui.tui.screens.confirm import ConfirmScreen
from docstra_tui.tui.screens.help import HelpScreen
from docstra_tui.tui.screens.text_prompt import TextPrompt
from docstra_tui.tui.widgets.composer import Composer
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.commands import TASKS, commands_of
from tests.fakes import FakeLLM
from tests.tui.fakes import Backends, FakeBackend, screen_text, until
from tests.tui.story import is_ready

SIZE = (100, 30)


@pytest.fixture
def backend() -> FakeBackend:
    backend = FakeBackend()
    for _ in range(5):
        backend.llm.enqueue("Fine.")
    return backend


async def send(pilot, text):
    """As if it had been typed; a key at a time takes longer than all that is tested here."""
    await until(pilot, lambda: bool(pilot.app.screen.query(Composer)))
    composer = pilot.app.screen.query_one(Composer)
    composer.load_text(text)
    composer.move_cursor(composer.document.end)
    await pilot.press("enter")


async def tick(pilot, *paths):
    app = pilot.app
    app.main.tree_view.put_picks(Pick(path) for path in paths)
    await until(pilot, lambda: len(app.main.session.context) == len(paths))


async def asked(pilot, backend, count):
    await until(pilot, lambda: len(backend.llm.calls) == count and not pilot.app.main.turns.queue.busy)


async def test_the_file_that_is_named_is_explained_and_not_the_one_that_is_ticked(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "pkg/config.py")
        await send(pilot, "/explain pkg/client.py")
        await asked(pilot, backend, 1)
        assert 'about the file "pkg/client.py", given above' in backend.llm.calls[0].question
        assert [turn.question for turn in app.main.session.turns] == ["Explain pkg/client.py"]
        assert [pick.label for pick in app.main.tree_view.picks] == ["pkg/client.py", "pkg/config.py"]
        assert app.main.composer.text == ""


async def test_lines_of_a_ticked_file_are_explained_and_a_folder_is_a_turn_a_file(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await tick(pilot, "pkg/client.py")
        await send(pilot, "/explain pkg/client.py:2")
        await asked(pilot, backend, 1)
        sent = backend.llm.calls[0].question
        assert 'about the file "pkg/client.py:2-2"' in sent
        assert 'File "pkg/client.py", lines 2-2:\n```python\n    return 1\n```' in sent
        await send(pilot, "/document pkg/")
        await asked(pilot, backend, 3)
        assert [turn.question for turn in app.main.session.turns[1:]] == [
            "Document pkg/client.py",
            "Document pkg/config.py",
        ]


async def test_lines_that_are_ticked_in_parts_are_explained_as_they_are_named(make_app, backend, root):
    (root / "long.py").write_text("".join(f"x{number} = {number}\n" for number in range(1, 21)))
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        app.main.tree_view.put_picks([Pick("long.py", 5, 10)])
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await send(pilot, "/explain long.py:8-12")
        await asked(pilot, backend, 1)
        sent = backend.llm.calls[0].question
        assert 'about the file "long.py:8-12"' in sent
        assert 'File "long.py", lines 8-12:\n```python\nx8 = 8\n' in sent
        await send(pilot, "/explain long.py")
        await asked(pilot, backend, 2)
        assert 'File "long.py":\n```python\nx1 = 1\n' in backend.llm.calls[1].question


async def test_a_task_about_a_file_that_is_not_there_stays_to_be_mended(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await is_ready(pilot)
        await tick(pilot, "pkg/config.py")
        for typed in ("/explain pkg/clent.py", "/document pkg/client.py shortly"):
            for _ in range(2):  # once more changes nothing
                await send(pilot, typed)
                await until(pilot, lambda: "There is no file" in screen_text(app))
                assert "For a question: /ask" in " ".join(screen_text(app).split())
                app.clear_notifications()
                await until(pilot, lambda: "There is no file" not in screen_text(app))
            assert app.main.composer.written == typed
        assert backend.llm.calls == []


@pytest.mark.parametrize("words", ["what is @{name}.py:1 for?", "@{name}.py:1"])
async def test_the_words_of_a_command_name_files(make_app, backend, root, words):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        for count, command in enumerate(("ask", "examples", "custom"), 1):
            (root / f"{command}.py").write_text(f"{command} = 1\nno = 2\n")
            said = words.format(name=command)
            await send(pilot, f"/{command} {said}")
            await asked(pilot, backend, count)
            sent = backend.llm.calls[-1].question
            assert f'File "{command}.py", lines 1-1:\n```python\n{command} = 1\n```' in sent
            assert said in sent
            assert app.main.composer.text == ""


async def test_the_words_that_the_palette_asks_for_name_files(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        prompts = (("Ask", "Your question", "client"), ("Generate ex", "Examples of what?", "config"))
        for count, (title, wanted, name) in enumerate(prompts, 1):
            await pilot.press("ctrl+p")
            await pilot.press(*title)
            await until(pilot, lambda title=title: title in screen_text(app))
            await until(pilot, lambda: "Document" not in screen_text(app))
            await pilot.press("enter")
            await until(pilot, lambda wanted=wanted: wanted in screen_text(app))
            await send(pilot, f"what is in @pkg/{name}.py")
            await asked(pilot, backend, count)
            assert f'File "pkg/{name}.py"' in backend.llm.calls[-1].question


async def test_a_word_of_the_palette_that_names_no_file_is_asked_about(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        ask_command = next(row for row in commands_of("screen") if row.name == "ask")
        for key in ("n", "y"):
            app.main.commands.choose(ask_command)
            await until(pilot, lambda: isinstance(app.screen, TextPrompt))
            await send(pilot, "what is @property ?")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            assert "There is no file property" in screen_text(app) and backend.llm.calls == []
            await pilot.press(key)
            if key == "n":
                await until(pilot, lambda: app.main.composer.text == "/ask what is @property ?")
        await asked(pilot, backend, 1)
        assert backend.llm.calls[0].question == "what is @property ?"


async def test_a_value_of_a_template_names_files(make_app, backend, own_places):
    folder = own_places / "config" / "templates"
    folder.mkdir(parents=True)
    (folder / "review.txt").write_text("{context}\n\nReview this for {topic}.")
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await send(pilot, "/custom")
        await until(pilot, lambda: "In your own words" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "review: topic" in screen_text(app))
        await send(pilot, "races with @pkg/config.py")
        await asked(pilot, backend, 1)
        assert "TIMEOUT" in backend.llm.calls[0].question


async def test_lines_typed_behind_a_completed_name_are_its_lines(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await pilot.press(*"see @cli")
        await until(pilot, lambda: "pkg/client.py" in screen_text(app))
        await pilot.press("tab")
        await until(pilot, lambda: app.main.composer.text == "see @pkg/client.py ")
        await pilot.press(*":2-2 ok?")
        assert app.main.composer.text == "see @pkg/client.py:2-2 ok?"
        await pilot.press("enter")
        await asked(pilot, backend, 1)
        assert "lines 2-2:\n```python\n    return 1\n```" in backend.llm.calls[0].question
        assert "def get" not in backend.llm.calls[0].question


async def test_what_is_refused_is_said_and_stays(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await is_ready(pilot)
        for typed, said in (
            ("/expl", "Did you mean /explain?"),
            ("/help me with this", "Nothing stands behind /help"),
            ("/drop pkg/client.py", "is not ticked"),
            ("/theme papre", "There is no theme 'papre'"),
            ('/explain "pkg', "names no file"),
        ):
            await send(pilot, typed)
            await until(pilot, lambda said=said: said in " ".join(screen_text(app).split()))
            assert f"❯ {typed}" in screen_text(app)  # the toast stands above it
            assert app.main.composer.written == typed
        assert backend.llm.calls == [] and not app.main.session.turns


async def test_a_space_or_a_second_slash_makes_it_a_question(make_app, backend):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        for count, (typed, sent) in enumerate(
            [(" /expl is what?", "/expl is what?"), ("/etc/passwd is what?", "/etc/passwd is what?")], 1
        ):
            await send(pilot, typed)
            await asked(pilot, backend, count)
            assert backend.llm.calls[-1].question == sent


async def test_commands_do_what_they_say_and_are_not_sent(make_app, backend):
    other = FakeBackend()
    opener = Backends(backend, other)
    app = make_app(opener=opener)
    async with app.run_test(size=(100, 60)) as pilot:
        await is_ready(pilot)
        await send(pilot, "/help")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        shown = screen_text(app)
        await pilot.press("pagedown")
        shown += screen_text(app)
        assert not [row.usage for row in commands_of("screen") if row.usage not in shown]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await send(pilot, "/model")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await send(pilot, "/model org/other")
        await until(pilot, lambda: [each.model.name for each in opener.asked] == ["", "org/other"])
        await send(pilot, "/files")
        await until(pilot, lambda: app.main.tree_view.has_focus)
        await pilot.press("escape")
        await tick(pilot, "pkg/client.py", "pkg/config.py", "README.md")
        await send(pilot, "/drop pkg/")
        await until(pilot, lambda: [pick.path for pick in app.main.tree_view.picks] == ["README.md"])
        await send(pilot, "/drop")
        await until(pilot, lambda: app.main.tree_view.picks == ())
        assert app.main.composer.text == "" and backend.llm.calls == other.llm.calls == []
        await send(pilot, "/quit")
        await until(pilot, lambda: app.return_code == 0)


async def test_every_command_of_the_screen_has_its_handler(make_app):
    app = make_app()
    async with app.run_test(size=SIZE):
        handlers = app.main.commands.handlers
        assert {command.name for command in commands_of("screen")} == TASKS | handlers.keys()


async def test_a_no_to_another_machine_leaves_every_word_in_the_composer(make_app):
    backend = FakeBackend(host="gpu.example")
    app = make_app(opener=Backends(backend))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "waiting for your yes" in screen_text(app))
        for typed in ("/custom count the words of @README.md now", "what is it?"):
            await send(pilot, typed)
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            await pilot.press("n")
            await until(pilot, lambda: app.screen is app.main)
            assert app.main.composer.written == typed and backend.llm.calls == []


async def test_a_no_gives_the_words_of_the_palette_back_beside_what_was_begun(make_app):
    backend = FakeBackend(host="gpu.example")
    app = make_app(opener=Backends(backend))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "waiting for your yes" in screen_text(app))
        await pilot.press(*"a draft")
        custom = next(row for row in commands_of("screen") if row.name == "custom")
        app.main.commands.choose(custom)
        await until(pilot, lambda: isinstance(app.screen, TextPrompt))
        await send(pilot, "count the words")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: app.main.composer.text == "/custom count the words\n\na draft")
        assert backend.llm.calls == []


async def test_words_that_cannot_be_sent_yet_stay_where_they_are(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm = FakeLLM()
    backend.llm.enqueue("one", gate=gate)
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        await send(pilot, "first?")
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        await send(pilot, "/custom second")
        await until(pilot, lambda: app.main.composer.text == "")
        await send(pilot, "/custom third")
        await until(pilot, lambda: app.main.composer.text == "")
        for typed in ("/model org/other", "/new", "/resume last"):
            await send(pilot, typed)
            await until(pilot, lambda typed=typed: app.main.composer.text == typed)
            await pilot.pause(0.1)
            assert app.main.composer.text == typed
        waiting = [request.written for request in app.main.turns.queue.waiting]
        assert waiting == ["/custom second", "/custom third"]
        gate.release(10)


# The theme


async def test_a_theme_is_worn_while_the_cursor_is_on_it_and_kept_when_it_is_taken(make_app, root):
    app = make_app()
    async with app.run_test(size=SIZE) as pilot:
        await is_ready(pilot)
        assert app.theme == "lamp"
        await send(pilot, "/theme")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.pause()
        assert app.theme == "lamp"
        await pilot.press("down")
        await until(pilot, lambda: app.theme == "paper")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "lamp")
        assert theme_choice.theme_for(root) == "lamp"

        await send(pilot, "/theme")
        await until(pilot, lambda: isinstance(app.screen, ChoiceScreen))
        await pilot.press(*"pap")
        await until(pilot, lambda: app.theme == "paper")
        await pilot.press(*"x")
        await until(pilot, lambda: app.theme == "lamp")  # nothing is left to choose
        await pilot.press("backspace", "enter")
        await until(pilot, lambda: app.screen is app.main and theme_choice.theme_for(root) == "paper")
        assert app.theme == "paper"
