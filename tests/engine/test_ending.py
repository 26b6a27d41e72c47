"""Ending engines: whatever they hang in, whatever became of their files, whoever has their number by now."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from docstra_tui import cli, paths
from docstra_tui.engine.client import contact, lifecycle, place, processes
from docstra_tui.engine.client.census import list_engines
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.lifecycle import Engine
from docstra_tui.engine.client.wire import Health
from docstra_tui.errors import EngineError, StrangeEngine
from docstra_tui.settings import Settings
from tests.engine.engines import process, running, until

HANGS = {
    "a thread that waits": "FakeModel.close = lambda model: time.sleep(600)",
    "a call that never gives Python back": "FakeModel.close = lambda m: ctypes.PyDLL(None).sleep(600)",
    "the rendering of a prompt": "FakeTokenizer.render = lambda *_: time.sleep(600)",
    "loading": "loading.load_local = lambda options: lambda *_: time.sleep(600)",
}


def handle(identity: EngineIdentity) -> Engine:
    return Engine(identity, identity.socket, identity.log)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        yield child
        child.kill()


@contextlib.contextmanager
def held(name: str, note: bytes) -> Iterator[Path]:
    """A lock that somebody holds, with a note in it."""
    folder = paths.private_folder(paths.runtime_dir().absolute())
    lock = folder / f"{name}.lock"
    lock.write_bytes(note)
    with open(lock) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder / f"{name}.sock"


@pytest.mark.parametrize("what", sorted(HANGS))
@pytest.mark.parametrize("how", ["asked", "SIGTERM"])
def test_it_ends_by_itself_whatever_it_hangs_in(what: str, how: str) -> None:
    with process(HANGS[what]) as (child, options):
        path = Path(options.socket)
        if what == "the rendering of a prompt":
            until(lambda: msgspec.json.decode(contact.ask(path, "/health"), type=Health).state == "ready")
            body = json.dumps({"messages": [{"role": "user", "content": "x"}]})
            with contextlib.closing(contact.UnixConnection(path, 5)) as asked:
                asked.request("POST", "/tokenize", body)
                contact.ask(path, "/health")
        if how == "asked":
            contact.ask(path, "/docstra/stop", method="POST")
        else:
            child.send_signal(signal.SIGTERM)
        child.wait(30)
        assert processes.mark_of(child.pid) is None and not paths.is_locked(place.lock_path(path))


@pytest.mark.parametrize("gone", [[".sock"], [".lock"], [".sock", ".lock"]])
def test_one_that_hangs_is_found_and_killed_without_its_files(gone: list[str]) -> None:
    with process() as (child, options):
        path = Path(options.socket)
        child.send_signal(signal.SIGSTOP)
        for suffix in gone:
            path.with_suffix(suffix).unlink()
        assert [found.identity.model for found in list_engines()] == ["light"]
        handle(options.identity).stop(seconds=0.2)
        assert child.wait(10) == -signal.SIGKILL
        assert list_engines() == [] and list(path.parent.iterdir()) == []


def test_one_that_cannot_be_asked_any_more_is_told_and_leaves_in_order() -> None:
    with process() as (child, options):
        path = Path(options.socket)
        until(lambda: msgspec.json.decode(contact.ask(path, "/health"), type=Health).state == "ready")
        path.unlink()
        path.mkdir()  # it cannot come back to its place
        handle(options.identity).stop(seconds=30)
        assert child.wait(10) != -signal.SIGKILL
        path.rmdir()


def test_a_number_that_is_anothers_by_now_is_left_alone(bystander: subprocess.Popen[bytes]) -> None:
    identity = EngineIdentity(model="gone")
    note = place.LockNote(bystander.pid, identity, "/log", started="12")
    with held(identity.key, msgspec.json.encode(note)), pytest.raises(EngineError, match="does not stop"):
        handle(identity).stop(seconds=0.1)
    assert bystander.poll() is None


def test_a_number_that_changes_hands_while_it_is_waited_for_is_left_alone(
    bystander: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine leaves during its grace, another takes its place, and a third process its number."""
    identity = EngineIdentity(model="gone")
    old = processes.Mark(bystander.pid, "12")
    marks = [{old}, set()]
    monkeypatch.setattr(Engine, "_marks", lambda engine: marks.pop(0) if marks else set())
    monkeypatch.setattr(processes, "is_running", lambda mark: processes.mark_of(mark.pid) is not None)
    with held(identity.key, b"{}"), pytest.raises(EngineError):
        handle(identity).stop(seconds=0.1)
    assert bystander.poll() is None


def test_a_process_is_its_number_and_the_moment_it_began(bystander: subprocess.Popen[bytes]) -> None:
    mark = processes.mark_of(bystander.pid)
    assert mark is not None and processes.is_running(mark)
    processes.kill(processes.Mark(mark.pid, "12"))
    assert bystander.poll() is None and not processes.is_running(processes.Mark(mark.pid, "12"))
    processes.kill(mark)
    assert bystander.wait(10) == -signal.SIGKILL and not processes.is_running(mark)
    processes.kill(mark)  # nobody has the number: nothing happens
    assert processes.mark_of(0) is None and processes.mark_of(-1) is None


def test_stopping_all_tries_all_and_tells_of_each(
    bystander: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "STOP_SECONDS", 0.5)
    stuck = place.LockNote(bystander.pid, EngineIdentity(model="stuck"), "/log", started="12")
    with process() as (child, _), held("0" * 16, msgspec.json.encode(stuck)):
        assert cli.main(["engine", "stop", "--all", "--json"]) == 3
        told = json.loads(capsys.readouterr().out)
        assert [row["model"] for row in told["stopped"]] == ["light"]
        assert [row["model"] for row in told["failed"]] == ["stuck"]
        assert child.wait(10) is not None
        assert cli.main(["engine", "stop", "--all"]) == 3
        assert "Not stopped: stuck (00000000)" in capsys.readouterr().err


NOTES = {
    "garbage": (b"\x00\xff{", "unknown", "version unknown"),
    "nothing": (b"", "unknown", "version unknown"),
    "a list": (b"[1]", "unknown", "version unknown"),
    "deep": (b"[" * 5000, "unknown", "version unknown"),
    "older": (
        b'{"pid": 4, "identity": {"model": "m", "version": "0.0.1"}, "log": "/l"}',
        "m",
        "version 0.0.1",
    ),
    "other": (
        b'{"pid": 4, "identity": {"model": "m", "version": "9", "dtype": {"x": 1}}, "log": "/l", "x": 2}',
        "m",
        "version 9",
    ),
    "half": (b'{"pid": "x", "identity": {"model": "m"}}', "unknown", "version unknown"),
}


@pytest.mark.parametrize("note", sorted(NOTES))
def test_the_list_has_a_row_for_what_it_does_not_understand(
    note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content, model, state = NOTES[note]
    with running(identity=EngineIdentity(model="fine")), held("a" * 16, content):
        assert cli.main(["engine", "list", "--json"]) == 0
        rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["engines"]}
        odd = rows["a" * 16]
        assert (odd["model"], odd["state"]) == (model, state)
        assert len(rows) == 2 and {row["state"] for row in rows.values()} == {state, "ready"}
        assert cli.main(["engine", "list"]) == 0
        assert cli.main(["engine", "status", "aaaa"]) == 0


def test_an_engine_whose_words_cannot_be_understood_is_a_row_and_no_crash(
    capsys: pytest.CaptureFixture[str],
) -> None:
    identity = EngineIdentity(model="m", version="0.0.1")
    note = msgspec.json.encode(place.LockNote(0, identity, "/log"))
    with held(identity.key, note) as path, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        listener.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.recv(4096)
                    connection.sendall(b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{"state": "odd"}')
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(StrangeEngine, match=r"version 0\.0\.1"):
            handle(identity).health()
        assert cli.main(["engine", "list", "--json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)["engines"]
        assert (row["model"], row["state"], row["version"]) == ("m", "version 0.0.1", "0.0.1")
        listener.shutdown(socket.SHUT_RDWR)


def test_an_attachment_that_was_replaced_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let go and attached again while the first attachment was still being made: one is held, not two."""
    slow, made = threading.Event(), contact.Attachment.__init__
    calls: list[int] = []
    sockets: list[Path] = []

    def make(self: Any, path: Any, *args: Any, **kwargs: Any) -> None:
        if path in sockets:  # another engine's client may still be at it
            calls.append(1)
            if len(calls) == 1:
                slow.wait(60)
        made(self, path, *args, **kwargs)

    monkeypatch.setattr(contact.Attachment, "__init__", make)
    monkeypatch.setattr(lifecycle, "ANSWER_SECONDS", 0.1)
    with running() as server:
        engine = handle(server.options.identity)
        sockets.append(engine.socket)
        engine.attach()
        until(lambda: calls)  # its thread may not have run yet on a busy machine
        engine.detach()
        monkeypatch.setattr(lifecycle, "ANSWER_SECONDS", 5.0)
        engine.attach()
        until(lambda: engine.health().clients == 1)
        slow.set()
        until(lambda: len(calls) == 2 and engine.health().clients == 1)
        engine.detach()
        until(lambda: engine.health().clients == 0)


def test_an_engine_of_another_environment_is_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    ours = EngineIdentity.from_settings(Settings())
    assert ours.torch == metadata.version("torch") and ours.prefix == os.path.realpath(sys.prefix)
    seen = {ours.socket}
    with monkeypatch.context() as patch:
        patch.setattr(sys, "prefix", "/another/venv")
        seen.add(EngineIdentity.from_settings(Settings()).socket)
    real = metadata.version
    for package in ("torch", "transformers"):
        with monkeypatch.context() as patch:
            patch.setattr(metadata, "version", lambda name, p=package: "0.1" if name == p else real(name))
            seen.add(EngineIdentity.from_settings(Settings()).socket)
    assert len(seen) == 4 and EngineIdentity.from_settings(Settings()) == ours


def test_where_a_package_is_missing_the_identity_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert EngineIdentity.from_settings(Settings()).torch == ""
