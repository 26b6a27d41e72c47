"""Changes of files as the text that a model reads: a diff as git writes it, and what is not in it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from docstra_tui.context.files.decoding import decode
from docstra_tui.context.git.comparison import Change
from docstra_tui.context.git.history import LINK, SUBMODULE, Row
from docstra_tui.context.git.unified import unified
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import UnreadableFile

LARGEST = 1_000_000
"""Bytes of one side of a file; of a larger one it is only said that it changed."""
MOST_PAIRS = 10_000
"""Files that are gone against files that are new, looked at for those that were only moved."""
MOST_MISSES = 50
"""Files in a row for which there is no room; what comes behind them is not looked at any more."""
ALIKE = 0.6
"""The share of lines that a file keeps when it is moved."""
_LFS = "version https://git-lfs.github.com/spec/v1\n"

Load = Callable[[str, Row], bytes]
"""The content of one side of a change. Raises `UnreadableFile`."""


@dataclass(frozen=True)
class Difference:
    """What changed, ready to be sent."""

    text: str
    files: int
    """That changed."""
    left_out: tuple[str, ...] = ()
    """Why some of them are not in the text, ready to show once it is made safe."""


class Writer:
    """Writes changes until there is no room left."""

    def __init__(self, old: Load, new: Load, room: int, above: str = "") -> None:
        """`above` is what all paths begin with and is not told: the way to the root."""
        self._old, self._new, self._room, self._above = old, new, room, len(above)
        self._parts: list[str] = []
        self._secret = self._cut = self._misses = 0

    def write(self, changes: Iterable[Change]) -> Difference:
        """All of them, those that fit."""
        together = self._with_moves(list(changes))
        for change, moved in together:
            if may_hold_secrets(change.path) or (moved and may_hold_secrets(moved)):
                self._secret += 1
            elif self._misses < MOST_MISSES:
                self._add(self._one(change, moved))
            else:
                self._cut += 1
        left_out = []
        if self._secret:
            left_out.append(f"{_files(self._secret)} left out, as they may hold secrets.")
        if self._cut:
            left_out.append(f"{_files(self._cut)} left out, as the whole is too long.")
        self._parts += [f"{words}\n" for words in left_out]
        return Difference("".join(self._parts), len(together), tuple(left_out))

    def _add(self, text: str) -> None:
        if len(text) > self._room:
            self._cut += 1
            self._misses += 1
        else:
            self._misses = 0
            self._room -= len(text)
            self._parts.append(text)

    def _one(self, change: Change, moved: str) -> str:
        path = change.path
        before = _quoted(f"a/{(moved or path)[self._above :]}")
        after = _quoted(f"b/{path[self._above :]}")
        lines = [f"diff --git {before} {after}\n", *_modes(change)]
        if moved:
            lines += [f"rename from {before[2:]}\n", f"rename to {after[2:]}\n"]
        try:
            sides = self._texts(change, moved)
        except UnreadableFile as error:
            return "".join([*lines, f"({error.message})\n"])
        if sides is None:
            return "".join([*lines, f"Binary files {before} and {after} differ\n"])
        old, new = sides
        if old != new and old.replace("\r\n", "\n") == new.replace("\r\n", "\n"):
            return "".join([*lines, "(Only the ends of its lines differ.)\n"])
        if ("\r\n" in old) != ("\r\n" in new):
            old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
        body = list(unified(_lines(old), _lines(new)))
        if body:
            lines.append(f"--- {before if change.old is not None else '/dev/null'}\n")
            lines.append(f"+++ {after if change.new is not None else '/dev/null'}\n")
        return "".join(lines + body)

    def _texts(self, change: Change, moved: str) -> tuple[str, str] | None:
        """Both sides; None where one is no text."""
        try:
            old = self._text(self._old, moved or change.path, change.old)
            new = self._text(self._new, change.path, change.new)
        except _NoText:
            return None
        if old.startswith(_LFS) != new.startswith(_LFS) and old and new:
            raise UnreadableFile("It is kept by git-lfs: only its pointer is in the repository.")
        return old, new

    def _text(self, load: Load, path: str, row: Row | None) -> str:
        if row is None:
            return ""
        if row.mode == SUBMODULE:
            return f"Subproject commit {row.name.hex()}\n"
        data = load(path, row)
        if len(data) > LARGEST:
            raise UnreadableFile(f"It has {len(data):,} bytes; up to {LARGEST:,} are compared.")
        try:
            return decode(data, path)[0]
        except UnreadableFile:
            raise _NoText from None

    # Files that were only moved

    def _with_moves(self, changes: Sequence[Change]) -> list[tuple[Change, str]]:
        """Each change, and where the file was before; a file that is gone and one that is new become one."""
        gone = {change.path: change for change in changes if change.new is None and _is_file(change.old)}
        new = [change for change in changes if change.old is None and _is_file(change.new)]
        moved: dict[str, str] = {}
        if gone and new and len(gone) * len(new) <= MOST_PAIRS:
            for change in new:
                before = self._before(change, gone)
                if before:
                    moved[change.path] = before
                    gone.pop(before)
        taken = set(moved.values())
        old = {change.path: change.old for change in changes}
        return [
            (replace_old(change, old[moved[change.path]]), moved[change.path])
            if change.path in moved
            else (change, "")
            for change in changes
            if change.path not in taken
        ]

    def _before(self, change: Change, gone: dict[str, Change]) -> str:
        assert change.new is not None
        for path, other in gone.items():
            if other.old is not None and change.new.name and other.old.name == change.new.name:
                return path
        name = change.path.rpartition("/")[2]
        for path, other in gone.items():
            if path.rpartition("/")[2] == name and self._are_alike(other, change):
                return path
        return ""

    def _are_alike(self, old: Change, new: Change) -> bool:
        try:
            before = self._text(self._old, old.path, old.old).splitlines()
            after = self._text(self._new, new.path, new.new).splitlines()
        except (UnreadableFile, _NoText):
            return False
        kept = sum((Counter(before) & Counter(after)).values())
        return kept >= ALIKE * max(len(before), len(after), 1)


class _NoText(Exception):
    """A side of a change that is no text."""


def replace_old(change: Change, old: Row | None) -> Change:
    """The change with another file in front of it."""
    return change._replace(old=old)


def with_head(difference: Difference, head: str) -> Difference:
    """With words in front that say what it is."""
    return replace(difference, text=head + difference.text)


def _is_file(row: Row | None) -> bool:
    return row is not None and row.mode not in (LINK, SUBMODULE)


def _modes(change: Change) -> list[str]:
    if change.old is None and change.new is not None:
        return [f"new file mode {change.new.mode:06o}\n"]
    if change.new is None and change.old is not None:
        return [f"deleted file mode {change.old.mode:06o}\n"]
    if change.old is not None and change.new is not None and change.old.mode != change.new.mode:
        return [f"old mode {change.old.mode:06o}\n", f"new mode {change.new.mode:06o}\n"]
    return []


def _quoted(path: str) -> str:
    """As it is; where it could be taken for more than a name, as a JSON string."""
    return path if path.isprintable() and '"' not in path else json.dumps(path)


def _lines(text: str) -> list[str]:
    """Only line feeds end a line."""
    lines = text.split("\n")
    kept = [f"{line}\n" for line in lines[:-1]]
    return [*kept, lines[-1]] if lines[-1] else kept


def _files(count: int) -> str:
    return f"{count:,} file" + ("s are" if count != 1 else " is")
