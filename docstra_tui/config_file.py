"""config.toml as the program changes it: comments and order stay, a link stays one, and so does the mode.

What would not be understood is never written.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from docstra_tui import paths, settings, themes
from docstra_tui.errors import SettingsError
from docstra_tui.setting_sources import flatten, read_text

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

NOT_CHANGED = "It was not changed. docstra-tui config edit opens it."


def put(key: str, value: Any) -> None:
    """Have the file set a key, which `value_of` made of words; None: no longer. Raises `SettingsError`."""
    if value is None:
        drop(key)
        return
    settings.check(key, value)
    _change(lambda document: _put(document, key, value), lambda values: {**values, key: value})


def drop(key: str) -> bool:
    """Have the file set a key no longer; False where it did not. Raises `SettingsError`."""
    if key not in flatten(tomllib.loads(_now() or "")):
        return False
    _change(
        lambda document: _drop(document, key),
        lambda values: {name: value for name, value in values.items() if name != key},
    )
    return True


def value_of(key: str, words: list[str]) -> Any:
    """What somebody typed as the value of a key, of the kind that it takes; what cannot be is left as it is,
    for the check to say. Raises `SettingsError` for a key nobody knows."""
    if key.startswith(settings.OF_KEYS):
        found = [part.strip() for word in words for part in word.split(",") if part.strip()]
        return found if len(found) > 1 else "".join(found)
    kind = settings.kind_of(key)
    if key == "theme":
        known, _ = themes.load_all()
        if words[0] not in known:
            raise themes.missing(words[0], known)
    if kind == tuple[str, ...]:
        return [word for word in words if word]
    text = " ".join(words)
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        return text


def replace(text: str) -> None:
    """Make the file say this, which is checked first. Raises `SettingsError`."""
    with _alone():
        settings.of_text(text, settings.config_path())
        _write(text)


def _change(
    change: Callable[[TOMLDocument], None], expected: Callable[[dict[str, Any]], Mapping[str, Any]]
) -> None:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = settings.config_path()
    with _alone():
        before = _now()
        try:
            values = flatten(tomllib.loads(before))
            document = tomlkit.parse(before)
            change(document)
            after = tomlkit.dumps(document)
            settings.of_text(after, path)
            is_right = flatten(tomllib.loads(after)) == expected(values)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path} cannot be read: {error}.", NOT_CHANGED) from error
        except (TOMLKitError, ValueError, TypeError) as error:
            raise SettingsError(f"{path} cannot be changed: {error}.", NOT_CHANGED) from error
        if not is_right:
            raise SettingsError(f"{path} is written in a way that cannot be changed here.", NOT_CHANGED)
        if after != before:
            _write(after)


def _put(document: TOMLDocument, key: str, value: Any) -> None:
    found = _find(document, key)
    if found is not None:
        table, name = found
        table[name] = value
        return
    import tomlkit

    *groups, name = key.split(".") if not key.startswith(settings.OF_KEYS) else key.split(".", 1)
    into: MutableMapping[str, Any] = document
    for group in groups:
        if group not in into:
            into[group] = tomlkit.table()
        into = into[group]
    into[name] = value


def _drop(document: TOMLDocument, key: str) -> None:
    found = _find(document, key)
    if found is not None:
        table, name = found
        del table[name]


def _find(table: MutableMapping[str, Any], key: str) -> tuple[MutableMapping[str, Any], str] | None:
    """The table that sets a dotted key, and the name that it has there, however both are written."""
    for name, value in table.items():
        if name == key:
            return table, name
        if key.startswith(f"{name}.") and isinstance(value, MutableMapping):
            found = _find(value, key[len(name) + 1 :])
            if found is not None:
                return found
    return None


def _now() -> str:
    return read_text(settings.config_path()) or ""


@contextmanager
def _alone() -> Iterator[None]:
    """One program changes the file at a time."""
    folder = paths.config_dir()
    try:
        paths.make_folder(folder)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SettingsError(
            f"{folder} cannot be used: {error.strerror}.",
            "Choose another folder with DOCSTRA_CONFIG_DIR.",
        ) from error
    try:
        with suppress(OSError):  # a disk without locks
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _write(text: str) -> None:
    """Whole, or as it was before; the file that a link leads to is the one."""
    path = Path(os.path.realpath(settings.config_path()))
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        mode = _mode(path)
        fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "w", encoding="utf-8", newline="") as file:
            _like(path, fd, mode)
            file.write(text)
            file.flush()
            os.fsync(fd)
        os.replace(made, path)
    except OSError as error:
        with suppress(OSError):
            made.unlink()
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.", "What it said is still there."
        ) from error


def _mode(path: Path) -> int:
    """The mode that the file has, or is to have. Raises `SettingsError`, `OSError`."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return 0o600
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.W_OK):
        raise SettingsError(f"{path} may not be changed.", "It is read-only, or no file.")
    return stat.S_IMODE(status.st_mode)


def _like(path: Path, fd: int, mode: int) -> None:
    """The same mode and owner as the file in whose place it comes."""
    with suppress(OSError):  # FileNotFoundError as well: nobody had it before
        status = os.stat(path)
        os.fchown(fd, status.st_uid, status.st_gid)
    os.fchmod(fd, mode)
