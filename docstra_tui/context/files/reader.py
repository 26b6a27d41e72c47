"""A file, or some lines of it, becomes a context item: read once, whole or not at all.

Of a notebook the cells are read, and lines are those of the cells, as its preview shows them.

Only regular files below the root are read, through `confined`; what is shown, counted and sent is
this one snapshot.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from docstra_tui.context.files.confined import inside, open_file, unreadable
from docstra_tui.context.files.decoding import decode
from docstra_tui.context.files.language import language_of
from docstra_tui.context.files.notebook import CELLS, ENDING, LARGEST, cells_of
from docstra_tui.errors import UnreadableFile
from docstra_tui.llm.items import ContextItem
from docstra_tui.text import shown_name

MAX_BYTES = 1_000_000
_RANGE = re.compile(r"(.+?):(\d+)(?:-(\d*))?", re.DOTALL)


@dataclass(frozen=True)
class ReadFile:
    """A context item and how it was read."""

    item: ContextItem
    encoding: str
    """`utf-8`, `utf-16-le`, `cp1252`, …"""
    note: str = ""
    """A sentence for the user when the encoding was guessed; else empty."""


def read_item(
    root: Path,
    relative: str,
    *,
    start_line: int | None = None,
    end_line: int | None = None,
    max_bytes: int = MAX_BYTES,
) -> ContextItem:
    """The item of `read_file`."""
    read = read_file(root, relative, start_line=start_line, end_line=end_line, max_bytes=max_bytes)
    return read.item


def read_file(
    root: Path,
    relative: str,
    *,
    start_line: int | None = None,
    end_line: int | None = None,
    max_bytes: int = MAX_BYTES,
    called: str = "",
) -> ReadFile:
    """Read a file below `root`; lines count from 1 and `end_line` is included. `called` is the name that
    tells its language, where the user knows it by another one.

    Raises `UnreadableFile`: missing, outside, a link, special, too large, not text, no such lines.
    """
    path = inside(root, relative)
    shown = shown_name(path or ".")
    data = _read_bytes(root, path, max(largest(path, max_bytes), largest(called, max_bytes)))
    content, encoding, note = decode(data, shown)
    language = (language_of(called, content) if called else "") or language_of(path, content)
    cells = cells_of(content) if _is_notebook(path) or _is_notebook(called) else None
    if cells is not None:
        content, language = cells
    if len(data) > max_bytes and len(content) > max_bytes:
        raise _too_large(path, len(content), max_bytes)
    if start_line is not None or end_line is not None:
        content, start_line, end_line = _cut(content, start_line, end_line, shown)
    item = ContextItem(
        content, path, language, start_line, end_line, detail=CELLS if cells is not None else ""
    )
    return ReadFile(item, encoding, note)


def read_named(
    argument: str, *, max_bytes: int = MAX_BYTES, note: Callable[[str], object] = lambda text: None
) -> ContextItem:
    """A file that the user named on the command line, `FILE` or `FILE:A-B`; it may lie anywhere.

    It is its own root, so links are followed: the user's word is the permission. Its path is relative
    where it lies below the current folder, else absolute. `note` hears of an encoding that was guessed.
    Raises `UnreadableFile`.
    """
    path, start, end = split_range(argument)
    try:
        real = os.path.realpath(path, strict=True)
    except OSError as error:
        raise unreadable(path, error) from error
    read = read_file(
        Path(os.path.dirname(real)),
        os.path.basename(real),
        start_line=start,
        end_line=end,
        max_bytes=max_bytes,
        called=path,
    )
    if read.note:
        note(read.note)
    item = read.item
    if item.detail == CELLS:
        note(f"{shown_name(path)}: its cells are read, without images. Lines are those of the cells.")
    absolute = os.path.abspath(path)
    here = os.getcwd()
    named = os.path.relpath(absolute, here) if os.path.commonpath([absolute, here]) == here else absolute
    return replace(item, path=named)


def largest(path: str, max_bytes: int) -> int:
    """How many bytes a file may have to be read: of a notebook the most are images, and are not counted."""
    return max(max_bytes, LARGEST) if _is_notebook(path) else max_bytes


def split_range(argument: str) -> tuple[str, int | None, int | None]:
    """`a.py:3-9` is lines 3 to 9, `a.py:3` one line, `a.py:3-` to the end.

    A file that really has such a name wins.
    """
    match = _RANGE.fullmatch(argument)
    if match is None or os.path.lexists(argument):
        return argument, None, None
    start = int(match[2])
    if match[3] is None:
        return match[1], start, start
    return match[1], start, int(match[3]) if match[3] else None


def _is_notebook(path: str) -> bool:
    return path.lower().endswith(ENDING)


def _read_bytes(root: Path, path: str, max_bytes: int) -> bytes:
    for _ in range(2):  # once more when it was written to meanwhile
        fd = open_file(root, path)
        try:
            before = os.fstat(fd)
            if before.st_size > max_bytes:
                raise _too_large(path, before.st_size, max_bytes)
            data = _read_up_to(fd, max_bytes + 1)
            after = os.fstat(fd)
        except OSError as error:
            raise unreadable(path, error) from error
        finally:
            os.close(fd)
        if len(data) > max_bytes:
            raise _too_large(path, max(after.st_size, len(data)), max_bytes)
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return data
    raise UnreadableFile(f"{shown_name(path)} changes while it is read.", "Wait until its writer is done.")


def _read_up_to(fd: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := os.read(fd, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _too_large(path: str, size: int, max_bytes: int) -> UnreadableFile:
    return UnreadableFile(
        f"{shown_name(path)} has {size:,} bytes; files up to {max_bytes:,} are read.",
        "The setting context.max_file_bytes raises the limit.",
    )


def _cut(content: str, start: int | None, end: int | None, shown: str) -> tuple[str, int, int]:
    """The lines `start` to `end`, with the numbers that are really there."""
    lines = _lines(content)
    start = 1 if start is None else start
    last = len(lines) if end is None else end
    if start < 1 or last < start:
        raise UnreadableFile(f"Lines {start}-{last} of {shown} make no range.", "Write FILE:10-40.")
    if start > len(lines):
        raise UnreadableFile(f"{shown} has {len(lines)} lines, so there is no line {start}.")
    last = min(last, len(lines))
    return "".join(lines[start - 1 : last]), start, last


def _lines(content: str) -> list[str]:
    """Lines with their ends; only line feeds end one, as editors and compilers count."""
    lines = content.split("\n")
    kept = [line + "\n" for line in lines[:-1]]
    return [*kept, lines[-1]] if lines[-1] else kept
