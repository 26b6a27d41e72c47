"""Where settings come from: TOML files and variables, as plain values by dotted keys.

Knows nothing of what a key means.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from docstra_tui.errors import SettingsError

PREFIX = "DOCSTRA_"
NOT_SETTINGS = frozenset({"DOCSTRA_API_KEY"})
"""Variables with our prefix that are no settings; `DOCSTRA_*_DIR` belong to paths.py."""

SHORT = {
    "DOCSTRA_MODEL": "model.name",
    "DOCSTRA_BASE_URL": "remote.base_url",
    "DOCSTRA_REMOTE": "remote.name",
    "DOCSTRA_MAX_TOKENS": "answer.max_tokens",
    "DOCSTRA_TEMPERATURE": "answer.temperature",
    "DOCSTRA_THINK": "answer.think",
}
"""Variables with a shorter name than their key."""

A_FLAG = "a flag"
ENVIRONMENT = "the environment"

FLAGS = {"model.name": "--model", "engine.own": "--own-engine", "remote.name": "--remote"}
"""The flags that are not called like the end of their key."""

MAX_LINES = 1000
"""In a longer file lines are not looked up."""
MAX_FILE_BYTES = 1_000_000
"""A larger settings file is a mistake, or somebody's trap."""


def read_toml(path: Path, *, follow: bool = True) -> dict[str, Any]:
    """The table in `path`; empty when there is no such file. Raises `SettingsError`."""
    text = read_text(path, follow=follow)
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Mend the file or move it away.") from error


def read_text(path: Path, *, follow: bool = True) -> str | None:
    """What a settings file says; None when there is no such file. Raises `SettingsError`.

    A project may be anybody's: a pipe must not stop the start, and with `follow=False` a link must
    not lead out of the folder.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    try:
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SettingsError(f"{path} is not a regular file.", "Move it away.")
            text = file.read(MAX_FILE_BYTES + 1)
        if len(text) > MAX_FILE_BYTES:
            raise SettingsError(f"{path} is larger than {MAX_FILE_BYTES:,} bytes.", "Move it away.")
        return text.decode("utf-8-sig")  # some editors put a mark in front, which is no TOML
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text.", "Save it as UTF-8 or move it away.") from error
    except OSError as error:
        said = error.strerror or error
        raise SettingsError(f"{path} cannot be read: {said}.", "Mend the file or move it away.") from error


class Place(NamedTuple):
    """Where some settings were written."""

    name: str
    path: Path | None = None
    """The file, where it is one."""

    def at(self, key: str) -> str:
        """Where this key stands: in a file with its line."""
        line = 0
        if self.path is not None:
            with suppress(SettingsError):
                line = line_of(read_text(self.path) or "", key)
        return f"{self.name}, line {line}" if line else self.name


GIVEN = Place("")
"""Of a value that stands nowhere yet."""

Layer = tuple[Place, dict[str, Any]]
"""What one place sets, by dotted keys."""


def named(key: str, origin: Mapping[str, Place]) -> str:
    """A setting as the user wrote it: a flag, or a key and where it stands."""
    where = origin.get(key, Place("the settings"))
    if where == GIVEN:
        return key
    if where.name == A_FLAG:
        return FLAGS.get(key) or "--" + key.rpartition(".")[2].replace("_", "-")
    return f"Setting {key!r} in {where.at(key)}"


def line_of(text: str, key: str) -> int:
    """The line of a file that parses on which a dotted key is set; 0 where it is not, or the file is long."""
    lines = text.splitlines(keepends=True)
    begin = 0
    for end in range(1, min(len(lines), MAX_LINES) + 1):
        try:
            found = flatten(tomllib.loads("".join(lines[:end])))
        except tomllib.TOMLDecodeError:  # in the middle of a value
            continue
        if key in found:
            said = (number for number in range(begin, end) if lines[number].split("#")[0].strip())
            return next(said, end - 1) + 1
        begin = end
    return 0


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A table of tables by dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def variable_of(key: str) -> str:
    """The variable that sets a key."""
    return PREFIX + key.replace(".", "_").upper()


def from_environment(keys: Iterable[str]) -> dict[str, Any]:
    """What variables set of some keys: `DOCSTRA_MODEL_NAME` is `model.name`. Raises `SettingsError`."""
    names = {variable_of(key): key for key in keys} | SHORT
    values: dict[str, Any] = {}
    # Short forms first: where both are set, the long name wins whatever the order of the environment.
    for variable, value in sorted(os.environ.items(), key=lambda pair: pair[0] not in SHORT):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS or variable.endswith("_DIR"):
            continue
        if variable not in names:
            near = difflib.get_close_matches(variable, names, n=1, cutoff=0.6)
            hint = f"Did you mean {near[0]}?" if near else "See docstra-tui --help."
            raise SettingsError(f"Unknown environment variable {variable}.", hint)
        key = names[variable]
        values[key] = value.split(os.pathsep) if key == "context.ignore" else value
    return values
