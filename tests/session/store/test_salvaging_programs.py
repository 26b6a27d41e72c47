"""Programs that meet a damaged file: several at once, and such as end in the middle."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from docstra_tui.commands import sessions as command
from docstra_tui.commands.arguments import parse
from docstra_tui.errors import StoreError
from docstra_tui.session.store import database, salvage
from docstra_tui.session.store.sessions import SessionStore
from tests.session.damaged import Said, behead, write_sessions
from tests.session.store.salvaged import everything

DIES = """
    import os, sys
    from pathlib import Path
    from docstra_tui.session.store import salvage
    from docstra_tui.session.store.sessions import SessionStore

    whole = salvage.salvage

    def dying(*args):
        if sys.argv[2] == "after":
            whole(*args)
        os._exit(9)

    salvage.salvage = dying
    SessionStore(Path(sys.argv[1])).sessions()
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_program_that_ends_while_it_salvages_leaves_it_to_the_next_one(
    when: str, path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    behead(path, data)
    broken = path.read_bytes()
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(DIES), str(path), when], check=False)
    assert died.returncode == 9

    found = everything(path)

    assert [found[turn.key][0] for turn in said] == [turn.answer for turn in said]
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    assert aside.read_bytes() == broken and not list(path.parent.glob("sessions.db.damaged-*"))


def test_a_new_file_that_takes_nothing_yet_is_filled_at_the_next_opening(
    path: Path, whole: tuple[bytes, list[Said]], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, said = whole
    behead(path, data)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(salvage, "salvage", full)
        store = SessionStore(path)
        assert store.sessions() == [] and "cannot be read yet" in (store.notice or "")
        store.close()
    assert len(everything(path)) == len(said)


def test_of_two_programs_that_find_the_same_damage_one_moves_it_and_both_have_everything(
    path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    path.parent.mkdir(mode=0o700)
    path.write_bytes(data)
    first, second = database.Database(path), database.Database(path)
    first.open(), second.open()  # both have it open; then the disk fails, and each of them notices
    first.set_aside()
    first.open()
    second.set_aside()
    found = [one.open().execute("SELECT count(*) FROM turns").fetchone()[0] for one in (first, second)]
    for one in (first, second):
        one.close()
    assert found == [len(said)] * 2
    assert len(list(path.parent.glob("sessions.db.corrupt-*"))) == 1


def test_many_programs_that_start_on_a_damaged_file_lose_nothing(
    path: Path, whole: tuple[bytes, list[Said]]
) -> None:
    data, said = whole
    behead(path, data)
    program = (
        "from docstra_tui.session.store.sessions import SessionStore as S; "
        "print(sum(s.turns for s in S().sessions()))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=dict(os.environ))
        for _ in range(4)
    ]
    assert [int(one.communicate()[0]) for one in running] == [len(said)] * 4
    assert len(list(path.parent.glob("sessions.db.corrupt-*"))) == 1


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["show"], ["delete", "ID"]])
def test_every_command_says_where_a_damaged_file_is(
    words: list[str], path: Path, whole: tuple[bytes, list[Said]], capsys: pytest.CaptureFixture[str]
) -> None:
    data, said = whole
    behead(path, data)
    words = [said[0].session_id if word == "ID" else word for word in words]
    assert command.run(parse(["sessions", *words])) == 0
    [aside] = path.parent.glob("sessions.db.corrupt-*")
    told = capsys.readouterr()
    assert str(aside) in told.err and str(aside) not in told.out


def test_a_file_that_may_not_be_read_is_not_called_an_empty_one(path: Path, tmp_path: Path) -> None:
    write_sessions(path, sessions=1, turns=1)
    path.rename(tmp_path / "elsewhere.db")
    path.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError, match="cannot be read"):
        command.run(parse(["sessions", "list"]))
