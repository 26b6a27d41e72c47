"""Values as they are stored, and as they are read back from a disk that may have damaged them.

SQLite refuses text with lone surrogates (a file's odd name, a pasted byte); such text is kept as
bytes, and paths always are.
"""

from __future__ import annotations

import json
import os
from typing import Any, TypeVar

Value = int | float | str | bytes | None
"""What SQLite keeps."""

LARGEST_FIGURE = 1e9
"""Of tokens, seconds or tokens a second; more than this is damage."""

T = TypeVar("T", dict[str, Any], list[Any])
N = TypeVar("N", int, float)
V = TypeVar("V")


def storable(text: str) -> str | bytes:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def path_bytes(path: str) -> bytes:
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # not from this file system
        return path.encode("utf-8", "replace")


def path_text(value: object) -> str:
    """A stored path; empty where it is none any more."""
    return os.fsdecode(value) if isinstance(value, bytes) else ""


def text_of(value: object, lost: list[str] | None = None, name: str = "") -> str:
    """A stored text; of one that a damaged disk changed what can be read."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return unknown(value.decode("utf-8", "replace"), lost, name)
    return unknown("" if value is None else str(value), lost, name)


def json_value(value: object, kind: type[T], lost: list[str], name: str) -> T | None:
    """A stored JSON value of a kind; None where it is none any more."""
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, kind) else unknown(None, lost, name)


def figure(value: object, kind: type[N]) -> N | None:
    """A stored number; None where it is none, or none that can be true."""
    if not isinstance(value, int | float) or not 0 <= value < LARGEST_FIGURE:
        return None
    return kind(value)


def unknown(instead: V, lost: list[str] | None, name: str) -> V:
    if lost is not None:
        lost.append(name)
    return instead
