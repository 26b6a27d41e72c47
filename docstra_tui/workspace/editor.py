"""A question in the user's own editor: what is written there comes back, and nothing is lost on the way.

The text is a file in a private folder of its own for as long as the editor runs. Where this program ends
before the editor does, the folder stays, and what was saved in it comes back with its session.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shlex
import shutil
import signal
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from docstra_tui import paths
from docstra_tui.errors import StoreError, UsageError
from docstra_tui.text import disarm, sanitize_line
from docstra_tui.workspace.terminal import foreground
from docstra_tui.workspace.turns.waiting import joined

VARIABLES = ("VISUAL", "EDITOR")
OTHERS = ("sensible-editor", "nano", "vim", "vi")
"""What is tried where neither is set."""
LARGEST = 32_000_000
"""Bytes; what is longer does not come back, and stays where it is."""
AT_ONCE = 0.7
"""An editor that ends so soon and changed nothing may have opened a window of its own."""

QUESTION, BEFORE, ABOUT, LOCK = "question.md", "before.md", "about.json", "lock"
OURS = (QUESTION, BEFORE, ABOUT, LOCK)


@dataclass(frozen=True)
class Edited:
    """What came of it."""

    text: str
    note: str = ""
    """What is to be said; safe to show."""


@dataclass(frozen=True)
class Left:
    """What was written in an editor whose program is gone."""

    folder: Path
    session: str
    root: str
    text: str
    before: str
    """What stood there when the editor was opened."""


def command(environ: Mapping[str, str]) -> list[str]:
    """The editor, with its arguments. Raises `UsageError`."""
    for name in VARIABLES:
        if said := environ.get(name, "").strip():
            try:
                return shlex.split(said)
            except ValueError:
                raise UsageError(
                    f"${name} cannot be read: {sanitize_line(said)[:100]}", "A quote is open in it."
                ) from None
    for name in OTHERS:
        if shutil.which(name, path=environ.get("PATH")) is not None:
            return [name]
    raise UsageError("There is no editor.", "Name one with $VISUAL or $EDITOR.")


def edit(
    text: str,
    terminal: int,
    *,
    session: str = "",
    root: str = "",
    run: Callable[..., int] = foreground.run,
) -> Edited:
    """Have the user's editor write over `text`; `terminal` is where it shows itself. Blocks until it ends, in
    the main thread. Raises `DocstraError` where it cannot be started: then nothing was changed."""
    words = command(os.environ)
    folder = _folder(text, session, root)
    place = folder / QUESTION
    began = time.monotonic()
    try:
        with open(folder / LOCK, "rb") as lock:
            _lock(lock.fileno(), fcntl.LOCK_EX)
            status = run([*words, str(place)], terminal, kept_open=(lock.fileno(),))
    except OSError as error:
        _remove(folder)
        raise UsageError(
            f"{sanitize_line(words[0])} cannot be started: {error.strerror}.",
            "Name another editor with $VISUAL or $EDITOR.",
        ) from None
    came = _read(place)
    if came is not None and came == _read(folder / BEFORE):
        came = text  # to the letter, whatever of it would be disarmed
    edited = _came_back(text, came, status, is_at_once=time.monotonic() - began < AT_ONCE)
    others = [name for name in _names(folder) if name not in OURS]
    is_kept = (came is None and place.exists()) or (status < 0 and bool(others))
    if is_kept:
        kept = folder.with_name(f"kept-{folder.name}")
        with suppress(OSError):
            folder.rename(kept)
        return Edited(edited.text, f"{edited.note} Its files are kept in {sanitize_line(str(kept))}.".strip())
    _remove(folder)
    return edited


def left_behind() -> Iterator[Left]:
    """What was changed in editors whose programs are gone, the oldest first. What was not is removed."""
    place = paths.state_dir() / "editing"
    folders = [place / name for name in _names(place) if not name.startswith("kept-")]
    for folder in sorted(folders, key=_made_at):
        if not _is_free(folder):
            continue
        text, before = _read(folder / QUESTION), _read(folder / BEFORE)
        if text is None or not text.strip() or text == before:
            _remove(folder)
        else:
            session, root = _about(folder)
            yield Left(folder, session, root, text, before or "")


def bring_back(left: Left, draft: str) -> str:
    """The draft as it is to be: with what was written over it in an editor. Its folder may go."""
    is_of_it = draft.strip() in ("", left.before.strip())
    return left.text if is_of_it else joined(left.text, draft)


def forget(left: Left) -> None:
    """It is where questions are written."""
    _remove(left.folder)


def _came_back(text: str, came: str | None, status: int, *, is_at_once: bool) -> Edited:
    if came is None:
        return Edited(text, "What the editor left cannot be read. The question is as it was.")
    if status == 0:
        note = "The editor ended at once. One with a window of its own needs its flag to wait: code --wait."
        return Edited(came, note if is_at_once and came == text else "")
    how = f"was ended by {_signal(-status)}" if status < 0 else f"ended with {status}"
    if came == text or not came.strip():
        return Edited(text, f"The editor {how}. The question is as it was.")
    return Edited(came, f"The editor {how}. What it had saved is here.")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# The folder


def _folder(text: str, session: str, root: str) -> Path:
    import json

    place = paths.private_folder(paths.private_folder(paths.state_dir()) / "editing")
    folder = paths.private_folder(place / secrets.token_hex(8))
    try:
        for name, content in (
            (LOCK, ""),
            (BEFORE, _ended(text)),
            (ABOUT, json.dumps({"session": session, "root": root})),
            (QUESTION, _ended(text)),
        ):
            fd = paths.open_private(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with open(fd, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(content)
    except (OSError, ValueError) as error:
        _remove(folder)
        raise StoreError(f"The question cannot be written for an editor: {error}.") from None
    return folder


def _ended(text: str) -> str:
    return f"{text}\n" if text else ""


def _read(path: Path) -> str | None:
    """What a file of ours says; None where that cannot be known."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            data = file.read(LARGEST + 1)
    except OSError:
        return None
    if len(data) > LARGEST:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:  # an editor of another encoding: every byte stays a character
        text = data.decode("latin-1")
    return disarm(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n"))


def _about(folder: Path) -> tuple[str, str]:
    import json

    with suppress(ValueError, TypeError, AttributeError):
        told = json.loads(_read(folder / ABOUT) or "")
        return str(told.get("session", "")), str(told.get("root", ""))
    return "", ""


def _is_free(folder: Path) -> bool:
    """False while the editor, or the program that opened it, is there."""
    try:
        with open(folder / LOCK, "rb") as lock:
            return _lock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False


def _lock(fd: int, how: int) -> bool:
    """False where somebody else has it. A disk that knows no locks has none."""
    try:
        fcntl.flock(fd, how)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _made_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
