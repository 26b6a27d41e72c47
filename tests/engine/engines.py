"""A whole engine in a thread of the test, over a model that says what it is told to say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from docstra_tui import paths
from docstra_tui.engine.client.identity import EngineIdentity, EngineOptions, LockNote
from docstra_tui.engine.client.place import Place
from docstra_tui.engine.server.run import serve
from docstra_tui.errors import ContextOverflow, DocstraError
from docstra_tui.llm.answer import Event as AnswerEvent
from docstra_tui.llm.answer import Finished, Usage
from docstra_tui.llm.measure import Measure, Room, TooLong
from docstra_tui.llm.sampling import Sampling
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.llm.written import Written

Event = AnswerEvent | BaseException


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true value of `holds`; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := holds():
            return value
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


@dataclass
class FakeJob:
    prompt: Any
    max_tokens: int | None
    sampling: Sampling
    sink: Callable[[Event], None]
    cancelled: threading.Event = field(default_factory=threading.Event)
    think: Think | None = None
    batch: bool = False
    compact: bool = False
    written: Written | None = None

    warmed: Callable[[int], None] = lambda cached: None

    def cancel(self) -> None:
        self.cancelled.set()

    def is_cancelled(self) -> bool:
        return self.cancelled.is_set()


@dataclass(frozen=True)
class FakeMemory:
    used: int = 3
    total: int = 8


class FakeTokenizer:
    """A token is a word; the template says with two words that it shall not think."""

    window = 100

    @property
    def tokenizer(self) -> FakeTokenizer:
        return self

    def decode(self, ids: list[int]) -> str:
        return " ".join(map(str, ids))

    def render(
        self,
        prompt: Any,
        most: int | None = None,
        is_stopped: Callable[[], bool] = lambda: False,
        *,
        think: Think = "auto",
    ) -> list[int]:
        if any(message["role"] not in ("system", "user", "assistant") for message in prompt):
            raise ValueError("A message's role is system, user or assistant.")
        words = [message["content"] for message in prompt] + (["no thinking"] if think == "off" else [])
        return self.plain(" ".join(words), most, is_stopped)

    def plain(self, text: str, most: int | None, is_stopped: Callable[[], bool]) -> list[int]:
        tokens = len(text.split())
        if most is not None and tokens > most:
            raise TooLong(tokens)
        return list(range(tokens))


class FakeModel:
    """Keeps what it is asked in `jobs`, in order; the test writes the answers with `job.sink`."""

    model_name = "fake"
    model_path = ""
    advised: Mapping[str, float] = {"top_p": 0.8, "repetition_penalty": 1.1}
    device = "cpu"
    dtype = "float32"
    reason = "there is nothing else"
    notes: tuple[str, ...] = ()
    can_switch_thinking: bool | None = None
    think_note = ""
    window = 100

    def __init__(self) -> None:
        self.jobs: queue.Queue[FakeJob] = queue.Queue()
        self.queue_length = 0
        self.is_closed = False
        self.dead: DocstraError | None = None
        self.memory_error: Exception | None = None
        self.cached = 0
        self.room: Room | None = None
        self.is_parked = False
        self.parked = 0
        """How often it was sent away."""
        self.warm_jobs: queue.Queue[FakeJob] = queue.Queue()

    def submit(
        self,
        prompt: Any,
        sink: Callable[[Event], None],
        *,
        max_tokens: int | None = None,
        sampling: Sampling = Sampling(),  # noqa: B008 a frozen value
        stable: int = 0,
        think: Think | None = None,
        batch: bool = False,
        compact: bool | None = None,
        written: Written | None = None,
    ) -> FakeJob:
        tokens = len(FakeTokenizer().render(prompt))
        if tokens > 90:
            raise ContextOverflow(tokens, 100, 10)
        job = FakeJob(
            prompt,
            max_tokens,
            sampling,
            sink,
            think=think,
            batch=batch,
            compact=bool(compact),
            written=written,
        )
        self.jobs.put(job)
        return job

    def submit_warm(
        self,
        prompt: Any,
        stable: int,
        sink: Callable[[Measure], None],
        *,
        think: Think | None = None,
        compact: bool | None = None,
    ) -> FakeJob:
        words = prompt[-1]["content"][:stable].split()
        job = FakeJob(prompt, None, Sampling(), lambda event: None, think=think, compact=bool(compact))
        job.warmed = lambda cached: sink(Measure(len(words), cached))
        self.warm_jobs.put(job)
        return job

    def measure_ids(self, ids: list[int], *, compact: bool | None = None) -> Measure:
        room = self.room
        if compact and room is not None and room.compact is not None:
            room = Room(room.compact, None, room.on_gpu)
        return Measure(len(ids), min(self.cached, len(ids)), room=room)

    def park(self) -> None:
        self.parked += 1
        self.is_parked = True

    def wake(self) -> None:
        self.is_parked = False

    def memory(self) -> FakeMemory:
        if self.memory_error is not None:
            raise self.memory_error
        return FakeMemory()

    def close(self) -> None:
        self.is_closed = True

    def next_job(self) -> FakeJob:
        return self.jobs.get(timeout=10)

    def answer(self, *events: Event) -> FakeJob:
        """Take the next request and answer it."""
        job = self.next_job()
        for event in events:
            job.sink(event)
        return job


PROCESS = """
import sys, time, ctypes
from docstra_tui.engine import __main__
from docstra_tui.engine.server import loading, run as server
from docstra_tui.errors import ModelNotFound
from tests.engine.engines import FakeModel, FakeTokenizer
def load(progressed, tokenizer_came):
    tokenizer_came(FakeTokenizer())
    return FakeModel()
loading.load_local = lambda options: load
server.GRACE_SECONDS = 1.0
{change}
del sys.argv[1]  # only there to be found by
__main__.run()
"""


@contextmanager
def process(change: str = "", **options: Any) -> Iterator[tuple[subprocess.Popen[bytes], EngineOptions]]:
    """An engine in a process of its own, without torch, that answers; `change` is code of the test."""
    identity = options.pop("identity", EngineIdentity(model="light"))
    paths.private_folder(identity.socket.parent)
    chosen = EngineOptions(identity, str(identity.socket), str(identity.log), **options)
    words = ["-c", PROCESS.replace("{change}", change), "docstra_tui.engine"]
    child = subprocess.Popen(
        [sys.executable, *words, msgspec.json.encode(chosen).decode()],
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    try:
        from docstra_tui.engine.client import contact

        def answers() -> bool:
            assert child.poll() is None, child.communicate()[1].decode()
            with contextlib.suppress(OSError):
                return bool(contact.ask(identity.socket, "/health"))
            return False

        until(answers, 60)
        yield child, chosen
    finally:
        child.kill()
        child.communicate()


def done(prompt: int = 5, completion: int = 2, reused: int = 0) -> Finished:
    return Finished("stop", Usage(prompt, completion, reused))


@dataclass
class RunningEngine:
    socket: Path
    options: EngineOptions
    model: FakeModel
    thread: threading.Thread
    place: Place


@contextmanager
def running(load: Any = None, model: FakeModel | None = None, **options: Any) -> Iterator[RunningEngine]:
    """An engine that listens; by default its model is ready at once."""
    model = model or FakeModel()

    def ready_at_once(progressed: Any, tokenizer_came: Any) -> FakeModel:
        tokenizer_came(FakeTokenizer())
        return model

    identity = options.pop("identity", EngineIdentity(model="fake"))
    paths.private_folder(identity.socket.parent)
    chosen = EngineOptions(identity, str(identity.socket), str(identity.log), **options)
    place = Place.claim(identity.socket, LockNote(pid=0, identity=identity, log=chosen.log))
    assert place is not None
    listener = place.listen()
    thread = threading.Thread(
        target=lambda: asyncio.run(serve(chosen, place, listener, load or ready_at_once)), daemon=True
    )
    thread.start()
    try:
        yield RunningEngine(identity.socket, chosen, model, thread, place)
    finally:
        from docstra_tui.engine.client import contact

        try:
            contact.ask(identity.socket, "/docstra/stop", method="POST")
        except OSError:
            pass
        thread.join(10)
        assert not thread.is_alive()
