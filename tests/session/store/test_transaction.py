"""What is done in a transaction is there as a whole, or not at all, and the file is not held locked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from docstra_tui.session.store.transaction import transaction


@pytest.mark.parametrize("error", [sqlite3.IntegrityError("no"), KeyboardInterrupt(), SystemExit()])
def test_whatever_ends_it_no_half_of_it_stays(error: BaseException, tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as one,
        closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None, timeout=0)) as other,
    ):
        one.execute("CREATE TABLE said (word)")
        with transaction(one):
            one.execute("INSERT INTO said VALUES ('kept')")
        with pytest.raises(type(error)), transaction(one):
            one.execute("INSERT INTO said VALUES ('half')")
            raise error

        assert other.execute("SELECT word FROM said").fetchall() == [("kept",)]
        with transaction(other):
            other.execute("INSERT INTO said VALUES ('more')")


def test_one_that_sqlite_ended_itself_says_what_was_wrong(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as one:
        one.execute("CREATE TABLE said (word)")
        with pytest.raises(ValueError, match="ours"), transaction(one):
            one.execute("ROLLBACK")
            raise ValueError("ours")
