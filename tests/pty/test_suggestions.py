"""A project that nobody knows, on a real terminal: a question is typed, two of the files that are offered are
ticked by keyboard, and it is asked about them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from docstra_tui import paths
from tests.pty.conftest import Start
from tests.pty.terminal import Terminal
from tests.pty.test_app import is_answering, is_ready

QUESTION = "How is a cookie signed, and when does it expire?"


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    """Two files that answer, one that may not be looked into, and many that are about other things."""
    root = tmp_path / "unknown"
    (root / "shop").mkdir(parents=True)
    (root / "build").mkdir()
    for number in range(40):
        (root / "shop" / f"part_{number}.py").write_text(f"def price_{number}(order):\n    return {number}\n")
    (root / "shop" / "signing.py").write_text(
        'def sign_cookie(value, key):\n    """A cookie is signed with the key of the shop."""\n'
        "    return key + value\n"
    )
    (root / "shop" / "expiry.py").write_text(
        "COOKIE_SECONDS = 600  # after which a signed cookie does expire\n\n\ndef expire(cookie):\n    pass\n"
    )
    (root / "build" / "cookie.py").write_text("def sign_cookie_expire():\n    pass\n")
    (root / ".gitignore").write_text("build/\n")
    return root


def rule(terminal: Terminal) -> str:
    """The line above the composer."""
    at = next(number for number, line in enumerate(terminal.lines) if "❯" in line)
    return terminal.lines[at - 1]


@pytest.mark.usefixtures("kept_engine")
def test_two_files_are_ticked_by_keyboard_and_asked_about(start: Start, unknown: Path) -> None:
    terminal = start(root=unknown)
    terminal.wait_for(is_ready, 100)  # an engine that starts is nice, and other tests are not
    terminal.send(QUESTION)
    terminal.wait_for(lambda _: "Ctrl+N" in rule(terminal) and "index" not in rule(terminal))
    assert "signing.py" in rule(terminal) and "expiry.py" in rule(terminal)

    terminal.send("\x0e", " ", "down", " ")  # as fast as SSH may deliver it
    terminal.wait_for("2 ticked · ")
    assert "build/cookie.py" not in terminal.text
    terminal.wait_for(lambda text: "☑ shop/signing.py" in text and "☑ shop/expiry.py" in text)
    terminal.send("enter")
    terminal.wait_for(is_answering)
    terminal.send("escape")
    terminal.wait_for("stopped · expiry.py, signing.py")

    with sqlite3.connect(f"file:{paths.state_dir() / 'sessions.db'}?mode=ro", uri=True) as db:
        ((question,),) = db.execute("select question from turns").fetchall()
    assert question == QUESTION
