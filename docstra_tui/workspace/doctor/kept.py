"""What is kept in SQLite files: the saved sessions, and the index of the open folder. They are only read."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from time import monotonic

from docstra_tui import paths
from docstra_tui.context.search.index import place
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.errors import NoIndex
from docstra_tui.figures import count, size
from docstra_tui.session.store.damage import is_damage
from docstra_tui.session.store.shape import NO_VERSION, VERSION
from docstra_tui.sqlite_codes import ELSEWHERE, result_code
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import Check, typed
from docstra_tui.workspace.title import shown_path

SESSIONS = "sessions.db"
MEGABYTE = 1_000_000
STEPS = 20_000
"""Of SQLite, between two looks at the clock."""
SPARE_SECONDS = 0.3
"""Reading a large file through ends so long before everybody has to be back."""
BUSY_SECONDS = 0.3


def sqlite(case: Case) -> Check:
    """SQLite's version, and whether the saved sessions are whole and nobody else's."""
    path = paths.state_dir() / SESSIONS
    name, found = "sqlite", f"SQLite {sqlite3.sqlite_version}"
    try:
        status = os.lstat(path)
    except OSError:
        return Check(name, "ok", f"{found}, no sessions are saved yet")
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
        return Check(name, "fail", f"{path} is no file of yours", f"mv {typed(path)} {typed(path)}.aside")
    of_size = f" of {size(status.st_size)}" if status.st_size >= MEGABYTE else ""
    what = f"{found}, sessions{of_size} in {shown_path(path)}"
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        return Check(
            name, "warn", f"{what} can be read by others (mode {mode:o})", f"chmod 600 {typed(path)}"
        )
    try:
        problem, version = _read_through(path, case.until - SPARE_SECONDS)
    except sqlite3.Error as error:
        if is_damage(error):
            return _damaged(name, what, str(error))
        if result_code(error) == sqlite3.SQLITE_INTERRUPT:
            return Check(name, "ok", f"{what}, too large to be read through now")
        if result_code(error) in ELSEWHERE:
            return Check(name, "warn", f"{what} cannot be read now: {error}", f"ls -l {typed(path.parent)}")
        return _damaged(name, what, str(error))
    except UnicodeDecodeError:  # SQLite quotes what is damaged in its own message
        return _damaged(name, what, "a table's description is no text")
    if problem:
        return _damaged(name, what, problem)
    if VERSION < version < NO_VERSION:
        detail = f"{what} was made by a newer version, and nothing is saved there"
        return Check(name, "warn", detail, "pip install --upgrade docstra-tui")
    return Check(name, "ok", f"{what}, whole")


def _damaged(name: str, what: str, problem: str) -> Check:
    """The next start sets it aside and brings over what can be read; so does any command that reads it."""
    return Check(name, "fail", f"{what} are damaged: {problem}", "docstra-tui sessions list")


def _read_through(path: Path, until: float) -> tuple[str, int]:
    """What is wrong with it, and its shape's version. Raises `sqlite3.Error`."""
    with closing(_connect(path)) as connection:
        connection.set_progress_handler(lambda: monotonic() > until, STEPS)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    return ("" if said == ["ok"] else said[0] if said else "it says nothing"), version


def _connect(path: Path) -> sqlite3.Connection:
    # `ro`: what a program that was killed had begun is undone by the next one that writes, not by a look.
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def index(case: Case) -> Check:
    """How much of the open folder is in its index, and whether that is whole."""
    name, here = "index", shown_path(case.root)
    found = place.kept_of(case.root)
    if not found:
        when = "made while you write a question" if case.settings.index == "auto" else "only made on request"
        return Check(name, "ok", f"none of {here} yet; it is {when}")
    path = found[0].folder / place.FILE
    clear = f"docstra-tui index clear {typed(case.root)}"
    if place.is_held(found[0].folder):
        return Check(name, "ok", f"that of {here} is being built, {size(found[0].size)}")
    try:
        problem = _problem_of(path, case.until - SPARE_SECONDS)
        with IndexReader(path) as reader:
            files, is_complete = reader.count(), reader.is_complete
    except (NoIndex, sqlite3.Error) as error:
        return Check(name, "warn", f"that of {here} cannot be read: {error}", clear)
    if problem:
        return Check(name, "warn", f"that of {here} is damaged: {problem}", clear)
    state = "complete" if is_complete else "not complete yet"
    return Check(name, "ok", f"{count(files, 'file')} of {here}, {state}, {size(found[0].size)}")


def _problem_of(path: Path, until: float) -> str:
    """Raises `sqlite3.Error`."""
    try:
        return _read_through(path, until)[0]
    except sqlite3.OperationalError as error:
        if result_code(error) == sqlite3.SQLITE_INTERRUPT:
            return ""
        raise
