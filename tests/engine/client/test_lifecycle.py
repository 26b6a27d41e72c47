"""Real engine processes with a tiny model: found, started once, shared, left, stopped and killed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from docstra_tui import paths
from docstra_tui.engine.client import lifecycle, place
from docstra_tui.engine.client.census import list_engines
from docstra_tui.engine.client.identity import EngineIdentity
from docstra_tui.engine.client.lifecycle import Engine
from docstra_tui.errors import EngineDied, EngineError
from docstra_tui.llm.remote import RemoteLLM
from docstra_tui.remotes import Remote
from docstra_tui.settings import EngineSettings, ModelSettings, Settings
from tests.conftest import engines_below
from tests.engine.engines import running, until
from tests.tiny_models import make_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny")


def settings(model: Path | str, **engine: Any) -> Settings:
    return Settings(model=ModelSettings(name=str(model), device="cpu"), engine=EngineSettings(**engine))


def ready(engine: Engine) -> Engine:
    until(lambda: engine.health().state == "ready", 60)
    return engine


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_an_engine_from_first_connect_to_its_stop(tiny: Path, own_places: Path) -> None:
    """Start, tell the loading, answer, share, cancel, stop: the whole life in one process."""
    began = time.monotonic()
    engine = lifecycle.connect(settings(tiny))
    assert time.monotonic() - began < 5
    assert engine.health().state == "loading"

    # private: folder, socket, lock and log
    assert engine.socket.parent.stat().st_mode & 0o777 == 0o700
    for path in (engine.socket, place.lock_path(engine.socket), engine.log):
        assert path.stat().st_mode & 0o777 == 0o600, path

    # a session of its own, in a folder of its own, so that neither a hang-up nor an unmount meets it
    pid = engine.health().pid
    assert os.getsid(pid) == pid and psutil.Process(pid).cwd() == "/"

    # the second terminal attaches to the same process; the one that tried its template has gone
    assert not psutil.Process(ready(engine).health().pid).children()
    other = lifecycle.connect(settings(tiny))
    assert other.health().pid == pid and len(engines_below(own_places)) == 1
    assert [found.socket for found in list_engines()] == [engine.socket]

    # it answers, counts and knows its window; threads are not nice any more
    llm = RemoteLLM(socket=engine.socket, max_tokens=8, temperature=0.0)
    stream = llm.stream("What does this do?")
    assert str(stream) and stream.usage.completion_tokens is not None
    assert stream.usage.prompt_tokens == llm.count_tokens("What does this do?") and llm.window == 2048
    assert psutil.Process(pid).nice() == psutil.Process().nice()

    # a client that hangs up frees the model for the next
    long = RemoteLLM(socket=engine.socket, max_tokens=1900, temperature=0.0).stream("Go on and on.")
    next(long)
    long.cancel()
    began = time.monotonic()
    assert str(llm.stream("And now?"))
    assert time.monotonic() - began < 5

    # stopped, nothing is left
    engine.stop()
    assert not engine.alive and is_gone(pid) and list(engine.socket.parent.iterdir()) == []
    with pytest.raises(EngineDied):
        engine.health()


def test_two_starts_at_once_make_one_engine(tiny: Path, own_places: Path) -> None:
    found: list[Engine] = []
    threads = [
        threading.Thread(target=lambda: found.append(lifecycle.connect(settings(tiny)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({engine.health().pid for engine in found}) == 1 and len(found) == 3
    until(lambda: len(engines_below(own_places)) == 1)


def test_an_engine_leaves_when_nobody_was_there_for_its_idle_time(tiny: Path) -> None:
    engine = lifecycle.connect(settings(tiny, idle_minutes=0.5 / 60))
    engine.attach()
    pid = engine.health().pid
    time.sleep(1)  # twice the idle time: being attached is what keeps it
    assert engine.health().clients == 1
    engine.detach()
    until(lambda: is_gone(pid))
    assert list(engine.socket.parent.iterdir()) == []


def test_an_engine_of_one_terminal_goes_when_it_lets_go(tiny: Path) -> None:
    engine = lifecycle.connect(settings(tiny, own=True))
    assert engine.socket != EngineIdentity.from_settings(settings(tiny)).socket
    engine.attach()
    pid = engine.health().pid
    engine.detach()
    until(lambda: is_gone(pid))


def test_an_engine_of_one_terminal_goes_when_the_terminal_is_killed(tiny: Path) -> None:
    code = (
        "import sys, time; from docstra_tui.engine.client import lifecycle; "
        "from docstra_tui.settings import *; "
        "engine = lifecycle.connect(Settings(model=ModelSettings(name=sys.argv[1], device='cpu'), "
        "engine=EngineSettings(own=True))); engine.attach(); "
        "sys.stdout.write(f'{engine.health().pid}\\n'); sys.stdout.flush(); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tiny)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        assert not is_gone(pid)
        owner.kill()
    until(lambda: is_gone(pid))


def test_sigterm_takes_the_socket_along(tiny: Path) -> None:
    engine = lifecycle.connect(settings(tiny))
    engine.attach()  # an open connection must not hold it up
    pid = engine.health().pid
    os.kill(pid, signal.SIGTERM)
    until(lambda: is_gone(pid), 5)
    assert list(engine.socket.parent.iterdir()) == []


def test_an_engine_that_hangs_is_killed_when_it_is_stopped(tiny: Path) -> None:
    engine = lifecycle.connect(settings(tiny))
    pid = engine.health().pid
    os.kill(pid, signal.SIGSTOP)
    engine.stop(seconds=0.5)
    assert is_gone(pid) and not engine.alive and list(engine.socket.parent.iterdir()) == []


def test_a_model_that_is_not_there_is_told_by_the_engine_and_tried_anew(own_places: Path) -> None:
    missing = settings(own_places / "no-such-model")
    engine = lifecycle.connect(missing)
    health = until(lambda: (now := engine.health()).state == "failed" and now, 60)
    assert health.error is not None and "no-such-model" in health.error.message
    again = lifecycle.connect(missing)
    assert again.health().pid != health.pid


def test_a_template_that_takes_too_long_fails_the_load_and_no_process_stays(
    tiny: Path, tmp_path: Path
) -> None:
    """Nor does one in the story above: the one that tries it goes, whatever came of it."""
    folder = Path(shutil.copytree(tiny, tmp_path / "slow"))
    slow = "{% for a in range(99999) %}{% for b in range(3000) %}{% endfor %}{% endfor %}"
    (folder / "chat_template.jinja").write_text(slow)
    engine = lifecycle.connect(settings(folder))
    health = until(lambda: (now := engine.health()).state == "failed" and now, 90)
    assert "takes more than 2 seconds" in health.error.message
    assert not psutil.Process(health.pid).children()


def test_an_engine_of_another_identity_in_our_place_is_not_attached_to(tiny: Path) -> None:
    wanted = EngineIdentity.from_settings(settings(tiny))
    with running(identity=EngineIdentity(model="other")) as other:
        os.symlink(other.socket, wanted.socket)
        with pytest.raises(EngineError, match="other"):
            lifecycle.connect(settings(tiny))


def test_what_a_dead_engine_left_is_not_listed_and_goes(tiny: Path) -> None:
    identity = EngineIdentity(model="dead")
    folder = paths.private_folder(identity.socket.parent)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(identity.socket))
    assert list_engines() == [] and list(folder.iterdir()) == []


def test_an_engine_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    with pytest.raises(EngineError) as caught:
        lifecycle.connect(settings(tiny))
    assert "nonexistent" in caught.value.message or "encodings" in caught.value.message


def test_no_key_goes_with_an_engine(monkeypatch: pytest.MonkeyPatch, tiny: Path) -> None:
    for name in ("DOCSTRA_API_KEY", "GPU_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, "sk-SECRETSECRET")
    named = {name: Remote("http://a/v1", key_env=name) for name in ("GPU_KEY", "HF_TOKEN")}
    wanted = msgspec.structs.replace(settings(tiny), remotes=named)
    process = psutil.Process(lifecycle.connect(wanted).health().pid)
    environment = process.environ()
    assert "SECRET" not in " ".join(process.cmdline())
    assert [name for name, value in environment.items() if "SECRET" in value] == ["HF_TOKEN"]  # the hub's


def test_a_relative_model_is_the_same_engine_from_every_folder(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absolute = EngineIdentity.from_settings(settings(tiny))
    monkeypatch.chdir(tiny.parent)
    assert EngineIdentity.from_settings(settings("tiny")) == absolute
    assert EngineIdentity.from_settings(settings("./tiny")) == absolute
    assert EngineIdentity.from_settings(settings("org/tiny")).model == "org/tiny"
    assert EngineIdentity.from_settings(Settings()).model == "starter"


def test_a_folder_here_never_replaces_the_hub_model_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor the starter: a repository that was only checked out could choose the model otherwise."""
    for name in ("Qwen/Coder", "starter"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def model(name: str) -> str:
        return EngineIdentity.from_settings(settings(name)).model

    assert model("Qwen/Coder") == "Qwen/Coder"
    assert model("Qwen/Coder:Q4_K_M") == "Qwen/Coder:Q4_K_M"
    assert model("starter") == "starter"
    folder = str(tmp_path / "Qwen/Coder")
    for meant in ("./Qwen/Coder", "Qwen/Coder/", folder, "~/Qwen/Coder"):
        assert model(meant) == folder


def test_the_clients_side_loads_neither_torch_nor_an_http_library() -> None:
    code = (
        "import sys, docstra_tui.engine.client.lifecycle, docstra_tui.workspace.models.opening; "
        "sys.exit(bool({'torch', 'transformers', 'starlette', 'uvicorn', 'httpx2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
