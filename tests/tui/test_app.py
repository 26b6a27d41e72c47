"""The app's stories, with a fake backend."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from docstra_tui.errors import ContextOverflow, EngineDied, EngineError, GenerationFailed, ModelNotFound
from docstra_tui.llm.answer import Usage
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import ModelSettings, RemoteSettings, Settings
from docstra_tui.workspace.models.backend import Status
from tests.tui.fakes import READY, Backends, FakeBackend, screen_text, until


async def is_ready(pilot):
    await until(pilot, lambda: "ready" in last_line(pilot.app) and "pkg/" in screen_text(pilot.app))


def last_line(app):
    return screen_text(app).splitlines()[-1]


async def ask(pilot, text):
    await pilot.press(*text)
    await pilot.press("enter")


async def test_first_frame_shows_the_tree_the_model_and_the_composer(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        shown = screen_text(app)
        assert "docstra-tui ─ " in shown.splitlines()[0]
        assert "Fake-1B · cpu · bf16" in shown.splitlines()[0]
        assert "README.md" in shown
        assert "F1 help" in last_line(app)
        assert "cpu 0.4 / 16 GB" in last_line(app)
        assert app.main.composer.has_focus


async def test_the_keys_stand_in_one_line_of_a_small_terminal(make_app):
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        assert "F2 tick files  Enter ask  Ctrl+P commands  F1 keys" in screen_text(app)


async def test_the_starter_says_that_it_is_small(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        assert "small and often wrong" in screen_text(app)


async def test_ask_shows_question_and_answer_and_figures(make_app, backend):
    backend.llm.enqueue("It ", "returns ", "**one**.", usage=Usage(3412, 181, 0))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "What?")
        await until(pilot, lambda: "3,412 + 181 tokens" in screen_text(app))
        await until(pilot, lambda: "It returns one." in screen_text(app))
        assert "What?" in screen_text(app)
        assert "first token" in screen_text(app)
        assert app.main.composer.text == ""


async def test_ticked_files_reach_the_model_in_tree_order(make_app, backend):
    backend.llm.enqueue("ok")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space")  # README.md
        await pilot.press("up", "enter")  # opens pkg
        await until(pilot, lambda: "client.py" in screen_text(app))
        await pilot.press("down", "space", "escape")
        await until(pilot, lambda: [item.path for item in app.main.session.context] != [])
        await until(pilot, lambda: len(app.main.session.context) == 2)
        assert "Ask about 2 files…" in screen_text(app)
        await ask(pilot, "Why?")
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        prompt = backend.llm.calls[0].question
        assert prompt.index("pkg/client.py") < prompt.index("README.md") < prompt.index("Why?")


async def test_space_on_a_folder_ticks_every_file_below(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space")
        await until(pilot, lambda: app.main.tree_view.ticked == ("pkg/client.py", "pkg/config.py"))
        await until(pilot, lambda: "☑ pkg/" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: app.main.tree_view.ticked == ())


async def test_a_file_changed_after_it_was_ticked_is_sent_as_it_is_now(make_app, backend, root):
    backend.llm.enqueue("ok")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 1)
        (root / "README.md").write_text("# Goodbye\n")
        await ask(pilot, "Why?")
        await until(pilot, lambda: len(backend.llm.calls) == 1)
        assert "Goodbye" in backend.llm.calls[0].question


async def test_a_file_that_cannot_be_read_says_why_beside_it(make_app, root):
    (root / "blob.bin").write_bytes(b"\0\1\2" * 100)
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space")
        await until(pilot, lambda: "binary" in screen_text(app))
        await until(pilot, lambda: "blob.bin is not text" in screen_text(app))
        assert app.main.session.context == ()


async def test_escape_stops_and_keeps_the_part(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("The beginning ", "the end", gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        gate.release()
        await until(pilot, lambda: "The beginning" in screen_text(app))
        assert last_line(app).strip().startswith("answering")
        await pilot.press("escape")
        await until(pilot, lambda: last_line(app).strip().startswith("stopped"))
        assert "The beginning" in screen_text(app)
        assert "the end" not in screen_text(app)
        assert app.main.session.turns[-1].status == "cancelled"


async def test_a_failure_is_a_card_and_the_question_comes_back(make_app, backend):
    backend.llm.enqueue("part ", GenerationFailed("The device has no memory left.", "Take fewer files."))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "no memory left" in screen_text(app))
        assert "Take fewer files." in screen_text(app)
        assert "part" in screen_text(app)
        assert app.main.composer.text == "Why?"


async def test_a_prompt_that_does_not_fit_is_refused_with_the_numbers(make_app, backend):
    backend.llm.enqueue(ContextOverflow(9000, 8192, 512))
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "9,000 tokens" in screen_text(app))
        assert "8,192" in screen_text(app)
        assert app.main.composer.text == "Why?"


async def test_an_answer_at_its_limit_says_so(make_app, backend):
    backend.llm.enqueue("long ", reason="length", usage=Usage(10, 2000, 0))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "reached the limit of 2,000 tokens" in screen_text(app))


async def test_one_question_waits_visibly_and_a_second_stays_in_the_composer(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("one", gate=gate)
    backend.llm.enqueue("two")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "first")
        await until(pilot, lambda: app.main.turns.queue.busy)
        await ask(pilot, "second")
        await until(pilot, lambda: "waits: second" in screen_text(app))
        await ask(pilot, "third")
        await pilot.pause(0.1)
        assert app.main.composer.text == "third"
        gate.release(5)
        await until(pilot, lambda: "two" in screen_text(app))
        assert len(backend.llm.calls) == 2


async def test_loading_shows_progress_while_files_and_composer_work(make_app, backend):
    backend.now = Status("loading", phase="download", done=34_000_000, total=100_000_000, model="starter")
    backend.llm.enqueue("done")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "downloading the model 34% of 100 MB" in last_line(app))
        assert last_line(app).strip().startswith("loading")
        await pilot.press("f2", "down", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "waits until the model is ready: Why?" in screen_text(app))
        backend.now = READY
        await until(pilot, lambda: "done" in screen_text(app))


async def test_document_runs_once_for_each_ticked_file(make_app, backend):
    backend.llm.enqueue("about client")
    backend.llm.enqueue("about config")
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 2)
        await ask(pilot, "/document")
        await until(pilot, lambda: "about config" in screen_text(app))
        assert [turn.task for turn in app.main.session.turns] == ["document_code", "document_code"]
        assert app.main.session.turns[0].question == "Document pkg/client.py"


async def test_explain_without_a_tick_takes_the_file_under_the_cursor(make_app, backend):
    backend.llm.enqueue("a readme")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "escape")
        await ask(pilot, "/explain")
        await until(pilot, lambda: "a readme" in screen_text(app))
        assert "README.md" in backend.llm.calls[0].question


async def test_escape_stops_all_files_of_a_task(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("one", gate=gate)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 2)
        await ask(pilot, "/explain")
        await until(pilot, lambda: "1 waiting" in last_line(app))
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.turns.queue.busy)
        assert not app.main.turns.queue.waiting
        assert len(backend.llm.calls) == 1


async def test_the_palette_runs_a_task_that_asks_for_its_words(make_app, backend):
    backend.llm.enqueue("an example")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Generate examples" in screen_text(app))
        await pilot.press(*"examples")
        await until(pilot, lambda: "Document" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Examples of what?" in screen_text(app))
        await ask(pilot, "a retry")
        await until(pilot, lambda: "an example" in screen_text(app))
        assert "a retry" in backend.llm.calls[0].question


async def test_a_custom_request_fills_one_of_the_users_templates(make_app, backend, own_places):
    folder = own_places / "config" / "templates"
    folder.mkdir(parents=True)
    (folder / "review.txt").write_text("{context}\n\nReview this for {topic}.")
    backend.llm.enqueue("looks fine")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "down", "space", "escape")
        await until(pilot, lambda: len(app.main.session.context) == 1)
        await ask(pilot, "/custom")
        await until(pilot, lambda: "In your own words" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "review: topic" in screen_text(app))
        await ask(pilot, "races")
        await until(pilot, lambda: "looks fine" in screen_text(app))
        assert backend.llm.calls[0].question.endswith("Review this for races.")
        assert "# Hello" in backend.llm.calls[0].question


async def test_a_slash_offers_the_tasks(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("/", "e")
        await until(pilot, lambda: "/explain" in screen_text(app))
        await pilot.press("right")
        assert app.main.composer.text == "/explain"
        assert app.main.composer.cursor_location == (0, 8)


HOSTILE_NAMES = ["a[", "[@click=app.quit]x", "b\x1b]52;c;eA==\x07c", "\udcff.py", "[slug]", "\u202egpj.exe"]


async def test_hostile_names_are_shown_as_they_are(make_app, root):
    for name in HOSTILE_NAMES:
        (root / name).mkdir() if name == "a[" else (root / name).write_text("x")
    (root / "a[" / "foo]b").write_text("x")
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: "[slug]" in screen_text(app))
        await pilot.press("f2", "enter")
        await until(pilot, lambda: "foo]b" in screen_text(app))
        for _ in range(len(app.main.tree_view.model.rows())):
            await pilot.press("space", "down")
        shown = screen_text(app)
        assert "[@click=app.quit]x" in shown
        assert not any(character in shown for character in "\x1b\x07\u202e\udcff")
        await pilot.click("FileTree", offset=(12, 5))
        assert app.is_running


async def test_hostile_answers_are_literal(make_app, backend):
    backend.llm.enqueue(
        "x \x1b]52;c;eA==\x07 y [/foo] [@click=app.quit]z[/] Vec<T> <think>no</think> __init__"
    )
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "a[/foo]b")
        await until(pilot, lambda: "__init__" in screen_text(app))
        shown = screen_text(app)
        assert "␛]52;c;eA==␇" in shown
        assert "a[/foo]b" in shown
        for text in ("[/foo]", "[@click=app.quit]z[/]", "Vec<T>", "<think>no</think>"):
            assert text in shown
        assert "\x1b" not in shown


async def test_nobody_says_that_a_model_answers_which_failed(make_app):
    failed = Status("failed", error=ModelNotFound("It is not here.", "Try another."))
    backend = FakeBackend(failed)
    app = make_app(Settings(model=ModelSettings(name="org/model")), opener=Backends(backend))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "It is not here." in screen_text(app))
        await until(pilot, lambda: "answers." not in screen_text(app))
        backend.now = READY
        app.main.model.watch.look_now()
        await until(pilot, lambda: "org/model answers." in screen_text(app))


async def test_hostile_errors_are_literal(make_app):
    backend = FakeBackend(Status("failed", error=ModelNotFound("No [/model] \x1b[2J here.", "Try [b]x")))
    app = make_app(opener=Backends(backend))
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "No [/model] ␛[2J here." in screen_text(app))
        assert "Try [b]x" in screen_text(app)
        assert "F4 Switch model" in screen_text(app)
        assert last_line(app).strip().startswith("failed")


async def test_why_a_model_reads_everything_anew_stays_on_the_screen(make_app, backend):
    backend.now = replace(READY, notes=("Each question is read \x1b[2J from its [b]beginning.",))
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "▌ Each question is read ␛[2J from its [b]beginning." in screen_text(app))
        backend.now = READY
        await until(pilot, lambda: "Each question" not in screen_text(app))


async def test_a_backend_that_cannot_be_opened_is_said_and_f9_tries_again(make_app, backend):
    opener = Backends(EngineError("No socket can be made.", "Free the disk."), backend)
    app = make_app(opener=opener)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "No socket can be made." in screen_text(app))
        await pilot.press("f9")
        await is_ready(pilot)
        assert "No socket" not in screen_text(app)


async def test_when_the_engine_dies_the_part_is_kept_and_f9_restarts(make_app, backend):
    backend.llm.enqueue("half of ", EngineDied("The engine was killed by signal 9."))
    backend.llm.enqueue("whole")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press(*"Why?")
        backend.now = replace(READY, state="failed", error=EngineDied("The engine was killed by signal 9."))
        await pilot.press("enter")
        await until(pilot, lambda: "The engine stopped." in screen_text(app))
        assert "half of" in screen_text(app)
        await until(pilot, lambda: last_line(app).startswith(" failed · F9 starts the engine again"))
        assert screen_text(app).count("killed by signal 9") == 1
        assert " GB" not in last_line(app)
        assert app.main.composer.text == "Why?"
        await pilot.press("f9")
        await is_ready(pilot)
        assert backend.restarts == 1
        assert "The engine stopped." not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "whole" in screen_text(app))


async def test_f9_asks_before_it_ends_an_engine_that_runs(make_app, backend):
    backend.is_running = True
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f9")
        await until(pilot, lambda: "Restart the engine" in screen_text(app))
        await pilot.press("n")
        await is_ready(pilot)
        assert backend.restarts == 0
        await pilot.press("f9")
        await until(pilot, lambda: "Restart the engine" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: backend.restarts == 1)
        await is_ready(pilot)


async def test_switching_the_model_keeps_the_conversation(make_app, backend, monkeypatch):
    other = FakeBackend()
    other.label = "Other-7B"
    opener = Backends(backend, other)
    backend.llm.enqueue("from the first")
    other.llm.enqueue("from the second")
    app = make_app(opener=opener)
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: "from the first" in screen_text(app))
        app.main.switches.choose_model()
        await until(pilot, lambda: "Switch model" in screen_text(app))
        await pilot.press(*"org/other")
        await pilot.press("enter")
        await until(pilot, lambda: "Other-7B" in screen_text(app))
        await until(pilot, lambda: backend.closed)
        assert opener.asked[-1].model.name == "org/other"
        await ask(pilot, "And?")
        await until(pilot, lambda: "from the second" in screen_text(app))
        assert "from the first" in str([message["content"] for message in other.llm.calls[0].messages])


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


async def test_the_beginning_of_a_long_session_comes_when_one_scrolls_up_to_it(
    make_app, backend, root, monkeypatch
):
    monkeypatch.setattr("docstra_tui.session.chat.HELD", 400)
    monkeypatch.setattr("docstra_tui.session.chat.OLDER", 5)
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
        app.main.switches.new_session()
        await until(pilot, lambda: "It says hello." not in screen_text(app))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "Open session" in screen_text(app))
        assert "Why [/this]?" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "It says hello." in screen_text(app))


async def test_preview_shows_line_numbers_and_space_ticks(make_app):
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        await pilot.press("f2", "enter", "down", "enter")
        await until(pilot, lambda: "1 def get():" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: app.main.tree_view.ticked == ("pkg/client.py",))


async def test_help_lists_the_keys_that_are_really_bound(make_app):
    app = make_app()
    async with app.run_test(size=(100, 60)) as pilot:
        await is_ready(pilot)
        await pilot.press("f1")
        await until(pilot, lambda: "F2, Ctrl+B" in screen_text(app))
        assert "Ctrl+Q, F10" in screen_text(app)
        assert "Ctrl+J" in screen_text(app)


async def test_every_binding_of_ours_has_id_description_and_tooltip(make_app):
    from docstra_tui.tui.app import DocstraApp
    from docstra_tui.tui.main.screen import MainScreen
    from docstra_tui.tui.transcript.view import TranscriptView
    from docstra_tui.tui.widgets.composer import Composer
    from docstra_tui.tui.widgets.file_tree import FileTree

    for owner in (DocstraApp, MainScreen, Composer, FileTree, TranscriptView):
        for binding in owner.__dict__["BINDINGS"]:
            assert binding.id and binding.description and binding.tooltip, binding
            if any(key.startswith("ctrl+") for key in binding.key.split(",")):
                others = [key for key in binding.key.split(",") if not key.startswith("ctrl+")]
                assert others or binding.key in ("ctrl+c", "ctrl+z"), binding


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (80, 24), (120, 40), (300, 100)])
async def test_it_works_at_every_size(make_app, backend, size):
    backend.llm.enqueue("An answer.")
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.main.turns.ready)
        await ask(pilot, "Why?")
        await until(pilot, lambda: not app.main.turns.queue.busy and len(backend.llm.calls) == 1)
        if size >= (40, 10):
            await until(pilot, lambda: "An answer." in screen_text(app))


async def test_under_80_columns_the_tree_is_an_overlay(make_app):
    app = make_app()
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, lambda: app.main.turns.ready)
        assert "README.md" not in screen_text(app)
        await pilot.press("f2")
        await until(pilot, lambda: "README.md" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "README.md" not in screen_text(app))


@pytest.mark.parametrize("size", [(19, 10), (19, 4), (40, 4), (1, 1)])
async def test_a_tiny_terminal_says_so_and_still_quits(make_app, size):
    app = make_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await is_ready(pilot)
        app.main.warn("Something else to know.")
        await until(pilot, lambda: "Something else" in screen_text(app))
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: app.main.has_class("-tiny"))
        if size[0] > 10:
            assert "The terminal is too small. Ctrl+Q quits." in " ".join(screen_text(app).split())
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_ctrl_c_stops_an_answer_and_leaves_only_the_second_time(make_app, backend):
    gate = threading.Semaphore(0)
    backend.llm.enqueue("x", gate=gate)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await is_ready(pilot)
        await ask(pilot, "Why?")
        await until(pilot, lambda: app.main.turns.queue.busy)
        await pilot.press("ctrl+c")
        await until(pilot, lambda: not app.main.turns.queue.busy)
        app.main.composer.load_text("")
        await pilot.press("ctrl+c")
        assert app.is_running
        await pilot.press("ctrl+c")
    assert app.return_code == 0


async def test_another_host_is_shown_and_asked_for_once(make_app):
    backend = FakeBackend(host="gpu7:8000")
    backend.llm.enqueue("one")
    backend.llm.enqueue("two")
    app = make_app(opener=Backends(backend))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "waiting for your yes" in screen_text(app).splitlines()[-1])
        assert "→ gpu7:8000" in screen_text(app).splitlines()[0]
        await ask(pilot, "Why?")
        await until(pilot, lambda: "This leaves the machine" in screen_text(app))
        assert backend.llm.calls == []
        await pilot.press("y")
        await until(pilot, lambda: "one" in screen_text(app))
        await ask(pilot, "And?")
        await until(pilot, lambda: len(backend.llm.calls) == 2)


async def test_another_host_is_asked_for_before_it_even_answered(make_app):
    backend = FakeBackend(Status("loading", phase="connect"), host="gpu7:8000")
    backend.llm.enqueue("one")
    settings = Settings(remote=RemoteSettings(base_url="http://gpu7:8000/v1"))
    app = make_app(settings, opener=Backends(backend))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "pkg/" in screen_text(app))
        await ask(pilot, "Why?")
        await until(pilot, lambda: "This leaves the machine" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: "This leaves the machine" not in screen_text(app))
        assert app.main.composer.text == "Why?"
        assert not app.main.turns.queue.waiting


async def test_an_unknown_theme_falls_back_with_a_notice(make_app):
    app = make_app(Settings(theme="nope"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: "There is no theme" in screen_text(app))
        assert app.theme in app.theme_specs


async def test_what_is_not_saved_is_said_for_as_long_as_it_is_so(make_app, store, monkeypatch):
    problem = ["The disk is full."]
    monkeypatch.setattr(type(store), "problem", property(lambda self: problem[0]))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "NOT SAVED" in screen_text(app))
        problem[0] = None
        await until(pilot, lambda: "NOT SAVED" not in screen_text(app))


async def test_a_named_model_is_named_in_the_welcome(make_app):
    app = make_app(Settings(model=ModelSettings(name="org/model")))
    async with app.run_test(size=(100, 30)) as pilot:
        await is_ready(pilot)
        assert "org/model answers." in screen_text(app)
        assert "often wrong" not in screen_text(app)
