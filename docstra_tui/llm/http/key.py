"""The key for another server: from where it may come, and what it may look like. Never from an argument."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from docstra_tui import paths
from docstra_tui.errors import SettingsError, UnsafePath

VARIABLE = "DOCSTRA_API_KEY"
FILE = "api_key"
"""Beside config.toml, mode 0600."""


def find_key() -> str:
    """From the variable, else from the file; empty when there is none.

    Raises `UnsafePath` for a file that others can read, `SettingsError` for one that is no text.
    """
    key = os.environ.get(VARIABLE, "")
    if key.strip():
        return key
    return _read(paths.config_dir() / FILE) or ""


def in_variable(name: str) -> str:
    """The key in a variable that somebody named for it. Raises `SettingsError` where it is not set."""
    key = os.environ.get(name, "")
    if not key.strip():
        raise SettingsError(f"The variable {name} has no key in it.", "Set it before the start.")
    return key


def in_file(name: str) -> str:
    """The key in a file that somebody named for it, from the folder of config.toml. Raises as `find_key`, and
    `SettingsError` where it is not there."""
    path = paths.config_dir() / os.path.expanduser(name)
    key = _read(path)
    if key is None or not key.strip():
        raise SettingsError(f"There is no key in {path}.", f"Write it there, and run: chmod 600 {path}")
    return key


def _read(path: Path) -> str | None:
    """The text of a key file; None where there is none."""
    try:
        # Without waiting: a pipe of that name would never be opened by anybody else.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SettingsError(f"The key file {path} is not a regular file.", "Mend it or remove it.")
            if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
                raise UnsafePath(f"The key in {path} can be read by others.", f"Run: chmod 600 {path}")
            return file.read(65536).decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The key file {path} cannot be read.", "Mend it or remove it.") from error


def clean_key(key: str) -> str:
    """The key without the line end that files and pastes bring.

    Raises `SettingsError` for what no header can carry: the HTTP library's own error would show the key.
    """
    key = key.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsError(
            "The API key has characters that cannot be sent.", "Look for line breaks or spaces in it."
        )
    return key
