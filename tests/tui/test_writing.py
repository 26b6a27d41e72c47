"""What helps one to write: commands, earlier questions, an editor, what waits, sets of files."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.tui.widgets.command_list import CommandList
from docstra_tui.workspace.files.tick_sets import TickSets
from tests.fakes import FakeLLM
from tests.tui.fakes import READY, screen_text, send_bytes, until
from tests.tui.story import ask, is_ready

LOADING = replace(READY, state="loading", phase="read")

WHOLE = "what was thought before an answer"


def offered(app):
    rows = app.main.query_one(CommandList)
    return [line.strip() for line in rows._paths] if rows.is_open else []


def texts(app):
    return [request.text for request in app.main.turns.queue.waiting]


async def test_a_slash_offers_commands_with_their_help_and_keys_take_them(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await pilot.press("/")
        await until(pilot, lambda: "document files, one answer each" in screen_text(app))
        assert offered(app)[0] == "/document"
        await pilot.press("escape")
        assert offered(app) == [] and app.main.composer.text == "/"
        await pilot.press("t")
        assert offered(app) == [], "it was closed"
        await pilot.press("backspace", "backspace", *"/th")
        await until(pilot, lambda: offered(app) == ["/think", "/thought", "/theme"])
        await pilot.resize_terminal(40, 24)
        await pilot.press("down")
        await until(pilot, lambda: WHOLE in " ".join(screen_text(app).split()))
        await pilot.resize_terminal(100, 30)
        await pilot.press("up", "enter")
        assert app.main.composer.text == "/think" and offered(app) == []
        await pilot.press("space")
        await until(pilot, lambda: offered(app)[:2] == ["/think off", "/think on"])
        await pilot.press("tab")
        assert app.main.composer.text == "/think off" and offered(app) == []
        await pilot.press("enter")
        await until(pilot, lambda: "Thinking: off" in screen_text(app))
        send_bytes(app, b"/ne\r")  # begun only, and no row was chosen
        await until(pilot, lambda: "Did you mean /new?" in screen_text(app))
        send_bytes(app, b"\x15/hel\t\r")
        await until(pilot, lambda: len(app.screen_stack) == 2)


async def test_ctrl_r_finds_a_question_of_another_session_and_the_draft_comes_back(
    make_app, backend, root, store
):
    other = ChatSession(FakeLLM("a", "b"), root / "pkg", store)
    "".join(other.ask("How does the retry work?\nIn detail."))
    "".join(other.ask("Something else?"))
    backend.llm.enqueue("Like this.")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"half a thought")
        send_bytes(app, b"\x12RETRY")  # in one burst: what is typed behind the key is for the list
        await until(pilot, lambda: "How does the retry work?" in screen_text(app))
        await until(pilot, lambda: "Something else?" not in screen_text(app))
        assert "In detail." in screen_text(app) and "· pkg" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.main.composer.text == "How does the retry work?\nIn detail.")
        assert app.main.typed[1].endswith("\n\nhalf a thought"), "the disk has both"
        await pilot.press("enter")
        await until(pilot, lambda: "Like this." in screen_text(app))
        assert app.main.composer.text == "half a thought"
        assert backend.llm.calls[0].question == "How does the retry work?\nIn detail."


async def test_the_editor_writes_over_the_question(make_app, monkeypatch, tmp_path):
    app = make_app()
    terminal = os.open(tmp_path / "terminal", os.O_RDWR | os.O_CREAT)

    @contextlib.contextmanager
    def lend():
        app.save()
        yield terminal

    monkeypatch.setenv("VISUAL", "sh -c 'echo more >>\"$1\"' sh")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        await pilot.press(*"Why?", "ctrl+g")
        await until(pilot, lambda: "cannot be given to another program" in screen_text(app))
        monkeypatch.setattr(app, "lend_terminal", lend)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.main.composer.text == "Why?\nmore")
        await pilot.press("ctrl+z")
        assert app.main.composer.text == "Why?"
        monkeypatch.setenv("VISUAL", "sh -c 'exit 3'")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "ended with 3" in screen_text(app))
        assert app.main.composer.text == "Why?"


async def test_questions_that_wait_are_listed_changed_moved_and_taken_back(make_app, backend):
    backend.now = LOADING
    app = make_app()
    async with app.run_test(size=(140, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.main.turns.queue._session is not None)
        await pilot.press("f11")
        await until(pilot, lambda: "No question waits." in screen_text(app))
        for text in ("First?", "Second?", "Third?"):
            await ask(pilot, text)
            await until(pilot, lambda text=text: text in texts(app))
        await until(pilot, lambda: "and 2 more (Esc gives the last back, F11 lists them)" in screen_text(app))
        await pilot.press(*"begun", "f11")
        await until(pilot, lambda: "1. First?" in screen_text(app) and "3. Third?" in screen_text(app))
        await pilot.press("shift+down")
        assert texts(app) == ["Second?", "First?", "Third?"]
        await pilot.press("down", "delete")
        await until(pilot, lambda: texts(app) == ["Second?", "First?"])
        assert app.main.composer.text == "Third?\n\nbegun"
        await pilot.press("up", "enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert texts(app) == ["First?"] and app.main.composer.text == "Second?\n\nThird?\n\nbegun"
        await pilot.press("enter")
        await until(pilot, lambda: len(texts(app)) == 2)
        assert texts(app)[1] == "First?", "it was asked where it stood"


async def test_a_set_of_files_is_kept_and_ticked_again(make_app, root):
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        send_bytes(app, b"/drop\r")
        await until(pilot, lambda: app.main.composer.text == "")
        await pilot.press("f2", "space", "escape")  # pkg/
        await until(pilot, lambda: len(app.main.tree_view.picks) == 2)
        send_bytes(app, b"/set save the package\r")
        await until(pilot, lambda: "Set the package is 1 folder." in screen_text(app))
        (root / "pkg" / "new.py").write_text("new = 1\n")
        send_bytes(app, b"/drop\r")
        await until(pilot, lambda: app.main.tree_view.picks == ())
        send_bytes(app, b"/set load the")
        await until(pilot, lambda: offered(app) == ["/set load the package"])
        send_bytes(app, b"\t\r")
        await until(pilot, lambda: len(app.main.tree_view.picks) == 3)
        assert [*TickSets(root).all()] == ["the package"]
        send_bytes(app, b"/set load teh package\r")
        await until(pilot, lambda: "Did you mean the package?" in screen_text(app))
        send_bytes(app, b"/set\r")
        await until(pilot, lambda: "Sets of files" in screen_text(app))
        await pilot.press("escape")
        send_bytes(app, b"/set frob x\r")
        await until(pilot, lambda: "/set frob is nothing" in screen_text(app))


async def test_a_long_paste_is_told_once_and_sent_whole(make_app, backend):
    long = "\r".join(f"line {number}" for number in range(400))
    backend.llm.enqueue("Read.")
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await is_ready(pilot)
        send_bytes(app, f"what is \x1b[200~{long}\x1b[201~".encode())
        await until(pilot, lambda: "[▸ 400 lines] is sent whole. Tab behind it shows it." in screen_text(app))
        assert app.main.session.draft.endswith("line 399")
        await pilot.press("enter")
        await until(pilot, lambda: "Read." in screen_text(app))
        assert backend.llm.calls[0].question == "what is " + long.replace("\r", "\n")


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_the_lists_fit_small_terminals(make_app, size):
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.turns.queue.ready)
        await pilot.press("/")
        await until(pilot, lambda: "/document" in screen_text(app))
        assert "❯" in screen_text(app)
        await pilot.press("backspace", "ctrl+r")
        await until(pilot, lambda: "Nothing was asked" in screen_text(app))
