"""kill -9 at random moments around an answer: what was accepted and what came in has to be on the disk.

A server on this machine writes the same answer each time and remembers when each piece went out; the full
screen on a real terminal asks for it and is killed somewhere from the Enter to just after the end.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.exits import places
from benchmarks.report import Report
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import PART_SECONDS, SessionStore
from docstra_tui.session.turns import SavedTurn
from docstra_tui.workspace.turns.waiting import bring_back
from tests.fakes import FakeLLM
from tests.llm.http.hostile import SSE, HostileServer, hostile
from tests.pty.answers import CHAT, end_events, piece_event
from tests.pty.terminal import Terminal, app

NAME = "kills around an answer"
KILLS = 60
PIECES, RATE = 80, 40.0
"""Pieces of the answer, and how many a second."""
AROUND_SECONDS = PIECES / RATE + 0.5
SLACK_SECONDS = 0.5
"""On top of the interval in which a growing answer is saved: the way through a busy machine to the disk."""


@dataclass
class Writing:
    """An answer, and when each of its pieces went out."""

    sent: list[tuple[float, str]] = field(default_factory=list)

    def act(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(SSE)
        for number in range(PIECES):
            piece = f"word{number} "
            connection.sendall(piece_event(piece))
            self.sent.append((time.monotonic(), piece))
            time.sleep(1 / RATE)
        connection.sendall(end_events(PIECES))

    def age_of_what_lacks(self, answer: str, now: float) -> float:
        """Seconds since the first piece that `answer` lacks went out; 0 where it has all of them."""
        whole = ""
        for moment, piece in self.sent:
            whole += piece
            if moment <= now and not answer.startswith(whole):
                return now - moment
        return 0.0


@dataclass(frozen=True)
class Left:
    """What one kill left behind."""

    is_accepted: bool
    """The screen showed the question as one that waits or is asked."""
    times_found: int
    """In the composer of the next start, or as a turn."""
    lacks_seconds: float
    """Age of the oldest piece that is not on the disk."""


def kill(base: Path, server: HostileServer, number: int, delay: float) -> Left:
    """Ask, kill after `delay` seconds, and look."""
    question = f"Question {number} of many?"
    writing = Writing()
    server.on(CHAT, writing.act)
    root = base / f"project{number}"
    root.mkdir()
    terminal = Terminal(app(str(root), "--base-url", server.url), cwd=root, env=places(base), rows=24)
    try:
        terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
        terminal.send(question, "enter")
        time.sleep(delay)
        shown = terminal.text
        os.kill(terminal.process.pid, signal.SIGKILL)
        now = time.monotonic()
        terminal.wait_end(10)
    finally:
        terminal.close()
    is_accepted = question in shown and f"❯ {question}" not in shown and "is being saved" not in shown
    times, turn = look(base, root, question)
    return Left(is_accepted, times, writing.age_of_what_lacks(turn.answer if turn is not None else "", now))


def look(base: Path, root: Path, question: str) -> tuple[int, SavedTurn | None]:
    """How often the next start has the question, and the turn that it became."""
    store = SessionStore(base / "state" / "sessions.db")
    times, found = 0, None
    try:
        for summary in store.sessions(str(root)):
            session = ChatSession.resume(FakeLLM(), store, summary.id)
            turns = [turn for turn in session.turns if turn.question == question]
            found = turns[0] if turns else found
            bring_back(session)
            times += len(turns) + session.draft.count(question)
    finally:
        store.close()
    return times, found


def is_whole(path: Path) -> bool:
    """Whether SQLite finds nothing wrong with the file, and none was set aside."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        [[found]] = connection.execute("PRAGMA integrity_check(1)").fetchall()
    return found == "ok" and not list(path.parent.glob("*.corrupt-*"))


def count(report: Report) -> None:
    """All kills, one after the other, into one file of sessions."""
    chance = random.Random(8)
    left: list[Left] = []
    damaged = 0
    with tempfile.TemporaryDirectory(prefix="dt-kill-") as folder, hostile() as server:
        for number in range(KILLS):
            left.append(kill(Path(folder), server, number, chance.uniform(0.0, AROUND_SECONDS)))
            damaged += not is_whole(Path(folder) / "state" / "sessions.db")
    accepted = [one for one in left if one.is_accepted]
    late = [one for one in left if one.lacks_seconds > PART_SECONDS + SLACK_SECONDS]
    report.add("kills", KILLS, "kills -9 around an answer", "")
    report.add("kills_accepted", len(accepted), "of them after the question was accepted", "")
    report.add("kills_questions_lost", sum(not one.times_found for one in accepted), "of these lost it", "0")
    report.add("kills_questions_twice", sum(one.times_found > 1 for one in left), "showed it twice", "0")
    report.add("kills_text_lost", len(late), "lost text older than the interval of saving", "0")
    oldest = max(one.lacks_seconds for one in left)
    report.add("kills_oldest_text_lost_s", oldest, "age of the oldest text that was lost, in s", "1.5")
    report.add("kills_stores_damaged", damaged, "left a damaged file of sessions", "0")
