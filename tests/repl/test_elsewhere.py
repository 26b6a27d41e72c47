"""The inline chat before another machine: nothing goes there before the yes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.session.chat import ChatSession
from docstra_tui.settings import RemoteSettings, Settings
from docstra_tui.workspace.models.opening import open_backend
from tests.elsewhere import Elsewhere, elsewhere
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import Typist, chat, saved

TOKEN = "gh" + "p_x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6TeUoQ1i"


@pytest.fixture
def server() -> Iterator[Elsewhere]:
    with elsewhere() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "key.py").write_text(f"one\ntoken = '{TOKEN}'\n")
    (tmp_path / "prod.env").write_text("HOST=here\n")
    return tmp_path


def talk(project: Path, server: Elsewhere, script: Any, **more: Any) -> str:
    settings = Settings(remote=RemoteSettings(base_url=server.url))
    return chat(project, open_backend, script, settings=settings, **more)  # type: ignore[arg-type]


def sent(server: Elsewhere, text: str) -> list[bytes]:
    return [request for request in server.requests if text.encode() in request]


def says_yes(typist: Typist) -> None:
    typist.types("First?\r")
    typist.sees("Send them?")
    typist.types("y\r")
    typist.sees("An answer.")


def test_a_resumed_chat_connects_to_nothing_before_the_yes(
    project: Path, server: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docstra_tui.context.files.reader import read_item

    with saved() as store:
        session = ChatSession(FakeLLM("Older."), project, store)
        session.set_context([read_item(project, "a.py")])
        "".join(session.ask("Before?"))
        store.flush(5)
    before: list[int] = []

    def script(typist: Typist) -> None:
        typist.sees("waiting for your yes")
        typist.types("Why?\r")
        typist.sees(f"will be sent to {server.shown}. Send them?")
        typist.types("n\r")
        typist.sees("Nothing was sent")
        typist.types("\x15/model somebody/other\r")  # another model there is the same host
        typist.sees("Loading somebody/other")
        typist.types("/restart\r")
        typist.waits(lambda: typist.screen.text.count("Send them?") >= 2)
        typist.types("n\r")
        typist.waits(lambda: typist.screen.text.count("Nothing was sent") >= 2)
        before.append(server.connections)
        typist.types("\x15Why then?\r")
        typist.waits(lambda: typist.screen.text.count("Send them?") >= 3)
        typist.types("y\r")
        typist.sees("An answer.")

    talk(project, server, script, resume="last")
    assert before == [0]
    (request,) = server.asked("/v1/chat/completions")
    assert b"Why then?" in request and b"Older." in request and b"a = 1" in request


def test_a_host_is_asked_for_before_anybody_has_looked_at_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend, gate = FakeBackend(host="gpu:8000"), threading.Event()
    status = backend.status
    monkeypatch.setattr(backend, "status", lambda: gate.wait(20) and status())

    def script(typist: Typist) -> None:
        typist.types("/restart\r")
        typist.sees("Send them?")
        gate.set()
        typist.types("n\r")
        typist.sees("Nothing was sent")

    chat(project, backend, script)
    assert backend.restarts == 0


def test_words_that_were_not_sent_stay_where_they_were_typed(project: Path, server: Elsewhere) -> None:
    def script(typist: Typist) -> None:
        typist.types("A long question\r")
        typist.sees("Send them?")
        typist.types("n\r")
        typist.sees("The next question asks again.")
        typist.types(", sent at last?\r")
        typist.waits(lambda: typist.screen.text.count("Send them?") >= 2)
        typist.types("y\r")
        typist.sees("An answer.")

    talk(project, server, script)
    assert sent(server, "A long question, sent at last?")


@pytest.mark.parametrize("name", ["key.py", "prod.env"])
@pytest.mark.parametrize("answers", ["y", "ny", "nn"])
def test_what_may_be_secret_is_asked_about(
    project: Path, server: Elsewhere, name: str, answers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TOKEN if name == "key.py" else "HOST=here"
    unasked: list[int] = []

    def script(typist: Typist) -> None:
        says_yes(typist)
        typist.types(f"What of @{name} and @a.py ?\r")
        typist.sees("may be secret:")
        typist.sees("key.py line 2: a GitHub token" if name == "key.py" else "prod.env: by its name")
        typist.sees("Send it as it is?")
        unasked.append(len(sent(server, text)))
        typist.types(f"{answers[0]}\r")
        if len(answers) > 1:
            typist.sees("Leave these files out")
            typist.types(f"{answers[1]}\r")
        if answers == "nn":
            typist.sees("Nothing was sent.")
            typist.types("\x15")
        else:
            typist.waits(lambda: typist.screen.text.count("An answer.") >= 2)

    shown = talk(project, server, script)
    assert unasked == [0] and TOKEN not in shown
    assert bool(sent(server, text)) == (answers == "y")
    assert len(server.asked("/v1/chat/completions")) == (1 if answers == "nn" else 2)
    assert answers == "nn" or sent(server, "a = 1")


def test_on_this_machine_a_word_is_enough(project: Path, server: Elsewhere) -> None:
    settings = Settings(remote=RemoteSettings(base_url=server.url.replace("127.1", "127.0.0.1")))

    def script(typist: Typist) -> None:
        typist.types("What of @prod.env ?\r")
        typist.sees("prod.env may hold secrets.")
        typist.sees("stays on this machine")
        typist.sees("An answer.")

    chat(project, open_backend, script, settings=settings)  # type: ignore[arg-type]
    assert sent(server, "HOST=here")


def test_nothing_is_measured_elsewhere_while_the_chat_waits(
    project: Path, server: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def note(llm: RemoteLLM, what: str) -> None:
        if llm.server == server.shown:  # a thread of an earlier chat may look at its own server once more
            asked.append(what)

    monkeypatch.setattr(RemoteLLM, "check", lambda self: note(self, "check"))
    monkeypatch.setattr(RemoteLLM, "measure", lambda self, prompt: note(self, "measure"))
    talk(project, server, lambda typist: typist.sees("waiting for your yes"))
    assert asked == [] and server.connections == 0


def test_a_file_that_is_left_out_of_a_task_keeps_none_of_the_others(project: Path, server: Elsewhere) -> None:
    (project / "z.py").write_text("z = 1\n")

    def script(typist: Typist) -> None:
        says_yes(typist)
        typist.types("/explain a.py key.py z.py\r")
        typist.sees("Send it as it is?")
        typist.types("n\r")
        typist.sees("Leave these files out")
        typist.types("y\r")
        typist.waits(lambda: typist.screen.text.count("An answer.") >= 3)

    shown = talk(project, server, script)
    assert "key.py is left out." in shown and "Up brings" not in shown
    assert len(server.asked("/v1/chat/completions")) == 3 and not sent(server, TOKEN)
    with saved() as store:
        questions = [turn.question for turn in store.load("last").turns]
    assert questions == ["First?", "Explain a.py", "Explain z.py"]


def test_a_yes_to_a_file_is_not_one_to_its_namesake_in_another_folder(
    project: Path, server: Elsewhere, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from docstra_tui.context.files.reader import read_item

    other = tmp_path_factory.mktemp("other")
    (other / "prod.env").write_text("HOST=there\n")
    with saved() as store:
        session = ChatSession(FakeLLM("Older."), other, store)
        session.set_context([read_item(other, "prod.env")])
        "".join(session.ask("Before?"))
        store.flush(5)
        assert session.id is not None

    def script(typist: Typist) -> None:
        says_yes(typist)
        typist.types("What of @prod.env ?\r")
        typist.sees("Send it as it is?")
        typist.types("y\r")
        typist.waits(lambda: typist.screen.text.count("An answer.") >= 2)
        typist.types(f"/resume {session.id}\r")
        typist.sees("Older.")
        typist.types("And there?\r")
        typist.waits(lambda: typist.screen.text.count("Send it as it is?") >= 2)
        typist.types("n\r")
        typist.sees("Leave these files out")
        typist.types("n\r")
        typist.sees("Nothing was sent.")
        typist.types("\x15")

    talk(project, server, script)
    assert sent(server, "HOST=here") and not sent(server, "HOST=there")
