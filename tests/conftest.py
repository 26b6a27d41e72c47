"""Every test has its own runtime, state, configuration and cache folders, and leaves no engine behind."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest

TESTS = Path(__file__).parent
PLACES = ("RUNTIME", "STATE", "CONFIG", "CACHE")
OURS = f"dt{os.getpid()}-"
"""How this run's folders begin: another run on the machine is not our business."""
RARE = ("alone", "real")
"""Marks of few tests, which have a process of their own."""
SELDOM = (20_000, 20, 20)
"""How many objects come, and how many collections of those, before the next. What tests make goes by
itself, or with a collection that is asked for."""
DECODE = os.environ.get("DOCSTRA_ENGINE_DECODE", "")
"""How engines write where a test says nothing; `plain` is by `generate`."""


def pytest_configure() -> None:
    """A background job has SIGINT ignored, nohup SIGHUP, and both are inherited: the programs that tests
    start, and end with a signal, would not hear it."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only what has a rare mark runs, modules without it need not be read."""
    mark = config.option.markexpr
    if mark not in RARE or not collection_path.name.startswith("test_"):
        return None
    folders = [
        folder for folder in collection_path.parents if folder.is_relative_to(TESTS) and folder != TESTS
    ]
    files = [collection_path, *(folder / "conftest.py" for folder in folders)]
    written = re.compile(rf'\bmark\.{mark}\b|\badd_marker\("{mark}"'.encode())
    return None if any(written.search(file.read_bytes()) for file in files if file.is_file()) else True


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """What all the imports make is there to the end: it is not looked at whenever garbage is collected."""
    gc.disable()
    try:
        _import_from_elsewhere(session.config)
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*SELDOM)
        gc.enable()
        if torch := sys.modules.get("torch"):
            torch.set_num_threads(1)  # tiny models gain nothing by more, and wait where cores are busy


def _import_from_elsewhere(config: pytest.Config) -> None:
    """Each worker begins with other modules: what one has compiled on a fresh checkout the others find.
    What fails here is told where it is collected."""
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    names = [
        ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
        for path in sorted(TESTS.rglob("test_*.py"))
    ]
    first = len(names) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for name in names[first:] + names[:first]:
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(name)


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Fresh folders for one test; the path is short because a Unix socket's may have 107 bytes."""
    base = Path(tempfile.mkdtemp(prefix=OURS))
    for name in [name for name in os.environ if name.startswith("DOCSTRA_")]:
        monkeypatch.delenv(name)
    for place in PLACES:
        monkeypatch.setenv(f"DOCSTRA_{place}_DIR", str(base / place.lower()))
    if DECODE:
        monkeypatch.setenv("DOCSTRA_ENGINE_DECODE", DECODE)
    monkeypatch.setenv("HF_HOME", str(base / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield base
    if (base / "runtime").exists():  # an engine has made it; looking at every process of the machine is slow
        stop_engines(base)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def quick_trials() -> None:
    """Chat templates are tried in forked processes, wherever a test may load a model in this one."""
    if trial := sys.modules.get("docstra_tui.llm.inference.template_trial"):
        from tests.llm import trial_children

        trial._start = trial_children.start


def engines_below(base: Path | str) -> list[psutil.Process]:
    """Living engine processes whose runtime folder lies below `base`."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = process.cmdline()
            if "docstra_tui.engine" not in " ".join(command):
                continue
            if process.environ().get("DOCSTRA_RUNTIME_DIR", "").startswith(str(base)):
                found.append(process)
        except (psutil.Error, IndexError):  # it ended while it was looked at
            continue
    return found


def stop_engines(base: Path, seconds: float = 10.0) -> None:
    """End the engines of one test, politely, then not."""
    left = engines_below(base)
    for process in left:
        process.terminate()
    deadline = time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        _, left = psutil.wait_procs(left, timeout=0.2)
    for process in left:
        process.kill()


@pytest.fixture(scope="session", autouse=True)
def no_engine_is_left() -> Iterator[None]:
    """The whole run fails if an engine that a test started is alive at its end."""
    yield
    left = engines_below(Path(tempfile.gettempdir()) / OURS)
    assert not left, f"engines still alive: {[process.cmdline() for process in left]}"
