"""Which files a project ignores: `.gitignore` in every folder, `.git/info/exclude`, extra patterns.

Reads the rules itself and never starts git: a repository's own configuration can make git run any
program. The user's global excludes and sparse checkouts are not looked at.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from docstra_tui.context.confined import open_folder
from docstra_tui.errors import UnreadableFile

MAX_BYTES = 1_000_000
"""A longer file of rules is cut here."""


class _Patterns:
    """The rules of one file, for paths relative to its folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._patterns: list[GitIgnoreSpecPattern] = []
        for line in lines:
            try:
                pattern = GitIgnoreSpecPattern(line)
            except ValueError:  # git passes over a line it cannot read, and so do we
                continue
            if pattern.include is not None:
                self._patterns.append(pattern)
        self._patterns.reverse()  # the last rule that matches decides
        # One look for the many paths that no rule mentions: 4 times faster with 30 rules.
        wanted = [pattern.regex.pattern for pattern in self._patterns if pattern.regex is not None]
        self._any = re.compile("|".join(f"(?:{regex.replace('?P<ps_d>', '')})" for regex in wanted))

    def verdict(self, path: str) -> bool | None:
        """True ignored, False taken back, None not mentioned. A folder's path ends with `/`.

        Only rules that match the path itself count: what lies in an ignored folder is decided by the
        folder, where a rule for a file would otherwise win over a rule that takes the folder back.
        """
        if not self._patterns or self._any.search(path) is None:
            return None
        for pattern in self._patterns:
            if pattern.regex is not None and _matches_itself(pattern.regex.finditer(path), len(path)):
                return pattern.include
        return None


def _matches_itself(matches: Iterable[re.Match[str]], length: int) -> bool:
    for match in matches:
        if match.groupdict().get("ps_d"):  # matched a folder: this one, or one above it?
            if match.end("ps_d") == length:
                return True
        elif not match[0].endswith("/") or match.end() < length:  # `name/**` is not for `name/` itself
            return True
    return False


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
        self._exclude = _Patterns(_read_rules(self._top or self.root, ".git/info", "exclude"))
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
        known = self._folders.get(relative)
        if known is None:
            parent, _, name = relative.rpartition("/")
            known = name == ".git" or self._is_folder_ignored(parent) or self._decide(relative, "/")
            self._folders[relative] = known
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


def _read_rules(root: Path, folder: str, name: str) -> list[str]:
    """The lines of a file of rules; none when it is missing, unreadable, a link or not a file."""
    try:
        parent = open_folder(root, folder)
    except (OSError, UnreadableFile):
        return []
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        fd = os.open(name, flags, dir_fd=parent)
    except OSError:
        return []
    finally:
        os.close(parent)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return []
        data = os.read(fd, MAX_BYTES)
    except OSError:
        return []
    finally:
        os.close(fd)
    text = os.fsdecode(data.removeprefix(b"\xef\xbb\xbf"))
    return [line.removesuffix("\r") for line in text.split("\n")]
