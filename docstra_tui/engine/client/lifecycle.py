"""Find an engine, start one, hold on to it, end it: the client's side of the engine's life.

Needs neither torch nor an HTTP library; a screen may import it before its first frame.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from docstra_tui import __version__, paths, remotes
from docstra_tui.engine.client import contact, place, processes, starting
from docstra_tui.engine.client.identity import EngineIdentity, EngineOptions
from docstra_tui.engine.client.wire import ATTACH_BEAT_SECONDS, Health, Stats
from docstra_tui.errors import EngineDied, EngineError, StrangeEngine
from docstra_tui.settings import Settings

START_SECONDS = 10.0
"""A new engine must answer within this; it takes well under one where nothing else runs."""

POLL_SECONDS = 0.02
"""Between two looks at a new engine's socket."""

ANSWER_SECONDS = 5.0
"""Importing torch holds Python's lock for up to half a second at a time."""

STOP_SECONDS = 6.0
"""After this an engine that was asked to stop is killed; it ends by itself before."""

REAP_SECONDS = 0.5

T = TypeVar("T")


class Engine:
    """A client's handle on one engine process. Every method may be called from any thread."""

    def __init__(
        self,
        identity: EngineIdentity,
        socket: Path,
        log: Path,
        process: subprocess.Popen[bytes] | None = None,
        *,
        lasting: bool = True,
    ) -> None:
        self.identity = identity
        self.socket = socket
        """Where it listens."""
        self.log = log
        """What it wrote."""
        self._process = process
        self._lasting = lasting
        self._lock = threading.Lock()
        self._stay: contact.Stay | None = None

    def __repr__(self) -> str:
        return f"<Engine {self.identity.model} at {self.socket}>"

    @property
    def alive(self) -> bool:
        """True while its process lives."""
        return paths.is_locked(place.lock_path(self.socket))

    def health(self) -> Health:
        """Raises `EngineDied` when it is gone, `StrangeEngine` when its answer cannot be read,
        `EngineError` when it does not answer."""
        return self._decoded(self._ask("/health"), Health)

    def stats(self) -> Stats:
        """Health and figures in one question. Raises as `health`."""
        return self._decoded(self._ask("/docstra/stats"), Stats)

    def attach(self) -> None:
        """Tell the engine that somebody is there, until `detach`, and again when it comes back."""
        with self._lock:
            if self._stay is not None:
                return
            stay = self._stay = contact.Stay(
                self.socket, lasting=self._lasting, timeout=3 * ATTACH_BEAT_SECONDS
            )
        stay.wait(ANSWER_SECONDS)

    def detach(self) -> None:
        """Let go; the engine stays for its idle time."""
        with self._lock:
            stay, self._stay = self._stay, None
        if stay is not None:
            stay.end()

    def stop(self, seconds: float | None = None) -> None:
        """End the process, and return when it is gone: politely at first, by force after `seconds` (None is
        `STOP_SECONDS`). Raises `EngineError` when it will not go.
        """
        seconds = STOP_SECONDS if seconds is None else seconds
        marks = self._marks()
        if marks or self.alive:
            try:
                contact.ask(self.socket, "/docstra/stop", method="POST", timeout=1.0)
            except OSError:  # a socket that is gone is no reason to wait for the end of its patience
                for mark in marks & self._marks():
                    processes.kill(mark, signal.SIGTERM)
            if not self._is_gone(marks, seconds):
                # Looked at again: it may have been too young for a note, and a number may have changed
                # hands. Whoever else has the place by now is not meant.
                now = self._marks()
                for mark in marks & now if marks else now:
                    processes.kill(mark)
                if not self._is_gone(marks, seconds):
                    raise EngineError(
                        f"The engine of {self.identity.name} does not stop.", f"Its log is {self.log}."
                    )
        place.remove_stale(self.socket)

    def _marks(self) -> set[processes.Mark]:
        """The living processes that are this engine: the one that has its lock, and whatever was started
        for its socket; a lock or a socket may be gone while the process hangs on."""
        running = processes.engines_in(self.socket.parent)
        found = {mark for started, mark in running if Path(started.socket) == self.socket}
        note = place.read_note(place.lock_path(self.socket)) if self.alive else None
        mark = processes.mark_of(note.pid) if note is not None else None
        if note is not None and mark is not None and note.started in ("", mark.started):
            found.add(mark)
        return found

    def died(self) -> EngineDied:
        """The error that says how it ended, as far as can be known."""
        code = self._exit_code()
        how = "is gone"
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                how = f"was ended by {signal.Signals(-code).name}"
        if code == -signal.SIGKILL:
            how += " (often: the machine ran out of memory)"
        return EngineDied(f"The engine of {self.identity.name} {how}.", f"Restart it; its log is {self.log}.")

    def log_tail(self, lines: int = 5) -> str:
        """The last lines of its log; empty when there is none."""
        try:
            with open(self.log, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
                text = file.read().decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-lines:])

    def _exit_code(self) -> int | None:
        """None where another process started it: only a parent gets to know."""
        if self._process is None:
            return None
        deadline = time.monotonic() + REAP_SECONDS
        while self._process.returncode is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)  # it lets go of its lock a moment before its end can be read
        return self._process.returncode

    def _decoded(self, body: bytes, shape: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=shape)
        except msgspec.MsgspecError as error:
            whose = f"version {version}" if (version := self.identity.version) != __version__ else "no engine"
            raise StrangeEngine(
                f"What answers for {self.identity.name} cannot be understood: it is {whose}.",
                "Stop it: docstra-tui engine stop.",
            ) from error

    def _ask(self, target: str) -> bytes:
        try:
            return contact.ask(self.socket, target, timeout=ANSWER_SECONDS)
        except OSError as error:
            if self.alive:
                raise EngineError(
                    f"The engine of {self.identity.name} does not answer: {error}.",
                    f"Wait a little, or stop it: docstra-tui engine stop. Its log is {self.log}.",
                ) from error
            raise self.died() from error

    def _is_gone(self, marks: set[processes.Mark], seconds: float) -> bool:
        """True once all of `marks` have ended and the lock is free or another's, within `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # The first thread of a process may be gone while another still holds the lock.
            if not any(map(processes.is_running, marks)) and (
                not self.alive or (marks and self._marks() - marks)
            ):
                return True
            time.sleep(POLL_SECONDS)
        return False


def connect(settings: Settings, *, oneshot: bool = False) -> Engine:
    """The engine that these settings ask for, started when there is none; returns when it answers.

    It may still be loading. One that failed is replaced. Raises `EngineError` (with the log's last
    lines when the process ended), `UnsafePath`.
    """
    identity = EngineIdentity.from_settings(settings)
    engine = Engine(identity, identity.socket, identity.log, lasting=not oneshot)
    paths.private_folder(identity.socket.parent)
    deadline = time.monotonic() + START_SECONDS
    process: subprocess.Popen[bytes] | None = None
    while True:
        health = _answer(engine)
        if health is not None:
            if health.identity != identity:
                raise EngineError(
                    f"The engine at {engine.socket} serves {health.identity.name}, not {identity.name}.",
                    "Stop it: docstra-tui engine stop.",
                )
            if health.state != "failed" or process is not None:
                return engine
            engine.stop()
        if process is None or process.returncode is not None:
            if process is not None and process.returncode != 0:
                raise EngineError(
                    f"The engine ended before it answered.\n{engine.log_tail()}".rstrip(),
                    f"Its log is {engine.log}.",
                )
            # Nobody is there, or the one who was is just leaving (our process saw its lock and ended).
            process = engine._process = starting.start(
                EngineOptions.from_settings(settings, identity, oneshot=oneshot),
                remotes.variables(settings.remotes),
            )
        if time.monotonic() > deadline:
            raise EngineError(
                f"The engine did not answer within {START_SECONDS:.0f} s.", f"Its log is {engine.log}."
            )
        time.sleep(POLL_SECONDS)


def find(settings: Settings) -> Engine | None:
    """The engine that these settings ask for, if it is there and well; none is started. Never raises."""
    identity = EngineIdentity.from_settings(settings)
    engine = Engine(identity, identity.socket, identity.log, lasting=False)
    with contextlib.suppress(EngineError):
        health = _answer(engine)
        if health is not None and health.identity == identity and health.state != "failed":
            return engine
    return None


def _answer(engine: Engine) -> Health | None:
    """Its health, or None while nobody answers."""
    try:
        return msgspec.json.decode(contact.ask(engine.socket, "/health", timeout=ANSWER_SECONDS), type=Health)
    except OSError:
        return None
    except msgspec.MsgspecError as error:
        raise EngineError(
            f"Something that is no engine answers at {engine.socket}.", "Remove it and start again."
        ) from error
