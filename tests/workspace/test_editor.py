"""The user's own editor over a question: what it saved comes back, and nothing is lost, however it ends."""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from docstra_tui import paths
from docstra_tui.errors import DocstraError, UsageError
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.settings import Settings
from docstra_tui.workspace import editor
from docstra_tui.workspace.models.answering import AnsweringModel
from docstra_tui.workspace.sessions.opened import OpenSessions
from tests.fakes import FakeLLM

Edit = Callable[[str, str], editor.Edited]


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edit:
    """Edit a text with a shell script, to which the file is `$1`."""
    terminal = os.open(tmp_path / "terminal", os.O_RDWR | os.O_CREAT)

    def edit(script: str, text: str) -> editor.Edited:
        monkeypatch.setenv("EDITOR", shlex.join(["sh", "-c", script, "sh"]))
        return editor.edit(text, terminal, session="s1", root="/p")

    return edit


def kept() -> list[str]:
    """What is left in the folder of editors."""
    return sorted(os.listdir(paths.state_dir() / "editing"))


def test_what_it_saves_comes_back_without_what_acts_and_the_file_is_gone(edit: Edit) -> None:
    script = (
        r"""stat -c %a "$1" "${1%/*}" >"$1.modes"; cat "$1.modes" >>"$1"; printf 'end\033[2J\r\n' >>"$1" """
    )
    edited = edit(script, "Why?\n\tindeed")
    assert edited == editor.Edited("Why?\n\tindeed\n600\n700\nend␛[2J")
    assert kept() == []


def test_an_unchanged_text_is_the_same_to_the_letter_and_a_window_of_its_own_is_told(edit: Edit) -> None:
    edited = edit("true", "odd\x07 text\n\n")
    assert edited.text == "odd\x07 text\n\n" and "flag to wait" in edited.note
    assert edit('printf "" >"$1"', "Why?") == editor.Edited("")


def test_an_editor_that_fails_changes_nothing_but_what_it_saved(edit: Edit) -> None:
    assert edit("exit 3", "Why?").text == "Why?"
    assert "ended with 3" in edit("exit 3", "Why?").note
    saved = edit('echo "How?" >"$1"; exit 1', "Why?")
    assert saved.text == "How?" and "What it had saved is here" in saved.note
    assert edit(': >"$1"; exit 1', "Why?").text == "Why?", "a file that it had begun to write"
    gone = edit('rm "$1"', "Why?")
    assert gone.text == "Why?" and "cannot be read" in gone.note
    assert kept() == []


def test_an_editor_that_is_killed_leaves_what_it_had_saved_and_its_own_files(edit: Edit) -> None:
    killed = edit('echo "How?" >"$1"; kill -9 $$', "Why?")
    assert killed.text == "How?" and "SIGKILL" in killed.note and kept() == []
    swapped = edit('echo more >"${1%/*}/.question.md.swp"; kill -9 $$', "Why?")
    [folder] = kept()
    assert swapped.text == "Why?" and folder.startswith("kept-") and folder in swapped.note
    assert list(editor.left_behind()) == [] and kept() == [folder]


def test_a_link_in_its_place_is_not_followed(edit: Edit, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("of somebody else")
    assert edit(f'ln -sf {tmp_path / "other"} "$1"', "Why?").text == "Why?"


def test_the_keys_that_stop_are_for_the_editor_alone(edit: Edit) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert edit('kill -INT $PPID; sleep 0.05; echo still here >"$1"', "Why?").text == "still here"
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("said", "words"), [("'", "A quote is open"), ("/no/such/editor", "Name another editor")]
)
def test_what_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch, said: str, words: str) -> None:
    monkeypatch.setenv("VISUAL", said)
    with pytest.raises(UsageError) as raised:
        editor.edit("Why?", 1)
    assert words in raised.value.hint


def test_the_editor_is_visual_then_editor_then_one_that_is_there(tmp_path: Path) -> None:
    assert editor.command({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert editor.command({"VISUAL": " ", "EDITOR": "vi"}) == ["vi"]
    (tmp_path / "vim").touch(0o700)
    assert editor.command({"PATH": str(tmp_path)}) == ["vim"]
    with pytest.raises(UsageError):
        editor.command({"PATH": "/nowhere"})


def test_a_disk_that_takes_no_file_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    paths.state_dir().parent.mkdir(parents=True, exist_ok=True)
    paths.state_dir().write_text("no folder")
    monkeypatch.setenv("EDITOR", "true")
    with pytest.raises(DocstraError):
        editor.edit("Why?", 1)


def die_while_editing(script: str, text: str, session: str, root: str) -> None:
    """A program that is killed while its editor is open."""
    child = os.fork()
    if child == 0:
        try:
            os.environ["EDITOR"] = shlex.join(["sh", "-c", f"{script}; kill -9 $PPID", "sh"])
            editor.edit(text, 1, session=session, root=root)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    place = paths.state_dir() / "editing"
    while not all(editor._is_free(place / name) for name in kept()):
        time.sleep(0.005)  # the editor has not ended yet


def test_what_was_saved_when_the_program_was_killed_comes_back_with_its_session(tmp_path: Path) -> None:
    store = SessionStore()
    session = ChatSession(FakeLLM("a"), tmp_path, store)
    "".join(session.ask("First?"))
    session.draft = "Why?"
    assert store.flush() and session.id is not None
    die_while_editing('echo "Why, in ten lines?" >"$1"', "Why?", session.id, str(tmp_path))
    die_while_editing("true", "Why?", session.id, str(tmp_path))
    die_while_editing('echo "New." >"$1"', "", "", str(tmp_path))
    model = AnsweringModel(Settings(), lambda settings: None, lambda call: call())  # type: ignore[arg-type,return-value]
    opened = OpenSessions(store, model, may_leave=lambda *_: True)
    found = opened.find(session.id, tmp_path, goes_along=False)
    assert found.session.draft == "Why, in ten lines?"
    fresh = opened.unsent(tmp_path)
    assert isinstance(fresh, ChatSession) and fresh.draft == "New."
    assert kept() == [] and opened.unsent(tmp_path / "other") is None
    store.close()


def test_a_folder_is_left_alone_while_its_editor_is_there(edit: Edit) -> None:
    die_while_editing('echo "more" >"$1"', "Why?", "s1", "/p")
    [folder] = kept()
    with open(paths.state_dir() / "editing" / folder / editor.LOCK, "rb") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        assert list(editor.left_behind()) == []
    [left] = editor.left_behind()
    assert (left.session, left.root, left.text, left.before) == ("s1", "/p", "more", "Why?")
    assert editor.bring_back(left, "Why?") == "more" and editor.bring_back(left, "Else") == "more\n\nElse"
