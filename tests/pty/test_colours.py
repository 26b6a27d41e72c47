"""Colours on a real terminal: as many as it has, by its name; what is chosen is seen with a few and none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.llm.http.hostile import hostile
from tests.pty.terminal import Terminal, app

TRUE, INDEXED = re.compile(rb"[34]8;2;\d"), re.compile(rb"[34]8;5;\d")
SYSTEM = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7])[;m]")
PALETTE = "\x10"


def start(root: Path, url: str, *words: str, **env: str) -> Terminal:
    plain = {"COLORTERM": "", "NO_COLOR": "", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}
    return Terminal(app(*words, str(root), "--base-url", url), columns=80, rows=24, env=plain | env)


@pytest.mark.parametrize(
    ("theme", "env", "sent", "not_sent"),
    [
        ("paper", {"TERM": "xterm"}, SYSTEM, (TRUE, INDEXED)),
        ("lamp", {"TERM": "linux"}, SYSTEM, (TRUE, INDEXED)),
        ("paper", {"TERM": "xterm-256color", "NO_COLOR": "1"}, None, (TRUE, INDEXED, SYSTEM)),
        ("lamp", {"TERM": "vt100"}, None, (TRUE, INDEXED, SYSTEM)),
    ],
    ids=lambda value: value.get("TERM") if isinstance(value, dict) else None,
)
def test_what_is_chosen_is_seen_in_few_colours(project: Path, theme, env, sent, not_sent) -> None:
    with hostile() as server:
        terminal = start(project, server.url, "--theme", theme, **env)
        try:
            terminal.wait_for(lambda text: "ready" in text.rpartition("\n")[2] and "zebra.txt" in text)
            terminal.send("f2", "end")
            terminal.wait_for(lambda text: terminal.is_reversed("zebra.txt"))
            assert not terminal.is_reversed("notes.md")
            assert "────" in terminal.text and "│" in terminal.text
            terminal.send(PALETTE)
            terminal.wait_for("Explain")
            terminal.send("down")
            terminal.wait_for(lambda text: any(map(terminal.is_reversed, ("Document", "Explain"))))
            assert "┌" in terminal.text and "┘" in terminal.text
            raw = bytes(terminal.raw)
            assert sent is None or sent.search(raw)
            assert [pattern.pattern for pattern in not_sent if pattern.search(raw)] == []
            terminal.send("escape", "ctrl+q")
            assert terminal.wait_end() == 0
        finally:
            terminal.close()


@pytest.mark.parametrize("term", ["alacritty", "xterm-ghostty"])
def test_a_terminal_known_for_its_colours_gets_them_over_ssh(project: Path, term: str) -> None:
    with hostile() as server:
        terminal = start(project, server.url, TERM=term)
        try:
            terminal.wait_for(lambda text: "ready" in text.rpartition("\n")[2])
            assert TRUE.search(bytes(terminal.raw))
        finally:
            terminal.close()


def test_the_menu_of_the_inline_chat_is_seen_without_colours(project: Path) -> None:
    with hostile() as server:
        terminal = start(project, server.url, "chat", TERM="vt100")
        try:
            terminal.wait_for("> ")
            terminal.send("@note")
            terminal.wait_for("notes.md")
            terminal.send("tab")
            terminal.wait_for(lambda text: terminal.is_reversed("notes.md", nth=1))
            raw = bytes(terminal.raw)
            assert not (TRUE.search(raw) or INDEXED.search(raw) or SYSTEM.search(raw))
        finally:
            terminal.close()
