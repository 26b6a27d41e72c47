"""Which files of the working tree differ from what is staged: by what `stat` says, and only then by content.

Walks as the tree does, with its rules of what is ignored, and follows no link.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
import time
from collections.abc import Callable
from pathlib import Path

from docstra_tui.context.files.confined import open_file, open_folder
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.rule_files import repository_below
from docstra_tui.context.git.comparison import ByFolder
from docstra_tui.context.git.history import LINK, SUBMODULE
from docstra_tui.context.git.staging import Entry, is_folder
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

MOST_UNTRACKED = 10_000
HASH_SECONDS = 8.0
"""For looking into files whose times say nothing; what is left is looked into the next time."""
LARGEST = 200_000_000
"""Bytes of a file that is looked into."""
_LFS = b"version https://git-lfs.github.com/spec/v1\n"
_TOLD = struct.Struct(">9I")
_LOW = 0xFFFFFFFF


class Known:
    """What was found out by looking into files: it holds as long as `stat` says the same."""

    def __init__(self) -> None:
        self.same: dict[tuple[str, bytes], tuple[bytes, bool]] = {}


class Working:
    """One walk over the working tree below `root`, which is `prefix` (empty, or with `/` at its end) from
    the top of it."""

    def __init__(
        self,
        root: Path,
        prefix: str,
        staged: ByFolder,
        known: Known,
        read_blob: Callable[[bytes], bytes],
        *,
        modes_count: bool,
        ignore: tuple[str, ...] = (),
    ) -> None:
        self._root, self._prefix, self._staged, self._known = root, prefix, staged, known
        self._read_blob, self._modes_count = read_blob, modes_count
        self._rules = IgnoreRules(root, ignore)
        self._written_ns = staged.staged.written_ns
        self._until = time.monotonic() + HASH_SECONDS
        self.modified: list[str] = []
        self.deleted: list[str] = []
        self.untracked: list[str] = []
        self.submodules: list[tuple[str, Entry]] = []
        """Those that are there."""
        self.notes: list[str] = []
        self._undecided = 0

    def walk(self) -> None:
        """Fill the lists. Paths are from the top of the working tree."""
        start = self._prefix.rstrip("/")
        waiting = [start]
        while waiting:
            folder = waiting.pop()
            try:
                fd = open_folder(self._root, folder[len(self._prefix) :])
            except UnreadableFile:
                continue
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                    self._gone(folder)
                else:
                    self.notes.append(f"{shown_name(folder)}/ cannot be listed.")
                continue
            try:
                waiting += self._folder(fd, folder)
            finally:
                os.close(fd)
        if self._undecided:
            self.notes.append(
                f"{self._undecided:,} file{'s were' if self._undecided > 1 else ' was'} not compared: "
                "there are too many whose times say nothing."
            )

    def _folder(self, fd: int, folder: str) -> list[str]:
        """Look at everything in one folder; the folders in it that are to be looked at too."""
        files, folders = self._staged.files.get(folder, {}), self._staged.folders.get(folder, set())
        is_known = folder in self._staged.files
        start = f"{folder}/" if folder else ""
        deeper: list[str] = []
        found: set[str] = set()
        with os.scandir(fd) as rows:
            listed = list(rows)
        if not is_known and any(row.name == ".git" for row in listed) and self._is_another(folder):
            return []
        for row in listed:
            name = row.name
            entry = files.get(name)
            if entry is not None and self._has(row, entry, start + name):
                found.add(name)
            elif name in folders and row.is_dir(follow_symlinks=False):
                found.add(name)
                deeper.append(start + name)
            elif name != ".git":
                self._new(row, start + name, deeper)
        for name, entry in files.items():
            if name not in found and entry.is_watched and not is_folder(entry):
                self.deleted.append(start + name)
        for name in folders - found:
            self._gone(start + name)
        return deeper

    def _is_another(self, folder: str) -> bool:
        """A repository inside this one, which is not part of it."""
        return repository_below(self._root, folder[len(self._prefix) :]) is not None

    def _has(self, row: os.DirEntry[str], entry: Entry, path: str) -> bool:
        """Whether the file is there; it is told where it is another one."""
        if not entry.is_watched:
            return True
        try:
            status = row.stat(follow_symlinks=False)
        except OSError:
            return False
        written = status.st_mtime_ns
        if written < self._written_ns and not entry.is_later:
            told = _told(status, 0o100755 if status.st_mode & 0o100 else 0o100644)
            if told == entry.stat[:16] + entry.stat[20:] and stat.S_ISREG(status.st_mode):
                return True  # nearly every file, so all else waits
        if is_folder(entry):
            return True
        if entry.mode == SUBMODULE:
            if stat.S_ISDIR(status.st_mode):
                self.submodules.append((path, entry))
            return True
        if stat.S_ISDIR(status.st_mode):
            return False
        if self._is_changed(path, entry, status):
            self.modified.append(path)
        return True

    def _new(self, row: os.DirEntry[str], path: str, deeper: list[str]) -> None:
        """Something that is not staged, or is a folder where a file is, or the other way round."""
        is_dir = row.is_dir(follow_symlinks=False)
        if path in self._staged.conflicts or self._rules.is_ignored(path[len(self._prefix) :], is_dir):
            return
        if len(self.untracked) > MOST_UNTRACKED:
            return
        if is_dir:
            deeper.append(path)
        elif row.is_file(follow_symlinks=False) or row.is_symlink():
            self.untracked.append(path)

    def _gone(self, folder: str) -> None:
        for path, entry in self._staged.below(folder):
            if entry.is_watched and not is_folder(entry):
                self.deleted.append(path)

    def _is_changed(self, path: str, entry: Entry, status: os.stat_result) -> bool:
        if entry.is_later or _mode(status, entry.mode, self._modes_count) != entry.mode:
            return True
        changed, written = status.st_ctime_ns, status.st_mtime_ns
        mark = _told(status, entry.mode)
        if written < self._written_ns and mark == entry.stat[:16] + entry.stat[20:]:
            return False
        if entry.size not in (0, status.st_size & _LOW):
            return True
        known = self._known.same.get((path, entry.name))
        if known is not None and known[0] == mark:
            return known[1]
        if time.monotonic() > self._until:
            self._undecided += 1
            return False
        is_other = not self._is_same(path, entry)
        # What is as new as now may be written again without its times showing it.
        if time.time_ns() - max(written, changed) > 2 * 10**9:
            self._known.same[path, entry.name] = (mark, is_other)
        return is_other

    def _is_same(self, path: str, entry: Entry) -> bool:
        """Whether the content is what is staged, as git's own rules for line ends and large files see it."""
        try:
            content = self.content(path, entry.mode, LARGEST)
        except UnreadableFile:
            return False
        if blob_id(content, len(entry.name)) == entry.name:
            return True
        if b"\r\n" in content and blob_id(content.replace(b"\r\n", b"\n"), len(entry.name)) == entry.name:
            return True  # checked out with other line ends: that gave it the size it has
        try:
            pointer = self._read_blob(entry.name) if entry.mode != LINK else b""
        except UnreadableFile:
            return False
        return pointer.startswith(_LFS) and hashlib.sha256(content).hexdigest().encode() in pointer

    def content(self, path: str, mode: int, limit: int) -> bytes:
        """What a file holds, or where a link leads. Raises `UnreadableFile`."""
        relative = path[len(self._prefix) :]
        if mode == LINK:
            return _target(self._root, relative)
        fd = open_file(self._root, relative)
        try:
            if os.fstat(fd).st_size > limit:
                raise UnreadableFile("It is too large to be compared.")
            with open(fd, "rb", closefd=False) as file:
                return file.read(limit)
        except OSError as error:
            raise UnreadableFile("It cannot be read.") from error
        finally:
            os.close(fd)


def _told(status: os.stat_result, mode: int) -> bytes:
    """What `stat` says, as git's index has it, but for the device: that is another one after a restart."""
    changed, written = status.st_ctime_ns, status.st_mtime_ns
    return _TOLD.pack(
        changed // 1_000_000_000 & _LOW,
        changed % 1_000_000_000,
        written // 1_000_000_000 & _LOW,
        written % 1_000_000_000,
        status.st_ino & _LOW,
        mode,
        status.st_uid & _LOW,
        status.st_gid & _LOW,
        status.st_size & _LOW,
    )


def blob_id(content: bytes, width: int) -> bytes:
    """The id that git gives a file of this content."""
    kind = hashlib.sha1 if width == 20 else hashlib.sha256
    digest = kind(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.digest()


def _mode(status: os.stat_result, staged: int, modes_count: bool) -> int:
    """As git writes it down; where the file system has no such bits, as it was."""
    if stat.S_ISLNK(status.st_mode):
        return LINK
    if not stat.S_ISREG(status.st_mode):
        return 0
    if not modes_count and staged != LINK:
        return staged
    return 0o100755 if status.st_mode & 0o100 else 0o100644


def _target(root: Path, relative: str) -> bytes:
    folder, _, name = relative.rpartition("/")
    try:
        fd = open_folder(root, folder)
        try:
            return os.fsencode(os.readlink(name, dir_fd=fd))
        finally:
            os.close(fd)
    except OSError as error:
        raise UnreadableFile("It is no link any more.") from error
