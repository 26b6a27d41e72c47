"""No byte of a text from outside commands the terminal: every source, on the screens that show it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.llm.http.hostile import HostileServer, hostile, response, sends
from tests.pty.answers import CHAT, answer_with, streams
from tests.pty.terminal import Terminal, app

HOSTILE = (
    "\x1b]52;c;UFdORUQ=\x07"  # the clipboard
    "\x1b]0;TITLETPWN\x07"  # the window's title
    "\x1b[2J"  # an empty screen
    "\x0e\x1b(0"  # another character set, twice
    "\x9b31m\x9d52;c;UFdORUQ=\x9c"  # the same in single characters
    "\x1bP+q\x1b\\\x08\x7f\u202e"
    "[@click=app.quit]x[/foo][bold]"
)
SHOWN = "␛"
SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[=>78]|\]22;[a-z-]*\x07)")
"""What Textual sends: control sequences, a few short escapes, and the shape of the mouse pointer."""
COMMANDS = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def assert_harmless(raw: bytes) -> None:
    """Only sequences of Textual's own, and nothing that commands in the text between them."""
    for marker in (b"\x1b]52", b"\x1b]0", b"\x1b(", b"\x1bP", b"\x0e", b"UFdORUQ=\x07", b"TITLETPWN\x07"):
        assert marker not in raw, marker
    text = raw.decode("utf-8", "replace")
    assert "\x1b[2J" not in text
    rest = COMMANDS.search(SEQUENCE.sub("", text))
    assert rest is None, repr(SEQUENCE.sub("", text)[max(0, rest.start() - 40) : rest.end() + 40])


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile() as server:
        yield server


Begin = Callable[..., Terminal]


@pytest.fixture
def begin(project: Path, server: HostileServer) -> Iterator[Begin]:
    opened: list[Terminal] = []

    def begin(*arguments: str) -> Terminal:
        command = app(str(project), "--base-url", server.url, *arguments)
        terminal = Terminal(command, columns=110, rows=36)
        opened.append(terminal)
        terminal.wait_for(lambda text: "ready" in text.splitlines()[-1])
        return terminal

    yield begin
    for terminal in opened:
        terminal.close()


def leave(terminal: Terminal) -> bytes:
    """Everything the program wrote until its end."""
    terminal.send("ctrl+q")
    assert terminal.wait_end(10) == 0
    return bytes(terminal.raw)


def test_file_names_and_file_text(begin: Begin, project: Path) -> None:
    name = HOSTILE.replace("/", ":") + "NAME"
    (project / name).write_text(f"{HOSTILE}\nclass A:\n    '{HOSTILE}'\nEND OF FILE\n")
    (project / f"dir{HOSTILE.replace('/', ':')}").mkdir()
    terminal = begin()
    terminal.wait_for("$'")

    terminal.send("f2", "down", "down", "space")
    terminal.wait_for("bout 1 file")
    terminal.send("enter")
    terminal.wait_for("END OF FILE")
    terminal.send("escape", "/", "NAME")  # the filter shows whole paths

    assert SHOWN in terminal.text
    assert_harmless(leave(terminal))


ANSWER = f"""# {HOSTILE} heading

Prose {HOSTILE} and `code {HOSTILE}` and **{HOSTILE}** and [{HOSTILE}](https://{HOSTILE}) end.

- {HOSTILE}

> {HOSTILE}

| a {HOSTILE} | b |
|---|---|
| {HOSTILE} | c |

```py{HOSTILE}
x = "{HOSTILE}"  # {HOSTILE}
```

THE END
"""


@pytest.mark.parametrize("size", [1, 5, 100_000], ids=["by one", "by five", "at once"])
def test_an_answer_in_pieces_of_every_size(begin: Begin, server: HostileServer, size: int) -> None:
    text = f"<think>{HOSTILE}</think>{ANSWER}"
    answer_with(server, streams([text[at : at + size] for at in range(0, len(text), size)]))
    terminal = begin()

    terminal.send("Tell me", "enter")
    terminal.wait_for("THE END")
    terminal.send("f6", "[", "r")  # as it was written, the thinking above it
    terminal.wait_for("▾ Thought")
    terminal.send("end")
    terminal.wait_for("|---|---|")
    terminal.send("r", "home", "enter")  # the thinking
    terminal.wait_for("▾")
    terminal.send("ctrl+f", "PWN")
    terminal.wait_for(" of ")

    assert SHOWN in terminal.text
    assert_harmless(leave(terminal))


def test_a_saved_session_with_its_title_its_question_and_its_draft(begin: Begin, project: Path) -> None:
    store = SessionStore()
    session = store.create(str(project), HOSTILE)
    item = ContextItem("x = 1\n", path=f"{HOSTILE}.py".replace("/", ":"))
    turn = SavedTurn(f"{HOSTILE} WHY", fields={"question": HOSTILE}, context=(item,), model=HOSTILE)
    store.begin_turn(session, turn)
    turn.answer, turn.status = f"{HOSTILE} BECAUSE", "done"
    store.end_turn(turn.id, turn)
    store.save_draft(session, f"draft {HOSTILE}")
    store.close()
    terminal = begin()

    terminal.send("f3")
    terminal.wait_for("Open session")
    terminal.wait_for(SHOWN)
    terminal.send("enter")
    terminal.wait_for("WHY")
    terminal.wait_for("BECAUSE")
    terminal.wait_for("draft")

    assert SHOWN in terminal.text
    assert_harmless(leave(terminal))


def failure() -> bytes:
    return json.dumps({"error": {"message": f"SAID {HOSTILE}", "type": HOSTILE}}).encode()


@pytest.mark.parametrize("form", ["a response", "an event"])
def test_what_a_server_says_is_wrong(begin: Begin, server: HostileServer, form: str) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    said = {
        "a response": response(failure(), "500 Internal Server Error"),
        "an event": head + b"data: " + failure() + b"\n\n",
    }
    server.on(CHAT, sends(said[form]))
    terminal = begin()

    terminal.send("Tell me", "enter")
    terminal.wait_for("SAID")

    assert_harmless(leave(terminal))


def test_the_name_that_a_server_gives_its_model(begin: Begin, server: HostileServer) -> None:
    models = {"data": [{"id": f"MODEL{HOSTILE}", "max_model_len": 4096}]}
    server.on("/v1/models", sends(response(json.dumps(models).encode())))
    answer_with(server, streams(["an answer"]))
    terminal = begin()

    terminal.send("Tell me", "enter")
    terminal.wait_for("an answer")

    assert_harmless(leave(terminal))
