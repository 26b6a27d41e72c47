"""The full screen before another machine: nothing goes there before the yes, everything after it."""

from __future__ import annotations

import threading

import pytest

from docstra_tui.address import parse
from docstra_tui.context.picks import Pick
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.session.chat import ChatSession
from docstra_tui.settings import RemoteSettings, Settings
from docstra_tui.tui.screens.confirm import ConfirmScreen
from docstra_tui.tui.screens.secrets import SecretsScreen
from docstra_tui.tui.widgets.status_bar import StatusBar
from docstra_tui.workspace.files import saved_ticks as ticks
from docstra_tui.workspace.files.saved_ticks import SavedTicks
from docstra_tui.workspace.models.consent import Consent
from docstra_tui.workspace.models.opening import open_backend
from tests.elsewhere import elsewhere
from tests.fakes import FakeLLM
from tests.tui.fakes import FakeBackend, screen_text, until
from tests.tui.story import ask, last_line
from tests.tui.test_files import tick, ticked

SIZE = (120, 40)
TOKEN = "gh" + "p_x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6TeUoQ1i"


@pytest.fixture
def server():
    with elsewhere() as server:
        yield server


@pytest.fixture
def settings(server):
    return Settings(remote=RemoteSettings(base_url=server.url))


@pytest.fixture
def measured(monkeypatch):
    """How often somebody wanted to have something counted."""
    calls = []
    real = RemoteLLM.measure

    def measure(self, prompt):
        calls.append(prompt)
        return real(self, prompt)

    monkeypatch.setattr(RemoteLLM, "measure", measure)
    return calls


def is_asked(app):
    return isinstance(app.screen, ConfirmScreen) and "will be sent to" in screen_text(app)


def sent(server, text):
    return [request for request in server.requests if text.encode() in request]


def said(app):
    """Every toast so far that still stands."""
    return " ".join(toast.message for toast in app._notifications)


async def waits(pilot, measured):
    """Everything that counts has tried to, and nothing can be counted."""
    app = pilot.app
    await until(pilot, lambda: "waiting for your yes" in last_line(app))
    before = len(measured)
    app.main.selection.recount()
    app.main.files.look()
    await until(pilot, lambda: len(measured) > before)
    picks = app.main.selection
    for jobs in (
        *(app.main._chat_jobs, app.main._file_jobs),
        *(picks._reading, picks._counting, picks._weighing),
    ):
        done = []
        jobs.do(lambda: None, done.append, done.append, key="the end")
        await until(pilot, lambda done=done: done != [])


async def yes(pilot):
    await until(pilot, lambda: is_asked(pilot.app))
    await pilot.press("y")


@pytest.mark.parametrize("resume", [None, "last"])
async def test_no_connection_is_made_before_the_yes_and_all_begins_after_it(
    make_app, settings, server, measured, root, store, resume
):
    ticks.save(root, SavedTicks(picks=(Pick("README.md"),)))
    with_turn = ChatSession(FakeLLM("An older answer."), root, store)
    with_turn.set_context([])
    "".join(with_turn.ask("An older question?"))
    store.flush(5)
    app = make_app(settings, opener=open_backend, resume=resume)
    async with app.run_test(size=SIZE) as pilot:
        # What a session had ticked is ticked when it has come: a tick before that is gone.
        await until(pilot, lambda: resume is None or "An older answer." in screen_text(app))
        await tick(pilot, "pkg/client.py")
        await pilot.press(*"draft")
        await waits(pilot, measured)
        assert f"→ {server.shown}" in screen_text(app).splitlines()[0]
        assert "F9 asks" in last_line(app)

        await pilot.press("enter")
        await until(pilot, lambda: is_asked(app))
        await pilot.press("enter")  # pressed twice, it is no yes
        await pilot.press("n")
        await until(pilot, lambda: not is_asked(app))
        assert app.main.composer.text == "draft"
        await waits(pilot, measured)
        assert server.connections == 0

        await pilot.press("f9")
        await yes(pilot)
        await until(pilot, lambda: "ready · 42 / 4k" in last_line(app))
        await until(pilot, lambda: sent(server, "return 1"))
        assert app.main.composer.text == "draft"
        await pilot.press("enter")
        await until(pilot, lambda: "An answer." in screen_text(app))


async def test_a_question_before_the_yes_is_sent_by_it(make_app, settings, server):
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await ask(pilot, "Why?")
        await until(pilot, lambda: is_asked(app))
        assert server.connections == 0
        await pilot.press("y")
        await until(pilot, lambda: "An answer." in screen_text(app))


async def test_a_yes_is_remembered_where_somebody_says_always(make_app, settings, server):
    for _ in range(2):
        app = make_app(settings, opener=open_backend)
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda app=app: "pkg/" in screen_text(app))
            if not server.connections:
                await until(pilot, lambda app=app: "waiting for your yes" in last_line(app))
                await pilot.press("f9")
                await until(pilot, lambda app=app: is_asked(app))
                await pilot.press("a")
            await until(pilot, lambda app=app: last_line(app).strip().startswith("ready"))


async def test_another_model_instead_of_a_yes_leaves_the_host_alone(make_app, settings, server, measured):
    here = FakeBackend()
    here.llm.enqueue("From here.")

    def opener(wanted):
        return open_backend(wanted) if wanted.remote.base_url else here

    app = make_app(settings, opener=opener)
    async with app.run_test(size=SIZE) as pilot:
        await tick(pilot, "README.md")
        await waits(pilot, measured)
        app.main.models.take("somebody/model", is_here=True)
        await until(pilot, lambda: last_line(app).strip().startswith("ready"))
        assert "→" not in screen_text(app).splitlines()[0]
        await ask(pilot, "Why?")
        await until(pilot, lambda: "From here." in screen_text(app))
        assert server.connections == 0


# What may be secret


async def test_a_file_with_a_secret_name_is_not_even_counted_before_the_yes(
    make_app, settings, server, measured, root
):
    (root / "prod.env").write_text("HOST=here\n")
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "waiting for your yes" in last_line(app))
        await pilot.press("f9")
        await yes(pilot)
        await until(pilot, lambda: last_line(app).strip().startswith("ready"))
        app.main.tree_view.put_picks([Pick("prod.env")])
        await until(pilot, lambda: is_asked(app) and "prod.env" in screen_text(app))
        await until(pilot, lambda: [item.path for item in app.main.session.context] == ["prod.env"])
        before = len(measured)
        app.main.selection.recount()
        await until(pilot, lambda: len(measured) > before)
        assert not sent(server, "HOST=here")
        await pilot.press("y")
        await until(pilot, lambda: bool(sent(server, "HOST=here")))
        await ask(pilot, "Why?")
        await until(pilot, lambda: "An answer." in screen_text(app))  # not asked again


@pytest.mark.parametrize("key", ["l", "s", "escape"])
async def test_a_key_in_a_file_stops_the_question_until_somebody_decides(
    make_app, settings, server, root, key
):
    (root / "key.py").write_text(f"a = 1\n\ntoken = '{TOKEN}'\n")
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "waiting for your yes" in last_line(app))
        await pilot.press("f9")
        await yes(pilot)
        await tick(pilot, "README.md", "key.py")
        await until(pilot, lambda: "not counted, it may be secret · a question asks" in last_line(app))
        await ask(pilot, "Why?")
        await until(pilot, lambda: isinstance(app.screen, SecretsScreen))
        await until(pilot, lambda: "key.py line 3: a GitHub token" in screen_text(app))
        assert TOKEN not in screen_text(app)
        assert "nothing is sent before you chose" in str(app.main.query_one(StatusBar).view)
        await pilot.press("enter", "y")  # are no answers
        assert not sent(server, TOKEN)
        await pilot.press(key)
        if key == "escape":
            await until(pilot, lambda: app.main.composer.text == "Why?" and not app.main.turns.queue.busy)
            assert app.main.session.turns == [] and ticked(app) == ("key.py", "README.md")
            assert not server.asked("/v1/chat/completions")
        else:
            await until(pilot, lambda: "An answer." in screen_text(app))
            (request,) = server.asked("/v1/chat/completions")
            assert (TOKEN.encode() in request) == (key == "s") and b"# Hello" in request
            assert ticked(app) == (("key.py", "README.md") if key == "s" else ("README.md",))
            await until(pilot, lambda: "ready · 42 / 4k" in last_line(app))
        assert bool(sent(server, TOKEN)) == (key == "s")


async def test_a_key_in_the_question_stays_in_the_composer(make_app, settings, server, measured):
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "waiting for your yes" in last_line(app))
        await pilot.press("f9")
        await yes(pilot)
        await until(pilot, lambda: last_line(app).strip().startswith("ready"))
        await ask(pilot, TOKEN)
        await until(pilot, lambda: isinstance(app.screen, SecretsScreen))
        await until(pilot, lambda: "your question: a GitHub token" in screen_text(app))
        await pilot.press("l")  # there is no file to leave out
        assert isinstance(app.screen, SecretsScreen)
        await pilot.press("n")
        await until(pilot, lambda: app.main.composer.text == TOKEN)
        assert not sent(server, TOKEN)


async def test_no_dialog_comes_by_itself_for_what_was_ticked_before(make_app, settings, server, root):
    """A key that was meant for the composer would answer it."""
    (root / "prod.env").write_text("HOST=here\n")
    ticks.save(root, SavedTicks(picks=(Pick("prod.env"),)))
    Consent().give(parse(server.url), for_good=True)
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: last_line(app).strip().startswith("ready"))
        await until(pilot, lambda: [item.path for item in app.main.session.context] == ["prod.env"])
        await ask(pilot, "yyy")
        await until(pilot, lambda: isinstance(app.screen, SecretsScreen))
        await until(pilot, lambda: "prod.env: by its name" in screen_text(app))
        assert not sent(server, "HOST=here")
        await pilot.press("l")
        await until(pilot, lambda: "An answer." in screen_text(app))
        assert not sent(server, "HOST=here") and ticked(app) == ()


async def test_a_file_that_is_left_out_of_a_task_keeps_none_of_the_others(make_app, settings, server, root):
    for name in ("a", "c"):
        (root / f"{name}.py").write_text(f"{name} = 1\n")
    (root / "b.py").write_text(f"token = '{TOKEN}'\n")
    Consent().give(parse(server.url), for_good=True)
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: last_line(app).strip().startswith("ready"))
        await tick(pilot, "a.py", "b.py", "c.py")
        await ask(pilot, "/explain")
        await until(pilot, lambda: isinstance(app.screen, SecretsScreen))
        await pilot.press("l")
        await until(pilot, lambda: len(app.main.session.turns) == 2 and not app.main.turns.queue.busy)
        assert [turn.question for turn in app.main.session.turns] == ["Explain a.py", "Explain c.py"]
        await until(pilot, lambda: "b.py is not ticked any more: nothing was asked about it" in said(app))
        assert "not sent" not in said(app) and app.main.session.waiting == []
        assert "Explain b.py" not in screen_text(app) and app.main.composer.text == ""
    assert not sent(server, TOKEN) and len(server.asked("/v1/chat/completions")) == 2


async def test_a_file_of_a_task_is_not_left_out_of_its_own_question(make_app, settings, server, root):
    (root / "b.py").write_text(f"token = '{TOKEN}'\n")
    Consent().give(parse(server.url), for_good=True)
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: last_line(app).strip().startswith("ready"))
        await tick(pilot, "b.py", "README.md")
        await ask(pilot, "/explain")
        await until(pilot, lambda: isinstance(app.screen, SecretsScreen))
        assert "leave it out" not in screen_text(app)
        await pilot.press("l", "escape")
        await until(pilot, lambda: not app.main.turns.queue.busy and "was not sent" in said(app))
        assert app.main.session.turns == [] and app.main.session.waiting == []
    assert not server.asked("/v1/chat/completions") and not sent(server, TOKEN)


async def test_a_server_that_does_not_answer_is_the_one_that_is_waited_for(make_app, settings, server):
    answers = threading.Event()
    server.on("/v1/models", lambda *rest: answers.wait(60))
    Consent().give(parse(server.url), for_good=True)
    app = make_app(settings, opener=open_backend)
    async with app.run_test(size=SIZE) as pilot:
        try:
            await until(pilot, lambda: f"waiting for {server.shown}" in last_line(app))
            assert "starting the engine" not in last_line(app)
        finally:
            answers.set()
