"""What to say at the end about conversations that no disk has, and where a copy of each lies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from docstra_tui.session.chat import ChatSession


def unsaved(sessions: Iterable[ChatSession]) -> list[ChatSession]:
    """Those of which the disk lacks something, each once: as it was left last."""
    latest = {session.id: session for session in sessions}
    return [session for session in latest.values() if session.is_behind]


def words(session: ChatSession, copy: Path | None) -> tuple[str, str]:
    """Why it is not saved, and where a copy is; not yet safe to show."""
    reason = (session.problem or "The disk does not answer.").partition(". ")[0].removesuffix(".")
    where = f"A copy is in {copy}" if copy is not None else "No copy could be written either."
    return f"NOT SAVED: {reason}.", where
