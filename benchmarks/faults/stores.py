"""Damaged files of sessions: what random bit flips and lost pages cost beyond what they touched."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from benchmarks.report import Report
from docstra_tui.errors import DocstraError
from docstra_tui.session.exchange.markdown import to_markdown
from docstra_tui.session.store.sessions import SessionStore
from tests.session.damaged import damage, flips, untouched, write_sessions

NAME = "damaged stores"
FILES = 220


def count(report: Report) -> None:
    """`FILES` damaged files, each opened, listed, read and written to."""
    with tempfile.TemporaryDirectory(prefix="dt-faults-") as base:
        whole = Path(base) / "whole" / "sessions.db"
        said = write_sessions(whole)
        data = whole.read_bytes()
        ended = lost = kept = unsaved = 0
        for number in range(FILES):
            chance = random.Random(number)
            places = flips(len(data), chance)
            path = Path(base) / str(number) / "sessions.db"
            path.parent.mkdir(mode=0o700)
            path.write_bytes(damage(data, places, chance))
            try:
                found, is_saved = read_all(path)
            except Exception as error:  # whatever it is: it is counted, and named
                report.add(f"stores_error_{number}", 1, f"{type(error).__name__}: {error}")
                ended += 1
                continue
            unsaved += not is_saved
            for turn in untouched(data, places, said):
                kept += 1
                lost += found.get(turn.key) != turn.answer
        report.add("stores_damaged", FILES, "damaged files of sessions", "")
        report.add("stores_that_ended_it", ended, "of them ended the program", "0")
        report.add("stores_not_saved_to", unsaved, "of them took no new question", "0")
        report.add("stores_turns_untouched", kept, "turns that the damage did not touch", "")
        report.add("stores_turns_lost", lost, "of these lost or changed", "0")


def read_all(path: Path) -> tuple[dict[tuple[str, str], str], bool]:
    """Every answer by its session and question, and whether a new one is saved."""
    found: dict[tuple[str, str], str] = {}
    store = SessionStore(path)
    try:
        for summary in store.sessions():
            try:
                session = store.load(summary.id)
            except DocstraError:
                continue  # said to whoever opens it
            to_markdown(session)
            found.update(((session.id, turn.question), turn.answer) for turn in session.turns)
        session_id = store.create("/p", "m")
        store.save_draft(session_id, "new words")
        return found, store.flush() and store.problem is None
    finally:
        store.close()
