"""The last step of a conversation that could not be saved: a copy of it that a person can read."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from docstra_tui.session.chat import ChatSession
from docstra_tui.session.exchange.markdown import to_markdown
from docstra_tui.session.turns import StoredSession


def rescue(session: ChatSession) -> Path | None:
    """Where a Markdown copy (mode 0600) of a conversation lies that the disk lacks; call it at the end.

    None when all of it is saved, nothing was said, or no copy could be written. Never raises.
    """
    try:
        if not session.is_behind:
            return None
        text = to_markdown(_whole(session)).encode("utf-8", "backslashreplace")
    except Exception:  # a second trouble on the way out must not hide the first
        return None
    for folder in _folders():
        path = _write(folder, text)
        if path is not None:
            return path
    return None


def _whole(session: ChatSession) -> StoredSession:
    turns = tuple(session.branches.held)
    asked = [turn.asked for turn in turns] or [time.time()]
    return StoredSession(
        session.id or "",
        session.title,
        str(session.root),
        session.model,
        session.draft,
        min(asked),
        max(asked),
        turns,
        waiting=tuple(session.waiting),
    )


def _folders() -> Iterator[str]:
    """The temporary folder; the home folder, where the former is full."""
    try:
        yield tempfile.gettempdir()
    except OSError:
        pass
    yield os.path.expanduser("~")


def _write(folder: str, text: bytes) -> Path | None:
    """A new file with `text` in `folder`; None, and no file, when that fails."""
    try:
        fd, name = tempfile.mkstemp(".md", "docstra-tui-", folder)
    except OSError:
        return None
    path = Path(name)
    try:
        with open(fd, "wb") as file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)
        return None
    return path
