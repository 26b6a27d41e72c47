"""What is typed into the inline chat: commands, keys, what is kept of them."""

from __future__ import annotations

import threading
from pathlib import Path

from prompt_toolkit.styles import DummyStyle

from docstra_tui import paths
from docstra_tui.errors import EngineDied
from docstra_tui.repl.chat import Chat
from docstra_tui.repl.history import HISTORY, KeptHistory
from docstra_tui.repl.printer import Printer
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.commands import TASKS, commands_of
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import ALT_ENTER, CTRL_C, Typist, chat, saved


def test_a_mistyped_command_is_never_sent_and_stands_in_the_prompt_again(project: Path) -> None:
    llm = FakeLLM("explained")

    def script(typist: Typist) -> None:
        typist.types("/explian src/a.py\r")
        typist.sees("Did you mean /explain?")
        typist.types("\x01" + "\x1b[C" * 5 + "\x1b[3~\x1b[3~ai\r")  # Home, to the "ia", and mend it
        typist.sees("explained")

    chat(project, FakeBackend(llm), script)
    assert 'the file "src/a.py"' in llm.calls[0].question


def test_a_theme_is_worn_at_once_and_kept(project: Path) -> None:
    shown = chat(project, FakeBackend(), "/theme\r/theme papre\r" + CTRL_C + "/theme paper\r")
    assert "lamp  dark (this one)" in shown and "Did you mean 'paper'?" in shown
    assert theme_choice.theme_for(project) == "paper"


def test_lines_are_broken_with_alt_enter_and_ctrl_j(project: Path) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), f"one{ALT_ENTER}two\nthree\r")
    assert llm.calls[0].question == "one\ntwo\nthree"


def test_the_answer_cannot_command_the_terminal(project: Path) -> None:
    llm = FakeLLM()
    llm.enqueue("a\x1b]52;c;UFdO\x07b\x9b2Jc", EngineDied("gone\x1b[2J"))
    shown = chat(project, FakeBackend(llm), "Hostile?\r")
    assert "␛]52;c;UFdO␇b⟨9b⟩2Jc" in shown
    assert "gone␛[2J" in shown


def test_ctrl_c_stops_the_answer_and_keeps_the_part(project: Path) -> None:
    llm = FakeLLM()
    gate = threading.Semaphore(1)
    llm.enqueue("the part ", "never said", gate=gate)

    def script(typist: Typist) -> None:
        typist.types("Long?\r")
        typist.sees("the part ")
        typist.interrupts()
        typist.sees("stopped")

    shown = chat(project, FakeBackend(llm), script)
    assert "never said" not in shown
    with saved() as store:
        (turn,) = store.load("last").turns
        assert (turn.answer, turn.status) == ("the part ", "cancelled")


def test_ctrl_c_at_the_prompt_empties_it(project: Path) -> None:
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("not this")
        typist.sees("not this")
        typist.types(CTRL_C)
        typist.types("but this\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert [call.question for call in llm.calls] == ["but this"]


def test_help_is_made_from_the_table_and_unknown_commands_name_the_nearest(project: Path) -> None:
    shown = chat(project, FakeBackend(), "/help\r/explian\r")
    for command in commands_of("chat"):
        assert command.usage in shown and command.help in shown
    assert "Did you mean /explain?" in shown


def test_a_path_is_a_question_and_not_a_command(project: Path) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), "/etc/hosts has which format?\r")
    assert llm.calls[0].question == "/etc/hosts has which format?"


def test_quit_leaves(project: Path) -> None:
    llm = FakeLLM("x")
    chat(project, FakeBackend(llm), "/quit\rnever asked\r")
    assert llm.calls == []


def test_history_is_kept_where_nobody_else_can_read_it(project: Path) -> None:
    paths.private_folder(paths.state_dir())
    path = paths.state_dir() / HISTORY
    path.write_text("\n# 2026-01-01 10:00:00\n+/theme paper\n\n# 2026-01-01 11:00:00\n+An older question\n")
    chat(project, FakeBackend(FakeLLM("x")), "/files\rRemember me?\r")
    assert [text for text, _ in KeptHistory(str(path))._typed()] == ["/theme paper", "/files"]
    assert path.stat().st_mode & 0o077 == 0  # and a question stands in its session only, to go with it
    llm = FakeLLM("x")

    def script(typist: Typist) -> None:
        typist.types("\x1b[A")
        typist.sees("Remember me?")
        typist.types("\r")
        typist.waits(lambda: bool(llm.calls))

    chat(project, FakeBackend(llm), script)
    assert llm.calls[0].question == "Remember me?"


def test_a_history_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    kept = KeptHistory(str(tmp_path))  # a folder: no disk could be fuller
    kept.append_string("typed")
    assert kept.get_strings() == ["typed"] and list(kept.load_history_strings()) == []


def test_every_command_has_its_handler(project: Path) -> None:
    one = Chat(
        Settings(), project, FakeBackend(), SessionStore(), Printer(DummyStyle()), lambda question: False
    )
    assert {command.name for command in commands_of("chat")} == TASKS | one.handlers.keys() | {"quit"}
    one.close()
