"""The user's own editor on a real terminal: it has the keys, what it saves comes back, also after kill -9."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.llm.http.hostile import hostile
from tests.pty.answers import answer_with, streams
from tests.pty.terminal import Terminal, app

EDITOR = """#!/bin/sh
# says what it got, adds each line that is typed, saves at once; an empty line ends it
printf '\\033[2J\\033[H'; echo "THE EDITOR HAS:"; cat "$1"
while read -r line && [ -n "$line" ]; do echo "$line" >>"$1"; echo "saved $line"; done
printf '\\033[2J\\033[H'
"""


@pytest.fixture
def editor(tmp_path: Path) -> dict[str, str]:
    """What names it in the environment."""
    script = tmp_path / "editor"
    script.write_text(EDITOR)
    script.chmod(0o700)
    return {"VISUAL": str(script)}


@pytest.mark.parametrize("face", [(), ("chat",)], ids=["full screen", "inline chat"])
def test_what_an_editor_saved_comes_back_whatever_ends(
    face: tuple[str, ...], project: Path, editor: dict[str, str]
) -> None:
    with hostile() as server:
        answer_with(server, streams(["Seen."]))
        command = app(*face, str(project), "--base-url", server.url)
        first = Terminal(command, env=editor, answers=bool(face))
        try:
            first.wait_for("ready")
            first.send("Why?", "ctrl+g")
            first.wait_for("THE EDITOR HAS:")
            first.send("one\n")
            first.wait_for("saved one")
            first.send("ctrl+c")  # for the editor alone, which it ends
            first.wait_for(lambda text: "ended by SIGINT" in text and "ready" in text)
            before = first.raw.count(b"THE EDITOR HAS:")
            first.send(" two", "ctrl+g")
            first.wait_for(lambda text: first.raw.count(b"THE EDITOR HAS:") > before and "one two" in text)
            first.send("three\n")
            first.wait_for("saved three")
            os.kill(first.process.pid, signal.SIGKILL)
            assert first.wait_end(15) == -signal.SIGKILL
        finally:
            first.close()
        second = Terminal(command, env=editor, answers=bool(face))
        try:
            second.wait_for(lambda text: "three" in text and "ready" in text)
            second.send("ctrl+g")
            second.wait_for("THE EDITOR HAS:")
            second.send("four\n\n")
            second.wait_for(lambda text: "THE EDITOR" not in text and "four" in text)
            second.send("enter")
            second.wait_for("Seen.")
            asked = server.questions[-1].decode()
            assert asked.count("Why?") == 1 and "Why?\\none two\\nthree\\nfour" in asked
            second.send("ctrl+q" if not face else "ctrl+d")
            assert second.wait_end(15) == 0
        finally:
            second.close()
