"""Several programs write one file, and any of them may be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.fakes import FakeLLM
from tests.session.stored import PROJECT, on_disk


def test_a_dead_writers_answer_was_interrupted_and_a_living_ones_is_left_alone(path: Path) -> None:
    living = SessionStore()
    session_id = living.create("/p", "m")
    living.begin_turn(session_id, turn := SavedTurn("mine"))
    script = (
        "import os\nfrom docstra_tui.session.store.sessions import SessionStore\n"
        "from docstra_tui.session.turns import SavedTurn\n"
        "s = SessionStore(); t = SavedTurn('theirs'); s.begin_turn(s.create('/p', 'm'), t)\n"
        "s.add_thought(t.id, 'Hm, ', 0.0); s.add_thought(t.id, 'yes', 1.5); s.flush()\n"
        "s.add_piece(t.id, 'half'); s.flush(); os.kill(os.getpid(), 9)"
    )
    died = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL

    other = SessionStore()
    other.sessions()
    assert on_disk(path) == [("mine", "", "streaming"), ("theirs", "half", "interrupted")]
    assert on_disk(path, "SELECT thinking, thinking_s FROM turns ORDER BY asked") == [
        ("", None),
        ("Hm, yes", 1.5),
    ]
    living.add_piece(turn.id, "still here")
    assert living.flush()
    living.close()
    assert on_disk(path)[0] == ("mine", "still here", "interrupted")
    other.close()


TALK = """
import sys
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
store = SessionStore()
session_id = store.create("/p", "m")
print("session", session_id, flush=True)
number = 0
while True:
    turn = SavedTurn(f"question {number}")
    store.begin_turn(session_id, turn)
    print("asked", number, flush=True)
    for piece in range(20):
        store.add_piece(turn.id, f"{piece} ")
    turn.answer, turn.status = "".join(f"{piece} " for piece in range(20)), "done"
    store.end_turn(turn.id, turn)
    number += 1
"""


@pytest.mark.parametrize("after", [0, 1, 7, 40])
def test_kill_9_loses_no_question(after: int, path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", TALK], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    last = -1
    for line in process.stdout:
        if line.startswith("asked"):
            last = int(line.split()[1])
            if last >= after:
                break
    process.kill()
    last = max([last, *(int(line.split()[1]) for line in process.stdout if line.startswith("asked "))])
    process.wait(10)
    process.stdout.close()

    store = SessionStore()
    turns = store.load("last").turns
    assert [turn.question for turn in turns][: last + 1] == [f"question {n}" for n in range(last + 1)]
    assert {turn.status for turn in turns} <= {"done", "interrupted"}
    assert sum(turn.status == "interrupted" for turn in turns) <= 2
    assert on_disk(path, "PRAGMA integrity_check") == [("ok",)]
    assert store.problem is None and store.notice is None
    store.close()


THINK = """
import threading
from pathlib import Path
from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from tests.fakes import FakeLLM
gate, llm, store = threading.Semaphore(0), FakeLLM(), SessionStore()
llm.enqueue(*EVENTS, "never comes", gate=gate)
running = ChatSession(llm, Path("/p"), store).ask("How often?")
threading.Thread(target=list, args=(running,), daemon=True).start()
gate.release(len(EVENTS))
while running.turn.thinking + running.turn.answer != SAID:
    pass
while store.is_behind(running.turn.id):
    pass  # as any other word: within a second
print("said", flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("events", "thinking", "answer"),
    [
        ("[Thought('Let me '), Thought('see.')]", "Let me see.", ""),
        ("[Thought('Let me see.'), 'It is']", "Let me see.", "It is"),
        ("['Let me ', 'see.', Reframed()]", "Let me see.", ""),
    ],
)
def test_kill_9_while_it_thinks_keeps_what_was_thought(events: str, thinking: str, answer: str) -> None:
    script = THINK.replace("EVENTS", events).replace("SAID", repr(thinking + answer))
    process = subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "said\n"
    process.kill()
    process.wait(10)
    process.stdout.close()

    store = SessionStore()
    session = ChatSession.resume(llm := FakeLLM("Twice."), store, "last")
    [turn] = session.turns
    assert (turn.thinking, turn.answer, turn.status) == (thinking, answer, "interrupted")
    list(session.ask("And now?"))
    store.close()
    assert "see." not in str(llm.calls[-1].messages)


APPEND = """
import sys
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
store = SessionStore()
session_id = store.create("/p", sys.argv[1])
for number in range(int(sys.argv[2])):
    turn = SavedTurn(str(number), asked=1000.0 + number)
    store.begin_turn(session_id, turn)
    assert store.problem is None, store.problem
    turn.answer, turn.status = str(number), "done"
    store.end_turn(turn.id, turn)
store.close()
print(store.problem)
"""


def test_two_processes_write_at_once(path: Path) -> None:
    count = 150
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, name, str(count)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "other")
    ]
    for writer in writers:
        out, _ = writer.communicate(timeout=100)
        assert (writer.returncode, out.strip()) == (0, "None")
    store = SessionStore()
    found = store.sessions()
    assert sorted((one.model, one.turns) for one in found) == [("one", count), ("other", count)]
    for one in found:
        turns = store.load(one.id).turns
        assert [turn.question for turn in turns] == [str(number) for number in range(count)]
        assert {turn.status for turn in turns} == {"done"}
    assert on_disk(path, "PRAGMA journal_mode") == [("delete",)]
    store.close()
