"""What the doctor says of a machine that is as it should be, and of each thing that is not."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.context.search.index import place
from docstra_tui.llm.files import starter
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.store.shape import VERSION
from docstra_tui.settings import config_path, load
from docstra_tui.workspace.doctor import places, terminal
from docstra_tui.workspace.doctor.answers import Answers
from docstra_tui.workspace.doctor.check import aside, made_writable
from docstra_tui.workspace.doctor.examination import LOOKS, examine
from tests.workspace.doctor.whole import H100, NO_GPU, NOBODY, SaidMachine, examined

ITEMS = (
    *("python", "torch", "cuda", "devices", "dtypes", "hub cache", "model files", "chat template"),
    *("terminal", "colours", "round trip", "keys", "clipboard", "tmux, screen", "locale"),
    *("engine", "server", "api key", "settings", "folders", "disk", "sqlite", "index"),
)


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU, no terminal, no multiplexer."""
    for name in ("TMUX", "STY", "NO_COLOR", "CUDA_VISIBLE_DEVICES", "LC_ALL", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr(terminal, "_size", lambda: None)
    monkeypatch.setattr("docstra_tui.workspace.doctor.computing.DRIVER", Path("/nothing"))


def test_without_gpu_terminal_and_network_nothing_fails(tmp_path: Path) -> None:
    found = examined(tmp_path)
    assert set(found) == set(ITEMS)
    assert {one.status for one in found.values()} <= {"ok", "warn"}
    # a new user's model is not there, and a test has no folder for the hub's
    assert {name for name, one in found.items() if one.status == "warn"} == {"model files", "hub cache"}
    assert all(one.cure for one in found.values() if one.status != "ok")
    assert "20.0 GB of 25.0 GB free" in found["devices"].detail
    assert not list(Path(os.environ["DOCSTRA_STATE_DIR"]).parent.iterdir())  # nothing was made


def open_sockets(monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_RUNTIME_DIR", str(paths.runtime_dir() / "docstra-tui-0"))
    paths.make_folder(paths.runtime_dir())
    paths.runtime_dir().chmod(0o755)


def broken_config(monkeypatch) -> None:
    paths.make_folder(paths.config_dir())
    (paths.config_dir() / "config.toml").write_text("theme = \n")


def unknown_key(monkeypatch) -> None:
    paths.make_folder(paths.config_dir())
    (paths.config_dir() / "config.toml").write_text('themes = "lamp"\n')


def no_theme(monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_THEME", "lmap")


def damaged_sessions(monkeypatch) -> None:
    paths.private_folder(paths.state_dir())
    fd = paths.open_private(paths.state_dir() / "sessions.db")
    with open(fd, "wb") as file:
        file.write(b"no database at all" * 400)


def open_sessions(monkeypatch) -> None:
    store = SessionStore()
    store.save_draft(store.create("/tmp", "m"), "why?")
    assert store.flush(5)
    store.close()
    store.path.chmod(0o644)


def newer_sessions(monkeypatch) -> None:
    open_sessions(monkeypatch)
    path = SessionStore().path
    path.chmod(0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def hub_is_a_file(monkeypatch) -> None:
    place = Path(os.environ["DOCSTRA_STATE_DIR"]).parent / "file"
    place.write_text("")
    monkeypatch.setenv("HF_HUB_CACHE", str(place))


def wrong_model(monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_MODEL", "./no/such/model")


def absent_model(monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_MODEL", "owner/absent")


def half_model(monkeypatch) -> None:
    folder = Path(os.environ["DOCSTRA_STATE_DIR"]).parent / "half"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    monkeypatch.setenv("DOCSTRA_MODEL", str(folder))


def c_locale(monkeypatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")


def latin_locale(monkeypatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE@euro")


def dumb(monkeypatch) -> None:
    monkeypatch.setattr(terminal, "_size", lambda: (80, 24))
    monkeypatch.setenv("TERM", "dumb")


def small(monkeypatch) -> None:
    monkeypatch.setattr(terminal, "_size", lambda: (30, 10))
    monkeypatch.setenv("TERM", "xterm-256color")


def undescribed(monkeypatch) -> None:
    small(monkeypatch)
    monkeypatch.setenv("TERM", "xterm-of-tomorrow")


def in_screen(monkeypatch) -> None:
    monkeypatch.setenv("STY", "1.pts")


def no_such_gpu(monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")


def wants_gpu(monkeypatch) -> None:
    paths.make_folder(paths.config_dir())
    (paths.config_dir() / "config.toml").write_text('[model]\ndevice = "cuda:1"\n')


def full_disk(monkeypatch) -> None:
    room = os.statvfs_result((4096, 4096, 1000, 10, 10, 1000, 900, 900, 0, 255))
    monkeypatch.setattr(places.os, "statvfs", lambda path: room)


def no_more_files(monkeypatch) -> None:
    room = os.statvfs_result((4096, 4096, 10**9, 10**9, 10**9, 1000, 0, 0, 0, 255))
    monkeypatch.setattr(places.os, "statvfs", lambda path: room)


def open_key(monkeypatch) -> None:
    paths.make_folder(paths.config_dir())
    (paths.config_dir() / "api_key").write_text("secret-of-mine\n")
    (paths.config_dir() / "api_key").chmod(0o644)


def dead_engine(monkeypatch) -> None:
    paths.private_folder(paths.runtime_dir())
    for ending in ("sock", "lock"):
        (paths.runtime_dir() / f"0123456789abcdef.{ending}").write_text("")


def long_path(monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_RUNTIME_DIR", str(paths.runtime_dir() / ("x" * 90)))


def state_under_a_file(monkeypatch) -> None:
    place = Path(os.environ["DOCSTRA_STATE_DIR"]).parent / "file"
    place.write_text("")
    monkeypatch.setenv("DOCSTRA_STATE_DIR", str(place / "below"))


def state_is_a_file(monkeypatch) -> None:
    paths.make_folder(paths.state_dir().parent)
    paths.state_dir().write_text("")


def cache_is_a_file(monkeypatch) -> None:
    paths.make_folder(paths.cache_dir().parent)
    paths.cache_dir().write_text("")


def open_index(monkeypatch) -> None:
    paths.make_folder(place.parent())
    place.parent().chmod(0o755)


def damaged_starter(monkeypatch) -> None:
    paths.make_folder(starter.folder())
    (starter.folder() / starter.FILE).write_bytes(b"GGUF\3\0\0\0")


def no_server(monkeypatch) -> None:
    paths.make_folder(paths.config_dir())
    (paths.config_dir() / "config.toml").write_text(f'[remote]\nbase_url = "{nobody()}"\n')


def no_server_in_a_variable(monkeypatch) -> None:
    monkeypatch.setenv("DOCSTRA_BASE_URL", nobody())


def nobody() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    return f"http://localhost:{port}/v1"


@pytest.mark.parametrize(
    ("spoil", "name", "status", "said", "cure"),
    [
        (open_sockets, "folders", "fail", "open to other users", "chmod 700 "),
        (broken_config, "settings", "fail", "cannot be read", "docstra-tui config edit"),
        (
            unknown_key,
            "settings",
            "fail",
            "config.toml, line 1",
            "docstra-tui config edit",
        ),
        (no_theme, "settings", "warn", "lmap", "unset DOCSTRA_THEME"),
        (damaged_sessions, "sqlite", "fail", "are damaged", "docstra-tui sessions list"),
        (open_sessions, "sqlite", "warn", "mode 644", "chmod 600 "),
        (newer_sessions, "sqlite", "warn", "newer version", "pip install --upgrade"),
        (hub_is_a_file, "hub cache", "fail", "is no folder", "mv "),
        (state_is_a_file, "folders", "fail", "not a folder", "mv "),
        (open_index, "folders", "fail", "open to other users", "chmod 700 "),
        (cache_is_a_file, "model files", "fail", "starter is not on this machine", "unset DOCSTRA_CACHE_DIR"),
        (damaged_starter, "model files", "fail", "cut short", "; docstra-tui models pull starter"),
        (damaged_starter, "chat template", "ok", "see the model files", ""),
        (wrong_model, "model files", "fail", "no model", "docstra-tui models list"),
        (
            absent_model,
            "model files",
            "fail",
            "offline mode is on",
            "HF_HUB_OFFLINE=0 docstra-tui models pull",
        ),
        (half_model, "model files", "fail", "model.safetensors is missing", "Download it again, or: unset "),
        (c_locale, "locale", "warn", "the locale is C", "export LC_ALL=C.UTF-8"),
        (latin_locale, "locale", "warn", "the locale is de_DE", "export LC_ALL=C.UTF-8"),
        (dumb, "terminal", "warn", "only the plain chat", "export TERM=xterm-256color"),
        (small, "terminal", "warn", "30 × 10", "docstra-tui chat"),
        (undescribed, "colours", "warn", "no description of xterm-of-tomorrow", "infocmp -x"),
        (in_screen, "tmux, screen", "warn", "in screen", "maptimeout"),
        (no_such_gpu, "cuda", "warn", "is '7', and no such GPU", "unset CUDA_VISIBLE_DEVICES"),
        (wants_gpu, "devices", "fail", "asks for cuda:1", "config set model.device auto"),
        (full_disk, "disk", "fail", "0 MB free for sessions", "df -h "),
        (full_disk, "model files", "fail", "no room for it in", "df -h "),
        (no_more_files, "disk", "warn", "only 0 more files", "df -i "),
        (open_key, "api key", "fail", "can be read by others", "chmod 600 "),
        (dead_engine, "engine", "warn", "1 engine that ended", "docstra-tui engine list"),
        (long_path, "folders", "fail", "too long a path", "export DOCSTRA_RUNTIME_DIR="),
        (state_under_a_file, "folders", "fail", "file: no sessions", "unset DOCSTRA_STATE_DIR"),
        (
            no_server,
            "server",
            "fail",
            "nothing takes connections at localhost",
            "config unset remote.base_url",
        ),
        (no_server_in_a_variable, "server", "fail", "nothing takes", "or: unset DOCSTRA_BASE_URL"),
    ],
)
def test_each_thing_that_is_broken_is_found_and_has_its_cure(
    spoil: Callable[[pytest.MonkeyPatch], None], name, status, said, cure, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spoil(monkeypatch)
    found = examined(tmp_path)
    assert set(found) == set(ITEMS)  # whatever is wrong, the rest is looked at
    assert (found[name].status, found[name].name) == (status, name)
    assert said in found[name].detail
    assert cure in found[name].cure
    assert "secret-of-mine" not in "".join(one.detail + one.cure for one in found.values())


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (open_sockets, "folders"),
        (state_is_a_file, "folders"),
        (open_index, "folders"),
        (hub_is_a_file, "hub cache"),
        (open_sessions, "sqlite"),
        (open_key, "api key"),
    ],
)
def test_a_cure_that_is_typed_cures(spoil, name, tmp_path: Path, monkeypatch) -> None:
    spoil(monkeypatch)
    looks = [look for look in LOOKS if look[0] == name]
    (before,) = examine(tmp_path, answers=NOBODY, machine=SaidMachine(), looks=looks)
    subprocess.run(["sh", "-c", before.cure], check=True, timeout=30)
    (after,) = examine(tmp_path, answers=NOBODY, machine=SaidMachine(), looks=looks)
    assert (before.status != "ok", after.status) == (True, "ok"), after.detail


def test_a_cure_speaks_of_where_a_model_was_named(tmp_path: Path, monkeypatch) -> None:
    half_model(monkeypatch)
    wanted = os.environ["DOCSTRA_MODEL"]
    looks = [look for look in LOOKS if look[0] == "model files"]

    def cure(**given: object) -> str:
        (found,) = examine(tmp_path, answers=NOBODY, machine=SaidMachine(), looks=looks, **given)
        assert "model.safetensors is missing" in found.detail
        return found.cure.partition(", or: ")[2]

    assert cure() == "unset DOCSTRA_MODEL"
    assert cure(flags={"model.name": wanted}) == "leave out --model"
    in_force = load({}, tmp_path)
    monkeypatch.delenv("DOCSTRA_MODEL")
    assert cure(settings=in_force) == "/model NAME takes another one"
    config_path().parent.mkdir(parents=True, exist_ok=True)
    config_path().write_text(f'[model]\nname = "{wanted}"\n')
    assert cure() == "docstra-tui config set model.name starter"


def test_where_no_variable_names_a_folder_a_new_one_is_advised(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("DOCSTRA_STATE_DIR")
    (tmp_path / "file").write_text("")
    assert (
        made_writable(tmp_path / "file", ["DOCSTRA_STATE_DIR"]) == f"mv {tmp_path}/file {tmp_path}/file.aside"
    )
    for number in range(2):  # what was moved away before is not written over
        (tmp_path / "file").write_text(str(number))
        subprocess.run(["sh", "-c", aside(tmp_path / "file")], check=True)
    assert sorted(one.read_text() for one in tmp_path.iterdir()) == ["0", "1"]
    tmp_path.chmod(0o500)
    assert made_writable(tmp_path, ["DOCSTRA_STATE_DIR"]) == f"chmod u+rwx {tmp_path}"
    tmp_path.chmod(0o700)  # and still nothing can be written there
    cure = made_writable(tmp_path, ["DOCSTRA_STATE_DIR"]).partition("such as: ")[2]
    made = subprocess.run(
        ["sh", "-c", f"{cure}; rmdir $DOCSTRA_STATE_DIR"], env={"TMPDIR": str(tmp_path), "PATH": os.defpath}
    )
    assert (cure[:7], made.returncode) == ("export ", 0)


def test_a_look_changes_nothing(tmp_path: Path, monkeypatch) -> None:
    """The damaged file is there for the next start to bring over; the dead engine's as well."""
    damaged_sessions(monkeypatch)
    dead_engine(monkeypatch)
    base = Path(os.environ["DOCSTRA_STATE_DIR"]).parent
    before = {path: path.read_bytes() for path in base.rglob("*") if path.is_file()}
    examined(tmp_path)
    assert {path: path.read_bytes() for path in base.rglob("*") if path.is_file()} == before


def test_no_other_machine_is_contacted(tmp_path: Path, monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"asked {args}")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    found = examined(tmp_path, remote_base_url="http://gpu.example:8000/v1")
    assert (found["server"].status, found["server"].detail) == (
        "ok",
        "gpu.example:8000, another machine: it was not asked",
    )
    assert found["model files"].status == found["chat template"].status == "ok"
    found = examined(tmp_path, model_name="owner/absent")
    assert (found["model files"].status, found["model files"].cure) == (
        "warn",
        "docstra-tui models pull owner/absent",
    )


def test_a_server_with_a_name_is_said_with_it_and_its_key_is_looked_at(tmp_path: Path) -> None:
    paths.make_folder(paths.config_dir())
    (paths.config_dir() / "config.toml").write_text(
        '[remote]\nname = "gpu"\n[remote.gpu]\nbase_url = "http://gpu.example/v1"\nkey_env = "NO_KEY"\n'
        '[remote.other]\nbase_url = "http://other.example/v1"\nkey_file = "theirs"\n'
    )
    found = examined(tmp_path)
    assert found["server"].detail == "gpu: gpu.example, another machine: it was not asked"
    assert (found["api key"].status, "NO_KEY" in found["api key"].detail) == ("fail", True)
    (paths.config_dir() / "theirs").write_text("k")
    (paths.config_dir() / "theirs").chmod(0o640)
    found = examined(tmp_path, remote_name="local")
    assert found["server"].detail == "our own engine answers"
    assert found["api key"].cure.endswith("theirs")


@pytest.mark.parametrize(
    ("machine", "visible", "cuda", "devices"),
    [
        (SaidMachine(devices=NO_GPU | {"gpus": [H100]}), None, "ok", "70.0 GB of 80.0 GB free"),
        (
            SaidMachine(
                devices=NO_GPU | {"problem": {"message": "The driver is too old.", "hint": "Update."}}
            ),
            None,
            "fail",
            "cpu: ",
        ),
        (SaidMachine(devices=None), None, "warn", "NVIDIA A100: not asked in time"),
        (SaidMachine(), "-1", "ok", "cpu: "),
    ],
)
def test_an_nvidia_gpu_is_said_with_its_driver(
    machine, visible, cuda, devices, tmp_path, monkeypatch
) -> None:
    (tmp_path / "gpus" / "0000:01").mkdir(parents=True)
    (tmp_path / "gpus" / "0000:01" / "information").write_text("Model: \t\t NVIDIA A100\nIRQ: 1\n")
    version = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23\n"
    (tmp_path / "version").write_text(version)
    monkeypatch.setattr("docstra_tui.workspace.doctor.computing.DRIVER", tmp_path)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = examined(tmp_path, machine)
    assert found["cuda"].status == cuda
    assert "570.86.15" in found["cuda"].detail or "too old" in found["cuda"].detail
    assert devices in found["devices"].detail


def test_a_problem_of_the_gpu_is_no_failure_where_the_cpu_is_asked_for(tmp_path: Path) -> None:
    problem = {"message": "The driver is too old.", "hint": "Update the driver."}
    found = examined(tmp_path, SaidMachine(devices=NO_GPU | {"problem": problem}), model_device="cpu")
    assert (found["cuda"].status, found["cuda"].cure) == ("warn", "Update the driver")
    assert found["devices"].status == "ok"


@pytest.mark.parametrize(
    ("machine", "status", "said"),
    [
        (SaidMachine(torch={"problem": "libc10.so: no such file"}), "fail", "libc10.so: no such file"),
        (SaidMachine("it was ended by SIGSEGV", torch=None, devices=None), "fail", "SIGSEGV"),
        (SaidMachine(torch=None, devices=None), "ok", "still loading"),
    ],
)
def test_a_torch_that_breaks_is_a_line(machine, status, said, tmp_path: Path) -> None:
    found = examined(tmp_path, machine)
    assert found["torch"].status == status
    assert said in found["torch"].detail


@pytest.mark.parametrize(
    ("answers", "trip", "keys"),
    [
        (Answers(seconds=0.012, tells_keys=True), ("ok", "12 ms"), "told apart"),
        (Answers(seconds=0.7, tells_keys=False), ("warn", "700 ms"), "sends what Enter does"),
        (Answers(), ("warn", "did not answer"), "not known"),
    ],
)
def test_what_the_terminal_says(answers, trip, keys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(terminal, "_size", lambda: (80, 24))
    monkeypatch.setenv("TERM", "xterm-256color")
    found = examined(tmp_path, answers=answers)
    assert (found["round trip"].status, trip[1] in found["round trip"].detail) == (trip[0], True)
    assert keys in found["keys"].detail


def test_tmux_is_told_what_to_set(tmp_path: Path, monkeypatch) -> None:
    said = "3.3a|500|off|off|off|screen"
    monkeypatch.setenv("TMUX", "/tmp/tmux,1,0")
    monkeypatch.setattr(terminal.tmux, "says", lambda form: said)
    monkeypatch.setenv("DOCSTRA_NOTIFY", "osc9")
    found = examined(tmp_path)["tmux, screen"]
    assert found.status == "warn"
    assert found.cure == (
        "tmux set -s escape-time 20; tmux set -s set-clipboard external; "
        "tmux set -s default-terminal tmux-256color; tmux set -s focus-events on; "
        "tmux set -g allow-passthrough on"
    )
    said = "3.3a|10|external|on|on|tmux-256color"
    assert examined(tmp_path)["tmux, screen"].detail == "tmux 3.3a, set up well"


def test_a_device_that_this_torch_cannot_have_is_known_without_waiting_for_it(
    tmp_path: Path, monkeypatch
) -> None:
    silent = {"torch": None, "devices": None}
    for build, status in (("", "fail"), ("CUDA 12.8", "ok")):
        monkeypatch.setattr("docstra_tui.workspace.doctor.computing.built_for", lambda build=build: build)
        found = examined(tmp_path, SaidMachine(**silent), model_device="cuda")
        assert found["devices"].status == status


def test_what_is_to_be_typed_does_that_and_nothing_else(tmp_path: Path, monkeypatch) -> None:
    root = tmp_path / "a; reboot"
    root.mkdir()
    index = place.folder_of(root)
    paths.private_folder(index)
    (index / place.FILE).write_bytes(b"no database at all" * 400)
    monkeypatch.setenv("DOCSTRA_MODEL", f"{root}/$(reboot).gguf")
    monkeypatch.setenv("HF_HUB_CACHE", str(root / "`reboot`" / "hub"))
    found = examined(root)
    assert (found["index"].status, found["index"].cure) == ("warn", f"docstra-tui index clear '{root}'")
    assert found["hub cache"].cure == f"mkdir -p '{root}/`reboot`/hub'"
