"""A conversation into a file and out of one, on the command of whoever sits in front of a face or a shell."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import paths
from docstra_tui.errors import DocstraError
from docstra_tui.text import shown_name
from docstra_tui.workspace.saving import save
from docstra_tui.workspace.title import shown_path

if TYPE_CHECKING:
    from docstra_tui.llm.answer import Setting
    from docstra_tui.session.exchange.exported import Form
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.session.turns import StoredSession
    from docstra_tui.settings import Settings

FOLDER = "exports"
"""Beside the saved sessions: where one goes for which nobody named a file."""


def form_of(path: Path) -> Form:
    """By the end of its name."""
    return "json" if path.suffix.lower() == ".json" else "md"


def in_force(settings: Settings) -> Mapping[str, Setting]:
    """What of the settings has to do with how an answer comes out."""
    answer, model = settings.answer, settings.model
    return {
        "temperature": answer.temperature,
        "max_tokens": answer.max_tokens,
        "think": answer.think,
        "kv_cache": answer.kv_cache,
        "device": model.device,
        "dtype": model.dtype,
    }


def export(
    store: SessionStore, session_id: str, place: Path | None, settings: Settings, *, replace: bool = False
) -> str:
    """Write a session, and say where it is, ready to show. Without a place it goes beside the saved ones, in
    the place of what went there before. What was thought stays out. Blocks. Raises `StoreError`, `NotSaved`,
    `UnsafePath`."""
    from docstra_tui.session.exchange.exported import exported
    from docstra_tui.session.exchange.whole import whole

    found = whole(store, session_id)
    if place is None:
        folder = paths.private_folder(paths.private_folder(paths.state_dir()) / FOLDER)
        place, replace = folder / f"{found.session.id}.md", True
    text = exported(found, form_of(place), with_thinking=False, settings=in_force(settings))
    save(place, text, replace=replace)
    turns = len(found.turns if form_of(place) == "json" else found.session.turns)
    return f"{turns:,} turn{'s' * (turns != 1)} written to {shown_path(place)}."


def take_in(store: SessionStore, data: bytes, root: Path) -> StoredSession:
    """Add the session of a file to the saved ones, about the folder `root`; nothing is opened by it. Blocks.
    Raises `NotImported`, `StoreError`."""
    from docstra_tui.session.exchange.imported import read

    found = read(data, root)
    store.take_in(found.session, found.turns)
    return found.session


def bytes_of(place: Path) -> bytes:
    """All of a file that is one; of a file that is longer than any session a byte more than may be. Blocks.
    Raises `DocstraError`."""
    from docstra_tui.session.exchange.document import LARGEST

    shown = shown_name(str(place))
    try:
        fd = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise DocstraError(f"{shown} is no file.")
        with os.fdopen(fd, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise DocstraError(f"{shown} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a name that no file system takes
        raise DocstraError(f"There is no file {shown}.") from error
