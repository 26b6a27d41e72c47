"""A file is written where somebody said, for them alone, whole, and over nothing without their yes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from docstra_tui.errors import UsageError
from docstra_tui.workspace.saving import IsThere, NotSaved, named, save
from docstra_tui.workspace.taken_text import Taken, code_blocks, from_answer


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        save(tmp_path / "a.md", "päß\udcff\n")
    finally:
        os.umask(before)
    assert (tmp_path / "a.md").read_bytes() == "päß".encode() + b"\\udcff\n"
    assert mode(tmp_path / "a.md") == 0o600
    assert os.listdir(tmp_path) == ["a.md"]


def test_what_is_there_stays_until_somebody_says_otherwise(tmp_path: Path) -> None:
    there = tmp_path / "a.md"
    there.write_text("mine")
    there.chmod(0o644)
    with pytest.raises(IsThere) as told:
        save(there, "other")
    assert not told.value.is_link and there.read_text() == "mine"
    save(there, "other", replace=True)
    assert (there.read_text(), mode(there)) == ("other", 0o600)
    assert os.listdir(tmp_path) == ["a.md"]


def test_a_link_is_refused_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("secret")
    link = tmp_path / "link.md"
    for target in ("target", "nowhere"):
        link.symlink_to(target)
        with pytest.raises(IsThere) as told:
            save(link, "other")
        assert told.value.is_link
        save(link, "other", replace=True)
        assert not link.is_symlink() and link.read_text() == "other"
        link.unlink()
    assert (tmp_path / "target").read_text() == "secret"
    assert not (tmp_path / "nowhere").exists()


def test_what_can_be_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotSaved, match="no file"):
        save(tmp_path / "pipe", "x", replace=True)
    for place in ("/dev/null", "/dev/stdout", "/proc/self/comm", "/sys/x"):
        with pytest.raises(NotSaved, match="no place"):
            save(Path(place), "x", replace=True)
    with pytest.raises(NotSaved, match="cannot be written"):
        save(tmp_path / "missing" / "a", "x")
    with pytest.raises(NotSaved, match="cannot be written"):
        save(tmp_path / ("a" * 300), "x")
    with pytest.raises(NotSaved, match="can be called"):
        save(tmp_path / "a\ud800", "x")
    for name in ("", "  ", "a\0b", ".", "..", "new/", str(tmp_path), '""'):
        with pytest.raises(UsageError):
            named(name, tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["pipe"]


def test_names_are_below_the_folder_unless_they_begin_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert named(" a b.md ", tmp_path) == tmp_path / "a b.md"
    assert named("'it.md'", tmp_path) == tmp_path / "it.md"
    assert named("~/x.md", tmp_path) == Path("/home/me/x.md")
    assert named("/tmp/x.md", tmp_path) == Path("/tmp/x.md")


def test_a_disk_that_is_full_leaves_nothing_and_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "a.md"
    there.write_text("mine")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for place, replace in ((there, True), (tmp_path / "b.md", False)):
        with pytest.raises(NotSaved, match="No space left"):
            save(place, "other", replace=replace)
    assert os.listdir(tmp_path) == ["a.md"] and there.read_text() == "mine"


def test_a_file_system_without_second_names_takes_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*names: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    save(tmp_path / "a.md", "x")
    assert ((tmp_path / "a.md").read_text(), mode(tmp_path / "a.md")) == ("x", 0o600)
    with pytest.raises(IsThere):
        save(tmp_path / "a.md", "y")


ANSWER = (
    "So:\n\n```python\ndef f():\n\treturn '```'\n```\n\n- in a list\n\n  ~~~sh\n  ls\n    -l\n  ~~~\n\n"
    "> ```\n> q\n> ```\n\n````\n```\n````\n```\nopen"
)


def test_code_of_an_answer_is_taken_without_what_stands_around_it() -> None:
    assert code_blocks(ANSWER) == ["def f():\n\treturn '```'", "ls\n  -l", "q", "```", "open"]
    assert code_blocks("no `code` here\n``` inline ```") == []
    assert from_answer("code 2 x.sh", ANSWER) == (Taken("ls\n  -l", "code"), "x.sh")
    assert from_answer("code a b.sh", "```\nx\n```") == (Taken("x", "code"), "a b.sh")
    assert from_answer("code.py", ANSWER) == (Taken(ANSWER), "code.py")
    assert from_answer("./code", ANSWER)[1] == "./code"


@pytest.mark.parametrize(
    ("words", "answer", "said"),
    [
        ("", "a", "Which file?"),
        ("code", "a", "Which file?"),
        ("code 2", ANSWER, "Which file?"),
        ("x.md", " ", "no answer yet"),
        ("code x.py", "no fence", "no code"),
        ("code x.py", ANSWER, "5 blocks"),
        ("code 6 x.py", ANSWER, "5 blocks"),
    ],
)
def test_what_is_not_clear_is_refused(words: str, answer: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        from_answer(words, answer)


def test_what_could_act_where_the_file_is_shown_is_made_visible() -> None:
    taken = Taken("ls\x1b]52;c;x\x07\r\n\tcd\u202e\n\n", "code")
    assert taken.safe == "ls␛]52;c;x␇\n\tcd⟨U+202E⟩\n"
    assert taken.words == "code (2 lines)"
    assert Taken("x").words == "answer (1 line)"
