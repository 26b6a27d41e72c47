"""Files as context on a real terminal, with a real engine: counted, read ahead, reused, made to fit."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from docstra_tui import paths
from tests.pty.conftest import Start
from tests.pty.terminal import KEYS, Terminal
from tests.pty.test_app import is_ready
from tests.tiny_models import make_endless

pytestmark = pytest.mark.alone  # an engine that reads ahead in its time

WINDOW = 4096

KEYS.setdefault("f8", "\x1b[19~")


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama with a small window that never ends an answer by itself."""
    return make_endless(tmp_path_factory.mktemp("small-model") / "small", window=WINDOW)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two files that fit, and one that does not fit beside them but has an outline."""
    root = tmp_path / "files"
    root.mkdir()
    for name, count in (("aa.py", 60), ("bb.py", 60), ("cc.py", 200)):
        lines = [f"def {name[:2]}_{number}(value):\n    return value + {number}\n" for number in range(3)]
        body = "".join(f"    value_{number} = call_{number}({number}, value)\n" for number in range(count))
        (root / name).write_text(
            "\n".join(lines) + f"\ndef long_{name[:2]}(value):\n{body}    return value\n"
        )
    return root


def last(text: str) -> str:
    return text.splitlines()[-1]


def cached_share(text: str) -> int:
    found = re.search(r"(\d+)% cached(?!…)", last(text))
    return int(found[1]) if found else 0


def turns() -> list[tuple[str, int, int, list[str]]]:
    """What the store has of each turn: status, prompt tokens, reused tokens, what was left out."""
    with sqlite3.connect(f"file:{paths.state_dir() / 'sessions.db'}?mode=ro", uri=True) as db:
        rows = db.execute("select status, prompt_tokens, reused_tokens, left_out from turns order by asked")
        return [(status, prompt, reused, json.loads(left)) for status, prompt, reused, left in rows]


def ask(terminal: Terminal, question: str) -> None:
    """Ask, and wait for the end of the answer."""
    before = len(turns()) if (paths.state_dir() / "sessions.db").exists() else 0
    terminal.send(question, "enter")
    ends = ("done", "cancelled", "failed")
    terminal.wait_for(lambda text: len(done := turns()) > before and done[-1][0] in ends)
    terminal.wait_for(is_ready)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_ticked_files_are_counted_read_ahead_reused_and_made_to_fit(
    start: Start, files: Path, small_model: Path, columns: int, rows: int
) -> None:
    model = ("--model", str(small_model), "--max-tokens", "24")
    terminal = start(*model, root=files, columns=columns, rows=rows)
    terminal.wait_for(is_ready, 60)
    terminal.wait_for("cc.py")
    terminal.send("f2", "space", "down", "space", "f2")
    terminal.wait_for("about 2 files")
    terminal.wait_for(lambda text: cached_share(text) >= 90)
    assert re.search(r"[\d.]+k / 4k tokens", last(terminal.text))

    # Both questions begin where the files end: nothing of these is read again.
    ask(terminal, "Why?")
    terminal.wait_for(lambda text: cached_share(text) >= 90)
    ask(terminal, "And then?")
    (_, first, reused_first, _), (_, second, reused_second, _) = turns()
    assert reused_first > 0.9 * first and reused_second > 0.9 * second

    # To the letter.
    terminal.send("f8")
    terminal.wait_for("are reused up to here")
    terminal.send("escape")
    terminal.wait_for(lambda text: "reused up to here" not in text)

    # A third file is too much, and that is settled by keys alone.
    terminal.send("f2", "down", "space", "f2")
    terminal.wait_for("too many")
    terminal.send("What is in cc?", "enter")
    terminal.wait_for("What is sent")
    terminal.wait_for(lambda text: "suggested" in text and "free" in text and "≈" not in text)
    assert len(turns()) == 2
    terminal.send("a")
    terminal.wait_for("too many")
    terminal.send("escape")
    terminal.wait_for(lambda text: "What is sent" not in text and "What is in cc?" in text)
    terminal.send("enter")
    terminal.wait_for(lambda text: "suggested" in text and "free" in text and "≈" not in text)
    terminal.send("enter")
    terminal.wait_for(lambda text: len(turns()) == 3 and turns()[-1][0] == "done")
    _, third, _, left_out = turns()[-1]
    assert left_out and third + 512 <= WINDOW
    terminal.wait_for("not sent:")
    terminal.send("ctrl+q")
    assert terminal.wait_end(10) == 0
