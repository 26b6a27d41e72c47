"""Where this program keeps things, and how it makes folders and files nobody else can read.

Every place can be moved with one environment variable, which is how the tests keep to themselves.
Nothing is created by asking for a path; `private_folder` creates.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

import platformdirs

from docstra_tui.errors import UnsafePath

APP = "docstra-tui"


def _place(variable: str, default: Path) -> Path:
    value = os.environ.get(variable, "")
    return Path(value).expanduser() if value else default


def runtime_dir() -> Path:
    """Sockets and locks of engines.

    Not `$XDG_RUNTIME_DIR`: it is removed at the last logout, which is what a dropped SSH link is; and
    not the home directory, which several hosts may share.
    """
    return _place("DOCSTRA_RUNTIME_DIR", temporary_dir() / f"{APP}-{os.getuid()}")


def temporary_dir() -> Path:
    """The system's temporary folder, whatever room it has.

    Not `tempfile.gettempdir()`, which tries to write: on a full disk it moves elsewhere, to the working
    folder in the end, or raises; engines that run could not be found any more.
    """
    named = [os.environ.get(name, "") for name in ("TMPDIR", "TEMP", "TMP")]
    folders = [os.path.abspath(folder) for folder in (*filter(None, named), "/tmp", "/var/tmp")]
    usable = (f for f in folders if os.path.isdir(f) and os.access(f, os.W_OK | os.X_OK))
    return Path(next(usable, "/tmp"))


def state_dir() -> Path:
    """Sessions and logs."""
    return _place("DOCSTRA_STATE_DIR", platformdirs.user_state_path(APP))


def config_dir() -> Path:
    """`config.toml`, the user's own themes and templates."""
    return _place("DOCSTRA_CONFIG_DIR", platformdirs.user_config_path(APP))


def cache_dir() -> Path:
    """What can be fetched or made again: the starter model, converted GGUF files."""
    return _place("DOCSTRA_CACHE_DIR", platformdirs.user_cache_path(APP))


def log_dir() -> Path:
    """Logs of the engines and of the app; beside the sockets where the state folder cannot be written:
    what is said is not saved then, and told so, but nothing else stops."""
    folder = state_dir() / "logs"
    return folder if can_be_written(folder) else runtime_dir() / "logs"


def can_be_written(folder: Path) -> bool:
    """False where neither the folder nor, when it is missing, the nearest one above it takes new files."""
    there = nearest(folder)
    return os.path.isdir(there) and os.access(there, os.W_OK | os.X_OK)


def nearest(folder: Path) -> Path:
    """It, or the nearest above it that is anything at all."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    return folder


def private_folder(path: Path) -> Path:
    """Make `path` with mode 0700 and return it, and so each parent that is missing.

    Raises `UnsafePath` when it is a link, is not ours, is open to others, or cannot be made.
    """
    try:
        make_folder(path)
        check_private(path)
    except OSError as error:
        raise UnsafePath(
            f"The folder {path} cannot be made: {error.strerror}.",
            "Free the disk or choose another place with the DOCSTRA_*_DIR variables.",
        ) from error
    return path


def check_private(path: Path) -> None:
    """Raises `UnsafePath` when what is there is a link, is not ours or is open to others, `OSError` when it
    cannot be seen."""
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        raise UnsafePath(f"{path} is a link or a file, not a folder.", "Remove it and start again.")
    if status.st_uid != os.getuid():
        raise UnsafePath(
            f"The folder {path} belongs to user {status.st_uid}.",
            "Choose another place with the DOCSTRA_*_DIR variables.",
        )
    if status.st_mode & 0o077:
        raise UnsafePath(
            f"The folder {path} is open to other users (mode {stat.S_IMODE(status.st_mode):o}).",
            f"Run: chmod 700 {path}" if is_named_ours(path) else f"Choose a folder of its own: {path / APP}",
        )


def make_folder(path: Path) -> None:
    """Make a folder and its missing parents with mode 0700; what is there stays as it is.

    Raises `OSError`.
    """
    missing = [path]
    while not os.path.lexists(missing[-1].parent):
        missing.append(missing[-1].parent)
    for folder in reversed(missing):
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:  # also by somebody else, just now
            continue
        os.chmod(folder, 0o700)  # mkdir obeys the umask, which may be stricter than the owner needs


def is_named_ours(path: Path) -> bool:
    """False for a folder that may be everybody's, such as /tmp: its mode is not ours to advise on."""
    return any(APP in name for name in (path.name, path.parent.name))


def write_private(path: Path, text: str) -> None:
    """Make a file of ours say this, in ASCII and with mode 0600: whole, or as it was before.

    Its folder is there. Raises `OSError`.
    """
    made = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fd = open_private(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        with open(fd, "w", encoding="ascii") as file:
            file.write(text)
        os.replace(made, path)
    except OSError:
        with suppress(OSError):
            made.unlink()
        raise


def open_private(path: Path, flags: int = os.O_WRONLY | os.O_CREAT | os.O_APPEND) -> int:
    """A descriptor of a file of ours with mode 0600, whatever the umask; links are refused."""
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(fd, 0o600)
    return fd


def is_locked(lock: Path) -> bool:
    """True while a living process holds this lock. Never makes the file.

    Raises `OSError` where the file system has no locks.
    """
    try:
        fd = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
