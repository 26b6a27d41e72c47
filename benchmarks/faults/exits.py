"""Ways out while a question waits: what the next start finds of it.

Each way out of the full screen is taken twice: while the model is still being waited for, and while another
answer is written. The inline chat asks only while it loads; nothing can be sent there during an answer.
The question has to stand in the composer again, once, and must not have been sent by itself.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import Report
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.workspace.turns.waiting import bring_back
from tests.fakes import FakeLLM
from tests.llm.http.hostile import MODELS, HostileServer, hostile, response, sends, sends_and_stalls
from tests.pty.answers import CHAT, piece_event
from tests.pty.terminal import Terminal

NAME = "ways out with a waiting question"
QUESTION = "What is still unanswered?"
FIRST = "Tell me a long story"

PROGRAM = """
import signal, sys
from docstra_tui.cli import main
def crash(*_):
    raise RuntimeError("an exception on the screen's thread")
signal.signal(signal.SIGUSR1, crash)
sys.exit(main(sys.argv[1:]))
"""

Way = Callable[[Terminal, HostileServer, threading.Event], object]
"""On the terminal, with the server and what it waits for before it goes on."""


def _signal(number: int) -> Way:
    return lambda terminal, server, gate: os.kill(terminal.process.pid, number)


def _keys(*keys: str) -> Way:
    return lambda terminal, server, gate: terminal.send(*keys)


def _interrupt_twice(terminal: Terminal, server: HostileServer, gate: threading.Event) -> None:
    """The first gives the question back into the composer; then it is no empty one, and nobody leaves."""
    terminal.send("ctrl+c")
    terminal.wait_for(lambda text: f"❯ {QUESTION}" in text)
    terminal.send("ctrl+c")
    os.kill(terminal.process.pid, signal.SIGKILL)


def _lose_the_server(terminal: Terminal, server: HostileServer, gate: threading.Event) -> None:
    server.on("/v1/models", sends(b""))
    server.on(CHAT, sends(b""))
    gate.set()
    terminal.wait_for(lambda text: "failed" in text.splitlines()[-1] or f"❯ {QUESTION}" in text)
    os.kill(terminal.process.pid, signal.SIGKILL)


def _fill_the_disk(terminal: Terminal) -> None:
    """From now on no file grows: neither the saved sessions nor their journal."""
    resource.prlimit(terminal.process.pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))


def _suspend(terminal: Terminal, server: HostileServer, gate: threading.Event) -> None:
    os.kill(terminal.process.pid, signal.SIGSTOP)
    os.kill(terminal.process.pid, signal.SIGKILL)


def _interrupt_and_kill(terminal: Terminal, server: HostileServer, gate: threading.Event) -> None:
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.wait_for("Not sent")
    os.kill(terminal.process.pid, signal.SIGKILL)


CHAT_OUT: dict[str, Way] = {
    "sigint": _interrupt_and_kill,
    "disk_full": lambda terminal, server, gate: os.kill(terminal.process.pid, signal.SIGTERM),
}
WAYS: dict[str, Way] = {
    "ctrl_q": _keys("ctrl+q"),
    "f10": _keys("\x1b[21~"),
    "ctrl_c_twice": _interrupt_twice,
    "sigterm": _signal(signal.SIGTERM),
    "sighup": _signal(signal.SIGHUP),
    "sigint": _signal(signal.SIGINT),
    "kill_9": _signal(signal.SIGKILL),
    "terminal_closed": lambda terminal, server, gate: terminal.hang_up(),
    "server_dies": _lose_the_server,
    "disk_full": _keys("ctrl+q"),
    "suspended_and_killed": _suspend,
    "crash": _signal(signal.SIGUSR1),
}
CHAT_WAYS = (
    "sigterm",
    "sighup",
    "sigint",
    "kill_9",
    "terminal_closed",
    "disk_full",
    "suspended_and_killed",
    "crash",
)
"""There Ctrl+C gives a question back into the prompt, which is what SIGINT is."""

BEFORE: dict[str, Callable[[Terminal], object]] = {"disk_full": _fill_the_disk}
"""What happens just before the question is asked."""
SHOWN = ("ctrl_q", "kill_9", "crash")
"""After these the program is started again and looked at; after the others the store is asked."""


def _before(name: str) -> Callable[[Terminal], object]:
    return BEFORE.get(name, lambda terminal: None)


@contextmanager
def program(base: Path, server: HostileServer, *arguments: str, face: str = "") -> Iterator[Terminal]:
    """A face over an empty folder, with places of its own, in front of the server."""
    root = base / "project"
    root.mkdir(exist_ok=True)
    words = [*([face] if face else []), str(root), "--base-url", server.url, *arguments]
    terminal = Terminal(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=root,
        env=places(base),
        columns=100,
        rows=24,
        answers=bool(face),
    )
    try:
        yield terminal
    finally:
        terminal.close()


def places(base: Path) -> dict[str, str]:
    """Where a program of ours keeps everything."""
    names = ("RUNTIME", "STATE", "CONFIG", "CACHE")
    return {f"DOCSTRA_{name}_DIR": str(base / name.lower()) for name in names} | {"TMPDIR": str(base)}


def wait_with_a_question(
    terminal: Terminal, is_answering: bool, before: Callable[[Terminal], object]
) -> None:
    """Bring the program to where a question waits."""
    if is_answering:
        terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
        terminal.send(FIRST, "enter")
        terminal.wait_for("Once upon")
    else:
        terminal.wait_for("Ask anything")
    before(terminal)
    terminal.send(QUESTION, "enter")
    terminal.wait_for(lambda text: f"waits: {QUESTION}" in text or f"ready: {QUESTION}" in text)


def leave_chat(base: Path, name: str) -> tuple[list[str], bool]:
    """The same for the inline chat."""
    gate = threading.Event()
    with hostile() as server:
        server.on("/v1/models", sends_and_stalls(gate))
        try:
            with program(base, server, face="chat") as terminal:
                terminal.wait_for("leaves.")
                _before(name)(terminal)
                terminal.send(QUESTION, "enter")
                terminal.wait_for(lambda text: "loading" in text.partition(f"> {QUESTION}")[2])
                CHAT_OUT.get(name, WAYS[name])(terminal, server, gate)
                terminal.wait_end(15)
        finally:
            gate.set()
        return found_again(base), any(CHAT.encode() in request for request in server.requests)


def found_again(base: Path) -> list[str]:
    """What the next start has of the question: `composer`, `turn`, `copy`, each as often as it is there."""
    store = SessionStore(base / "state" / "sessions.db")
    found = []
    try:
        for summary in store.sessions():
            session = ChatSession.resume(FakeLLM(), store, summary.id)
            found += ["turn" for turn in session.turns if turn.question == QUESTION]
            bring_back(session)
            found += ["composer"] * session.draft.count(QUESTION)
    finally:
        store.close()
    if not found:
        found += ["copy" for copy in base.glob("docstra-tui-*.md") if QUESTION in copy.read_text()]
    return found


def shown_again(base: Path, server: HostileServer) -> bool:
    """Whether the next start has the question in the composer, and in no other line."""
    with program(base, server, "--resume") as terminal:
        text = terminal.wait_for(lambda text: QUESTION in text and "ready" in text.splitlines()[-1])
        terminal.send("ctrl+q")
        terminal.wait_end(15)
    return f"❯ {QUESTION}" in text and text.count(QUESTION) == 1


def leave(base: Path, name: str, is_answering: bool) -> tuple[list[str], bool]:
    """Take one way out; what is found of the question, and whether it was sent by itself."""
    gate = threading.Event()
    with hostile() as server:
        if is_answering:
            server.on(
                CHAT,
                sends_and_stalls(
                    gate,
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
                    + piece_event("Once upon a time "),
                ),
            )
        else:
            server.on("/v1/models", sends_and_stalls(gate))
        try:
            with program(base, server) as terminal:
                wait_with_a_question(terminal, is_answering, _before(name))
                WAYS[name](terminal, server, gate)
                terminal.wait_end(15)
        finally:
            gate.set()
        server.on("/v1/models", sends(response(MODELS)))
        is_shown = name not in SHOWN or shown_again(base, server)
        was_sent = any(
            QUESTION.encode() in request for request in server.requests if CHAT.encode() in request
        )
        return found_again(base) if is_shown else [], was_sent


def count(report: Report) -> None:
    """All ways, from both places."""
    lost = twice = sent = 0
    for is_answering in (False, True):
        place = "answering" if is_answering else "loading"
        for name in WAYS:
            with tempfile.TemporaryDirectory(prefix="dt-exit-") as folder:
                found, was_sent = leave(Path(folder), name, is_answering)
            lost += not found
            twice += len(found) > 1
            sent += was_sent
            if len(found) != 1 or was_sent:
                report.add(f"exit_{place}_{name}", len(found), f"{place}, {name}: found in {found}", "1")
    for name in CHAT_WAYS:
        with tempfile.TemporaryDirectory(prefix="dt-exit-") as folder:
            found, was_sent = leave_chat(Path(folder), name)
        lost += not found
        twice += len(found) > 1
        sent += was_sent
        if len(found) != 1 or was_sent:
            report.add(f"exit_chat_{name}", len(found), f"chat, {name}: found in {found}", "1")
    report.add("exits", 2 * len(WAYS) + len(CHAT_WAYS), "ways out with a waiting question", "")
    report.add("exits_questions_lost", lost, "of them lost the question", "0")
    report.add("exits_questions_twice", twice, "of them showed it twice", "0")
    report.add("exits_questions_sent", sent, "of them sent it unseen", "0")
