"""What helps one to write in the inline chat: earlier questions, an editor, long pastes, sets of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import DummyStyle

from docstra_tui import paths
from docstra_tui.repl.completion import ProjectFiles
from docstra_tui.repl.history import HISTORY, KeptHistory
from docstra_tui.repl.prompt import Prompt
from docstra_tui.repl.value_prompt import ask_value
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.turns import Asked
from tests.fakes import FakeLLM
from tests.repl.fake_backend import FakeBackend
from tests.repl.story import CTRL_C, Screen, Typist, chat, saved

CTRL_G, CTRL_R = "\x07", "\x12"
LONG = "\n".join(f"line {number}" for number in range(300))
PASTE = f"\x1b[200~{LONG}\x1b[201~"


def test_ctrl_r_finds_a_question_of_another_session_and_the_draft_comes_back(project: Path) -> None:
    with saved() as store:
        "".join(ChatSession(FakeLLM("a"), project, store).ask("How does the retry work?"))
        assert store.flush()
    llm = FakeLLM("Like this.", "Then so.")

    def script(typist: Typist) -> None:
        typist.sees("ready")
        typist.types("half a thought" + CTRL_R + "RETRY")
        typist.sees("work?")
        typist.types("\r\r")
        typist.sees("Like this.")
        typist.types("\r")
        typist.sees("Then so.")

    chat(project, FakeBackend(llm), script)
    assert [call.question for call in llm.calls] == ["How does the retry work?", "half a thought"]


def test_what_was_begun_is_on_the_disk_beside_the_earlier_line(project: Path) -> None:
    def script(typist: Typist) -> None:
        typist.types("Asked?\r")
        typist.sees("answered")
        typist.types("begun\x1b[A")
        with saved() as store:
            typist.waits(lambda: [one.unsent for one in store.sessions()] == ["Asked? begun"], seconds=5)

    chat(project, FakeBackend(FakeLLM("answered")), script)


def test_the_editor_writes_over_what_is_typed(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = os.open(tmp_path / "terminal", os.O_RDWR | os.O_CREAT)
    monkeypatch.setattr(Screen, "fileno", lambda self: terminal)
    monkeypatch.setenv("EDITOR", "sh -c 'echo more >>\"$1\"' sh")
    llm = FakeLLM("Read.")

    def script(typist: Typist) -> None:
        typist.types("Why?" + CTRL_G)
        typist.sees("more")
        monkeypatch.setenv("EDITOR", "sh -c 'exit 3'")
        typist.types(CTRL_G)
        typist.sees("ended with 3")
        typist.types("\r")
        typist.sees("Read.")

    chat(project, FakeBackend(llm), script)
    assert [call.question for call in llm.calls] == ["Why?\nmore"]


def test_a_dumb_terminal_shows_what_stands_there_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    screen = Screen()
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=screen):
        typed: list[str] = []
        prompt = Prompt(
            ProjectFiles(Path), DummyStyle(), ColorDepth.DEPTH_1_BIT, list, typed.append, list, str, tuple
        )
        pipe.send_text(" it?\r")
        assert prompt.ask("How does") == "How does it?"
        pipe.send_text(f"Why? {PASTE}\r\r")
        long = prompt.ask("")
        assert prompt.ask(long) == long
        pipe.send_text("too\r")
        assert ask_value("NAME ", "this\x1b[2J ", str) == "this\x1b[2J too"
    assert "> How does it?" in screen.text and "NAME this" in screen.text and "\x1b[2J" not in screen.text
    assert "> Why? [▸ 300 lines]" in screen.text and "line 298" not in screen.text


def test_a_long_paste_is_one_mark_that_goes_as_one_and_is_sent_whole(project: Path) -> None:
    llm = FakeLLM("Read.", "Again.")

    def script(typist: Typist) -> None:
        typist.types("what is " + PASTE)
        typist.sees("[▸ 300 lines]")
        assert "line 299" not in typist.screen.text
        typist.types("\x7f" + PASTE + "?\r")
        typist.sees("Read.")
        typist.types(PASTE + "\t")
        typist.sees("line 299")
        typist.types("\r")
        typist.sees("Again.")

    chat(project, FakeBackend(llm), script)
    assert [call.question for call in llm.calls] == [f"what is {LONG}?", LONG]
    with saved() as store:
        assert [turn.question for turn in store.load("last").turns] == [f"what is {LONG}?", LONG]
    assert "line 299" not in (paths.state_dir() / HISTORY).read_text()  # it stands in its session


def test_a_long_draft_that_comes_back_is_one_mark_and_no_mark_of_another(project: Path) -> None:
    text = "\ufdd0" + "d" * 30_000
    with saved() as store:
        store.save_draft(store.create(str(project), "m"), text)
        assert store.flush()
    llm = FakeLLM("Read.")

    def script(typist: Typist) -> None:
        typist.sees("[▸ 30,001 characters]")
        typist.types("!\r")
        typist.sees("Read.")

    chat(project, FakeBackend(llm), script)
    assert [call.question for call in llm.calls] == ["\ufffd" + "d" * 30_000 + "!"]


def test_a_set_of_files_is_kept_and_used_again(project: Path) -> None:
    llm = FakeLLM("One.", "Two.", "Three.")

    def script(typist: Typist) -> None:
        typist.types("what of @src/a.py:1-1 and @notes.md ?\r")
        typist.sees("One.")
        typist.types("/set save mine\r")
        typist.sees("Set mine is 2 files.")
        typist.types("/drop\r/set\r")
        typist.sees("mine  2 files")
        typist.types("nothing?\r")
        typist.sees("Two.")
        (project / "notes.md").unlink()
        typist.types("/set load mine\r")
        typist.sees("notes.md")
        typist.types("and now?\r")
        typist.sees("Three.")
        typist.types("/set delete mine\r/set load mine\r")
        typist.sees("no set mine")
        typist.types(CTRL_C)

    chat(project, FakeBackend(llm), script)
    with saved() as store:
        files = [[item.label for item in turn.files] for turn in store.load("last").turns]
    assert files == [["src/a.py:1-1", "notes.md"], [], ["src/a.py:1-1"]]


def test_what_takes_seconds_to_draw_is_no_line_to_go_back_to(tmp_path: Path) -> None:
    history = KeptHistory(
        str(tmp_path / HISTORY), lambda: [Asked("x" * 1_000_000, 2.0, "/p"), Asked("short", 1.0, "/p")]
    )
    assert list(history.load_history_strings()) == ["short"]


def test_a_long_history_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / HISTORY
    path.write_text("\n# 2026-01-01 10:00:00\n+/theme paper\n\n# 2026-01-02 10:00:00\n+what?\n")
    history, reads, typed = KeptHistory(str(path)), [], KeptHistory._typed
    monkeypatch.setattr(KeptHistory, "_typed", lambda self: reads.append(1) or typed(self))
    history.drop_questions()
    assert list(history.load_history_strings()) == ["/theme paper"] and reads == [1]
    assert list(history.load_history_strings()) == ["/theme paper"] and reads == [1, 1]


def test_what_was_typed_and_what_was_asked_elsewhere_are_one_line_of_time(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text(
        "\n# 2026-01-01 10:00:00\n+first\n\n# 2026-01-03 10:00:00\n+two\n+lines\n\n# nonsense\n+third\n+\n"
    )
    [first, _, third] = [at for _, at in KeptHistory(str(path))._typed()]
    kept = KeptHistory(str(path), lambda: [Asked("elsewhere", first + 60), Asked("third", third - 1)])
    assert list(kept.load_history_strings()) == ["third\n", "two\nlines", "third", "elsewhere", "first"]
