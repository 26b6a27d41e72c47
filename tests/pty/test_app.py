"""The real app on a real terminal: what a person at the keys would see."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from pathlib import Path

import psutil
import pytest

from docstra_tui import paths
from tests.conftest import engines_below
from tests.pty.conftest import Start
from tests.pty.terminal import Terminal

QUIT_SECONDS = 2.0
BESIDE_OTHERS = 100.0
"""Seconds for an engine's start: it is nice, and other tests are not."""

measured = pytest.mark.alone  # how long it takes to leave, or to start twice
REPOSITORY = Path(__file__).resolve().parent.parent.parent


def is_ready(text: str) -> bool:
    return bool(re.search(r"^ ?ready", text.splitlines()[-1]))


def is_answering(text: str) -> bool:
    return bool(re.search(r"^ ?answering", text.splitlines()[-1]))


def written(text: str) -> int:
    """Lines of the conversation pane that hold something."""
    return sum(1 for line in text.splitlines()[2:-4] if line[36:].strip())


def wait_until_it_writes(terminal: Terminal) -> None:
    """An answer is coming, and some of it is on the screen."""
    terminal.wait_for(is_answering)
    before = written(terminal.text)
    terminal.wait_for(lambda text: written(text) > before or "reading" not in text)


def answers() -> list[tuple[str, str]]:
    """What the store has: (status, answer) of every turn."""
    path = paths.state_dir() / "sessions.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute("select status, answer from turns order by id").fetchall()


@measured
def test_a_file_is_ticked_asked_about_answered_stopped_and_left(start: Start, own_places: Path) -> None:
    terminal = start(root=REPOSITORY)
    terminal.wait_for("Ask")  # the first frame comes while the model loads
    terminal.wait_for(is_ready, 60)

    terminal.wait_for("SECURITY.md")
    terminal.send("f2", "end", "space", "f2")  # in one burst, as a slow link delivers it
    terminal.wait_for("☑ SECURITY.md")
    terminal.wait_for("about 1 file")

    terminal.send("How often does it retry?", "enter")
    terminal.wait_for("How often does it retry?")
    wait_until_it_writes(terminal)
    terminal.send("escape")
    terminal.wait_for(lambda text: "stopped" in text and not is_answering(text))

    terminal.send("And then?", "enter")
    wait_until_it_writes(terminal)
    began = time.monotonic()
    terminal.send("ctrl+q")
    code = terminal.wait_end(10)

    assert code == 0
    assert time.monotonic() - began < QUIT_SECONDS + 1
    assert terminal.modes_left_on() == set()
    assert terminal.line_settings() == list(terminal.attributes)
    assert "engine stop" in terminal.text  # what stays loaded, and how to free it
    assert engines_below(own_places), "the engine stays hot"
    assert [status for status, _ in answers()] == ["cancelled", "cancelled"]


@measured
def test_the_terminal_closes_in_an_answer_and_the_second_start_goes_on(
    start: Start, own_places: Path
) -> None:
    first = start()
    first.wait_for(is_ready, 60)
    first.send("Tell me everything", "enter")
    wait_until_it_writes(first)
    time.sleep(1.2)  # a part answer is saved every second
    first.hang_up()

    first.wait_end(5)
    status, part = answers()[-1]
    (engine,) = engines_below(own_places)
    second = start("--resume", rows=200)  # all of the answer fits, however much was written
    began = time.monotonic()
    second.wait_for("Tell me everything")
    second.wait_for(is_ready, 10)

    assert status in ("cancelled", "interrupted")
    assert part
    assert time.monotonic() - began < 10
    assert [process.pid for process in engines_below(own_places)] == [engine.pid]
    second.send("ctrl+q")
    assert second.wait_end(10) == 0


@measured
@pytest.mark.usefixtures("kept_engine")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_saves_restores_and_leaves(start: Start, name: str) -> None:
    number = signal.Signals[name]
    terminal = start()
    terminal.wait_for(is_ready, 60)
    terminal.send("Go on and on", "enter")
    wait_until_it_writes(terminal)

    began = time.monotonic()
    os.kill(terminal.process.pid, number)
    code = terminal.wait_end(10)

    assert code == 128 + number
    assert time.monotonic() - began < 4
    assert terminal.modes_left_on() == set()
    assert answers()[-1][0] in ("cancelled", "interrupted")


@measured
def test_leaving_while_the_model_loads_takes_two_seconds_at_most(start: Start) -> None:
    terminal = start()
    terminal.wait_for("Ask")

    began = time.monotonic()
    terminal.send("ctrl+q")
    code = terminal.wait_end(10)

    assert code == 0
    assert time.monotonic() - began < QUIT_SECONDS + 1
    assert terminal.modes_left_on() == set()


@measured
def test_an_engine_that_dies_is_said_and_can_be_restarted(start: Start, own_places: Path) -> None:
    terminal = start()
    terminal.wait_for(is_ready, 60)
    terminal.send("Say a lot", "enter")
    wait_until_it_writes(terminal)

    for engine in engines_below(own_places):
        engine.kill()
    terminal.wait_for(lambda text: "failed" in text.splitlines()[-1])
    terminal.wait_for("Say a lot")  # what was said stays
    psutil.wait_procs(engines_below(own_places), timeout=5)
    terminal.send("f9")
    terminal.wait_for(is_ready, 60)

    terminal.send("Once more", "enter")
    wait_until_it_writes(terminal)
    terminal.send("ctrl+q")
    assert terminal.wait_end(10) == 0


def test_a_wrong_model_name_is_one_sentence_and_a_way_on(start: Start) -> None:
    terminal = start("--model", "/nowhere/at/all")

    text = terminal.wait_for(lambda text: "failed" in text.splitlines()[-1], BESIDE_OTHERS)

    assert "/nowhere/at/all" in text.replace("\n", "")
    terminal.send("ctrl+q")
    assert terminal.wait_end(10) == 0


HOSTILE = "\x1b]52;c;UFdORUQ=\x07\x1b]0;TITLE\x07\x1b[2J\x9b31m[@click=app.quit]x"


@pytest.mark.usefixtures("kept_engine")
def test_no_control_byte_of_a_file_reaches_the_terminal(start: Start, project: Path) -> None:
    (project / "a\x1b]0;TITLE\x07.txt").write_text(HOSTILE)
    terminal = start()
    terminal.wait_for(is_ready, BESIDE_OTHERS)

    terminal.send("f2", "down", "enter")
    terminal.wait_for("click=app.quit")
    terminal.send("escape", "ctrl+q")
    terminal.wait_end(10)

    raw = bytes(terminal.raw)
    assert b"UFdORUQ" not in raw.replace(b"\\", b"") or b"\x1b]52" not in raw
    assert b"\x1b]0;TITLE" not in raw
    assert b"\x1b[2J\xc2\x9b" not in raw
    assert "\x9b".encode() not in raw


@pytest.mark.usefixtures("kept_engine")
def test_leaving_with_turns_that_no_disk_has_says_so_keeps_a_copy_and_ends_with_1(
    start: Start, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    terminal = start(TMPDIR=str(copies), DOCSTRA_STATE_DIR=str(_full_disk(tmp_path)))
    terminal.wait_for(is_ready, BESIDE_OTHERS)
    terminal.send("Remember the milk", "enter")
    wait_until_it_writes(terminal)
    terminal.send("escape")
    terminal.wait_for("stopped")
    terminal.send("ctrl+q")

    assert terminal.wait_end(10) == 1
    assert "NOT SAVED" in terminal.text
    (copy,) = copies.glob("*.md")
    assert copy.name in terminal.text.replace("\n", "")
    assert "Remember the milk" in copy.read_text()
    assert terminal.modes_left_on() == set()


def _full_disk(tmp_path: Path) -> Path:
    """A state folder in which no database can be opened."""
    folder = tmp_path / "state-full"
    (folder / "sessions.db").mkdir(parents=True)
    folder.chmod(0o700)
    return folder


def test_where_nothing_can_be_saved_the_app_starts_and_says_so(start: Start, tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.touch()
    state = str(in_the_way / "state")
    terminal = start(DOCSTRA_STATE_DIR=state, DOCSTRA_REMOTE_BASE_URL="http://127.0.0.1:9/v1")
    terminal.wait_for("NOT SAVED")
    terminal.send("ctrl+q")
    assert terminal.wait_end(10) == 0
    assert paths.runtime_dir().joinpath("logs").is_dir(), "what goes wrong is still logged"
