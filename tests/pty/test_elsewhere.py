"""The whole program before another machine: started, ticked, typed, left and resumed without a connection."""

from __future__ import annotations

from tests.elsewhere import elsewhere
from tests.pty.conftest import Start
from tests.pty.test_app import is_ready


def test_nothing_connects_before_the_yes(start: Start) -> None:
    with elsewhere() as server:
        terminal = start("--base-url", server.url)
        terminal.wait_for("waiting for your yes")
        terminal.wait_for("zebra.txt")
        terminal.send("f2", "end", "space", "f2")
        terminal.wait_for("☑ zebra.txt")
        terminal.send("Why the stripes?")
        terminal.wait_for("Why the stripes?")
        terminal.send("enter")
        terminal.wait_for("will be sent to")
        terminal.send("enter", "n")
        terminal.wait_for(lambda text: "will be sent to" not in text)
        terminal.send("ctrl+q")
        assert terminal.wait_end(10) == 0
        assert server.connections == 0

        terminal = start("--base-url", server.url, "--resume")  # with its ticks and its draft
        terminal.wait_for("Why the stripes?")
        terminal.wait_for("waiting for your yes")
        assert server.connections == 0
        terminal.send("f9")
        terminal.wait_for("will be sent to")
        terminal.send("y")
        terminal.wait_for(is_ready)
        terminal.send("enter")
        terminal.wait_for("An answer.")
        (request,) = server.asked("/v1/chat/completions")
        assert b"Why the stripes?" in request
