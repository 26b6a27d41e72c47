"""Which files of a project are looked at, and what is said of one by its name and size alone."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.index import FileIndex
from docstra_tui.context.files.reader import MAX_BYTES, largest
from docstra_tui.context.secrets import may_hold_secrets

Stamp = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, inode."""

SECRET = "may be secret"
"""Of such a file not even the name is kept."""
UNNAMEABLE = "has no name in UTF-8"
TOO_MANY = "beyond the limit"
BINARY = "no text"
UNREADABLE = "unreadable"
LARGE = "too large"
GENERATED = "made by a program"
DATA = "data"

MOST = 200_000
"""Files of one project."""

LARGEST = 4_000_000
"""Bytes of a file that is looked at, whatever may be sent: it is held in memory, a notebook several times."""
DATA_BYTES = 100_000
"""A larger file of data is known by its name."""

NO_TEXT = frozenset({
    ".7z", ".a", ".avi", ".avif", ".bin", ".bmp", ".bz2", ".class", ".dat", ".db", ".dll", ".dylib",
    ".eot", ".exe", ".flac", ".gguf", ".gif", ".gz", ".h5", ".icns", ".ico", ".jar", ".jpeg", ".jpg",
    ".lib", ".mkv", ".mo", ".mov", ".mp3", ".mp4", ".npy", ".npz", ".o", ".obj", ".ogg", ".onnx", ".otf",
    ".parquet", ".pdf", ".pickle", ".pkl", ".png", ".psd", ".pt", ".pth", ".pyc", ".pyd", ".rar",
    ".safetensors", ".so", ".sqlite", ".sqlite3", ".tar", ".tgz", ".tiff", ".ttf", ".wasm", ".wav",
    ".webm", ".webp", ".whl", ".woff", ".woff2", ".xlsx", ".xz", ".zip", ".zst",
})  # fmt: skip
OF_DATA = frozenset([".csv", ".json", ".jsonl", ".log", ".ndjson", ".svg", ".tsv", ".xml"])
BY_PROGRAMS = re.compile(
    "|".join(
        map(
            translate,
            (
                *("*.lock", "*-lock.json", "*-lock.yaml", "npm-shrinkwrap.json", "go.sum", "*.map"),
                *("*.min.js", "*.min.css", "*.min.mjs", "*.bundle.js", "*.pb.go", "*_pb2.py", "*_pb2.pyi"),
            ),
        )
    )
)


@dataclass
class Listing:
    """The files of a project as they are now."""

    files: dict[str, Stamp] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    """Files that are there and not in `files`: why, and how many."""
    problem: str = ""
    """Why the root itself could not be listed; empty when it could."""


def listed(root: Path, ignore: Sequence[str] = ()) -> Listing:
    """By the tree's own rules: hidden and ignored files are not there, and no link is followed."""
    index = FileIndex(root, IgnoreRules(root, ignore), limit=MOST)
    listing = Listing()
    for path, status in index.statuses():
        if may_hold_secrets(path):
            listing.left_out[SECRET] += 1
            continue
        try:
            path.encode()
        except UnicodeEncodeError:
            listing.left_out[UNNAMEABLE] += 1
        else:
            listing.files[path] = (status.st_size, status.st_mtime_ns, status.st_ino)
    listing.problem = index.error
    if index.has_more:
        listing.left_out[TOO_MANY] = 1
    return listing


def verdict(path: str, size: int, max_bytes: int = MAX_BYTES) -> str:
    """Why the text of a file is not looked at; empty when it is."""
    name = posixpath.basename(path).lower()
    ending = posixpath.splitext(name)[1]
    if ending in NO_TEXT:
        return BINARY
    if BY_PROGRAMS.match(name):
        return GENERATED
    if size > min(largest(path, max_bytes), LARGEST):
        return LARGE
    return DATA if ending in OF_DATA and size > DATA_BYTES else ""
