"""A paste on a real terminal: it is text, whatever is in it, and it never sends itself."""

from __future__ import annotations

import re
from pathlib import Path

from docstra_tui.workspace.terminal.key_bytes import VISIBLE_ESC
from tests.llm.http.hostile import hostile
from tests.pty.answers import answer_with, streams
from tests.pty.terminal import Terminal, app


def test_a_pasted_log_with_colours_stays_in_the_composer_and_one_enter_sends_it_whole(project: Path) -> None:
    with hostile() as server:
        answer_with(server, streams(["Seen."]))
        terminal = Terminal(app(str(project), "--base-url", server.url))
        try:
            terminal.wait_for(lambda text: bool(re.search(r"^ ?ready", text.splitlines()[-1])))
            for piece in (
                "\x1b[20",
                "0~line 0 \x1b[3",
                "1mred\x1b",
                "[0m end\rline 1\r\x1b[2",
                "01~",
                "the end",
            ):
                terminal.send(piece)
            screen = terminal.wait_for("the end")
            assert f"line 0 {VISIBLE_ESC}[31mred{VISIBLE_ESC}[0m end" in screen
            assert "line 1" in screen
            assert not server.questions

            terminal.send("enter")
            terminal.wait_for("Seen.")
            assert len(server.questions) == 1
            assert "[0m end\\nline 1\\nthe end" in server.questions[0].decode()
            terminal.send("ctrl+q")
            assert terminal.wait_end(10) == 0
        finally:
            terminal.close()
