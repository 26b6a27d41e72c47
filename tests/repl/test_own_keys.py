"""Other keys than those it comes with, in the inline chat."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstra_tui import settings
from docstra_tui.repl.keys import KEYS, chord
from docstra_tui.settings import Settings
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import Typist, chat

F7, F9 = "\x1b[18~", "\x1b[20~"


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("enter", ("enter",)),
        ("alt+enter", ("escape", "enter")),
        ("ctrl+j", ("c-j",)),
        ("shift+enter", ("c-j",)),
        ("alt+p", ("escape", "p")),
        ("ctrl+shift+left", ("c-s-left",)),
        ("ctrl+at", ("c-@",)),
        ("shift+tab", ("s-tab",)),
        ("super+x", ()),
        ("ctrl+f9", ("c-f9",)),
    ],
)
def test_a_key_has_its_name_in_prompt_toolkit(key: str, keys: tuple[str, ...]) -> None:
    assert chord(key) == keys


def test_keys_of_ones_own_act_and_stand_in_the_help(project: Path) -> None:
    llm = FakeLLM("x")
    own = {"composer.send": "f9", "composer.new_line": "enter", "chat.leave": "f7", "main.think": "none"}

    def script(typist: Typist) -> None:
        typist.sees("F7 leaves")
        typist.types(f"one\rtwo{F9}")
        typist.sees("x")
        typist.types(f"\x04/help{F9}")
        typist.sees("no key")
        typist.types(F7)

    shown = chat(project, FakeBackend(llm), script, settings=Settings(keys=own))
    assert llm.calls[0].question == "one\ntwo"
    assert "F9  " in shown and "Ctrl+D" not in shown.partition("leaves")[2]


def test_a_setting_is_said_and_changed(project: Path) -> None:
    shown = chat(
        project,
        FakeBackend(),
        "/settings answer.max_tokens\r/settings answer.max_tokens 7\r/settings theme paper\r/settings\r",
    )
    assert "answer.max_tokens = 2000 (nobody set it). The longest answer" in shown
    assert "answer.max_tokens is 7 from the next start on." in shown
    assert "theme = paper  config.toml" in shown and "keys.main.tree = F2, Ctrl+B" in shown
    assert settings.load().answer.max_tokens == 7


def test_a_key_that_is_set_holds_at_once(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("/settings keys.composer.send f9\r")
        typist.sees("composer.send: F9.")
        typist.types(f"one\x1b\rtwo{F9}")
        typist.sees("x")
        typist.types(F7)

    chat(project, FakeBackend(llm), script, settings=Settings(keys={"chat.leave": "f7"}))
    assert llm.calls[0].question == "one\ntwo"
    assert {key.id for key in KEYS} >= {"composer.send", "chat.leave"}
