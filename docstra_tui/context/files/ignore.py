"""Which files a project ignores: `.gitignore` in every folder, `.git/info/exclude`, extra patterns.

Reads the rules itself and never starts git: a repository's own configuration can make git run any
program. The user's global excludes and sparse checkouts are not looked at.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from docstra_tui.context.files.confined import open_folder
from docstra_tui.context.files.wildcards import LONGEST, to_regex, without_trailing_spaces
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

MAX_BYTES = 1_000_000
"""A longer file of rules is cut here."""

_MAX_RULES = 10_000
"""Of one file; the rest does not count."""

_POINTER_BYTES = 8192
"""A longer `.git` or `commondir` file points to nothing."""

_TOGETHER_RULES = 100
_TOGETHER_CHARS = 8000
"""What is searched for in one go, in which no other thread can run."""

logger = logging.getLogger("docstra_tui.context")


@dataclass(frozen=True)
class _Rule:
    source: str
    """A regular expression that matches the whole of a path, or of its last part."""
    include: bool
    """False for a rule that takes back."""
    is_name: bool
    """True for a rule about the last part of a path."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.source)


class _Group:
    """Rules that are tried together: one look for the many paths that none of them mentions."""

    def __init__(self, rules: Sequence[_Rule]) -> None:
        self.rules = rules
        self.names = _any_of(rule.source for rule in rules if rule.is_name)
        self.paths = _any_of(rule.source for rule in rules if not rule.is_name)


class _Patterns:
    """The rules of one file, for paths relative to its folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        rules = [rule for line in lines if (rule := _rule_of(_as_bytes(line))) is not None]
        self._groups = [_Group(rules) for rules in _grouped(rules[::-1])]  # the last that matches decides

    def verdict(self, path: str) -> bool | None:
        """True ignored, False taken back, None not mentioned. A folder's path ends with `/`.

        Only rules that match the path itself count: what lies in an ignored folder is decided by the
        folder, where a rule for a file would otherwise win over a rule that takes the folder back.
        """
        if not self._groups:
            return None
        if not path.isascii() or "\n" in path:
            path = _as_bytes(path)
        if len(path) > LONGEST:
            return None
        name = path[path.rfind("/", 0, -1) + 1 :]
        for group in self._groups:
            if (group.names is None or group.names(name) is None) and (
                group.paths is None or group.paths(path) is None
            ):
                continue
            for rule in group.rules:
                if rule.regex.match(name if rule.is_name else path) is not None:
                    return rule.include
        return None


def _rule_of(line: str) -> _Rule | None:
    """None for a line that rules nothing: a comment, or one that git cannot read either."""
    if line.startswith("#"):
        return None
    rule = without_trailing_spaces(line.partition("\0")[0])
    include = not rule.startswith("!")
    rule = rule.removeprefix("!")
    source = to_regex(rule)
    if source is None:
        return None
    return _Rule(source, include, is_name="/" not in rule.removesuffix("/"))


def _any_of(sources: Iterable[str]) -> Callable[[str], re.Match[str] | None] | None:
    joined = "|".join(sources)
    return re.compile(joined).match if joined else None


def _grouped(rules: Sequence[_Rule]) -> Iterator[Sequence[_Rule]]:
    group: list[_Rule] = []
    size = 0
    for rule in rules:
        size += len(rule.source)
        if group and (len(group) == _TOGETHER_RULES or size > _TOGETHER_CHARS):
            yield group
            group, size = [], len(rule.source)
        group.append(rule)
    if group:
        yield group


def _as_bytes(text: str) -> str:
    """One character for each byte, as git compares; a line end, which no rule can hold, is a NUL."""
    if not text.isascii():
        try:
            text = os.fsencode(text).decode("latin-1")
        except UnicodeEncodeError:  # no name on a disk
            text = text.encode("utf-8", "replace").decode("latin-1")
    return text.replace("\n", "\0")


class IgnoreRules:
    """The rules in force below `root`; each folder's are read once. Any thread.

    Make a new one to see edited rules. Where `root` lies inside a git working tree, the rules of the
    folders above it count too.
    """

    def __init__(self, root: Path, extra: Sequence[str] = ()) -> None:
        self.root = Path(os.path.abspath(root))
        self._above = ""
        """From the top of the working tree to `root`: `` or `src/`."""
        self._top = _working_tree(self.root)
        if self._top is not None and self._top != self.root:
            self._above = self.root.relative_to(self._top).as_posix() + "/"
        self._extra = _Patterns(extra)
        self._exclude = _Patterns(_read_exclude(self._top) if self._top is not None else [])
        self._rules: dict[str, _Patterns] = {}
        self._folders: dict[str, bool] = {"": False}
        self._lock = threading.RLock()

    def is_ignored(self, relative: str, is_folder: bool) -> bool:
        """True for a path (relative to the root, `/` between parts) that the project ignores.

        Nothing below an ignored folder can be taken back.
        """
        relative = relative.strip("/")
        if not relative:
            return False
        with self._lock:
            parent, _, name = relative.rpartition("/")
            if name == ".git" or self._is_folder_ignored(parent):
                return True
            if is_folder:
                return self._is_folder_ignored(relative)
            return self._decide(relative, "")

    def _is_folder_ignored(self, relative: str) -> bool:
        unknown = []
        at = relative
        while (known := self._folders.get(at)) is None:
            unknown.append(at)
            at = at.rpartition("/")[0]
        for folder in reversed(unknown):
            known = known or folder.rpartition("/")[2] == ".git" or self._decide(folder, "/")
            self._folders[folder] = known
        return known

    def _decide(self, relative: str, slash: str) -> bool:
        verdict = self._extra.verdict(relative + slash)
        if verdict is not None:
            return verdict
        # The nearest .gitignore decides, then those above it, then .git/info/exclude.
        full = self._above + relative
        folder = full
        while folder:
            folder = folder.rpartition("/")[0]
            verdict = self._rules_of(folder).verdict(full[len(folder) :].lstrip("/") + slash)
            if verdict is not None:
                return verdict
        return bool(self._exclude.verdict(full + slash))

    def _rules_of(self, folder: str) -> _Patterns:
        """The rules of one folder, relative to the top of the working tree."""
        rules = self._rules.get(folder)
        if rules is None:
            rules = _Patterns(_read_rules(self._top or self.root, folder, ".gitignore"))
            self._rules[folder] = rules
        return rules


class NothingIgnored(IgnoreRules):
    """For looking at everything; git's own folder stays out all the same."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))

    def is_ignored(self, relative: str, is_folder: bool) -> bool:
        return ".git" in relative.split("/")


def _working_tree(root: Path) -> Path | None:
    for folder in (root, *root.parents):
        if os.path.lexists(folder / ".git"):
            return folder
    return None


def _read_exclude(top: Path) -> list[str]:
    """The rules of `.git/info/exclude`; in a linked worktree those of the repository it belongs to.

    What `.git` points to is a repository's to say: nothing is read there but this one file of rules.
    """
    pointer = _read(top, "", ".git", _POINTER_BYTES)
    if pointer is None:
        return _read_rules(top, ".git/info", "exclude")
    if not pointer.startswith(b"gitdir: "):
        return []
    place = _pointed_to(top, pointer.removeprefix(b"gitdir: "))
    common = _read(place, "", "commondir", _POINTER_BYTES)
    if common:
        place = _pointed_to(place, common)
    return _read_rules(place, "info", "exclude")


def _pointed_to(base: Path, path: bytes) -> Path:
    return Path(os.path.normpath(base / os.fsdecode(path.rstrip(b"\r\n"))))


def _read_rules(root: Path, folder: str, name: str) -> list[str]:
    """The lines of a file of rules; none when it is missing, unreadable, a link or not a file."""
    data = _read(root, folder, name, MAX_BYTES, is_cut=True)
    if data is None:
        return []
    lines = os.fsdecode(data.removeprefix(b"\xef\xbb\xbf")).split("\n")
    if len(data) == MAX_BYTES:
        lines.pop()  # half a rule may mean the opposite
    if len(data) == MAX_BYTES or len(lines) > _MAX_RULES:
        logger.warning(
            "%s is too long, its last rules do not count", shown_name(f"{folder}/{name}".lstrip("/"))
        )
    return [line.removesuffix("\r") for line in lines[:_MAX_RULES]]


def _read(root: Path, folder: str, name: str, limit: int, *, is_cut: bool = False) -> bytes | None:
    """What a regular file holds; None for anything else, and for more than `limit` unless it is cut."""
    try:
        parent = open_folder(root, folder)
    except (OSError, ValueError, UnreadableFile):
        return None
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=parent)
    except OSError:
        return None
    finally:
        os.close(parent)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or (found.st_size > limit and not is_cut):
            return None
        return os.read(fd, limit)
    except OSError:
        return None
    finally:
        os.close(fd)
