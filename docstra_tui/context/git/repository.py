"""One repository, read in the process that may be killed: what changed, as a list and as text."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from docstra_tui.context.git import staging
from docstra_tui.context.git.comparison import ByFolder, Change, Comparison
from docstra_tui.context.git.differences import LARGEST, Difference, Writer, with_head
from docstra_tui.context.git.errors import MissingObject
from docstra_tui.context.git.history import LINK, Commit, Row, commit_of
from docstra_tui.context.git.objects import Objects
from docstra_tui.context.git.place import Place, at, find
from docstra_tui.context.git.refs import Refs, resolve
from docstra_tui.context.git.working import MOST_UNTRACKED, Known, Working
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

MOST_SUBMODULES = 50
DEEPEST = 4
"""Submodules in submodules."""
NAMED = 20
"""Files that are not in a diff and are named below it."""
MESSAGE_CHARS = 20_000
UNKNOWN = "what it changed is not known: what was before it is not in this clone, and nothing is fetched."


@dataclass
class Seen:
    """What differs from the last commit."""

    states: dict[str, str] = field(default_factory=dict)
    """By path from the root: two letters as git's, of what is staged and of the working tree: `M`, `A`, `D`,
    `?`, `U` for a conflict, `S` for another commit of a submodule, a blank for nothing."""
    branch: str = ""
    head: str = ""
    """The commit that is checked out, shortened; empty before the first one."""
    notes: list[str] = field(default_factory=list)


class Repository:
    """What stays between two looks: packs, the index, what was found out by looking into files."""

    def __init__(self, root: Path, ignore: tuple[str, ...] = (), place: Place | None = None) -> None:
        self._root = root
        self._place = place if place is not None else find(root)
        real = Path(os.path.realpath(root))
        above = real.relative_to(self._place.top).as_posix() if real != self._place.top else ""
        self._prefix = f"{above}/" if above else ""
        self._ignore = ignore
        is_long = self._place.config.extensions.get("objectformat", "sha1").lower() == "sha256"
        self._width = 32 if is_long else 20
        self._own, self._common = self._place.held(self._place.own), self._place.held(self._place.common)
        self._objects = Objects(self._common.below("objects"), self._place.top, self._width)
        self._known = Known()
        self._staged: tuple[tuple[int, int, int, int], ByFolder] | None = None
        self._submodules: dict[str, Repository] = {}

    # What changed

    def changes(self, depth: int = 0) -> Seen:
        """What differs from the last commit, below the root."""
        seen = Seen(branch=self._refs().branch(), notes=[*self._place.notes, *self._objects.notes])
        staged = self._read_staged()
        working = self._walked(staged)
        for path in working.modified:
            _mark(seen, path, 1, "A" if staged.entry(path).is_later else "M")
        for path in working.deleted:
            _mark(seen, path, 1, "D")
        for path in working.untracked[:MOST_UNTRACKED]:
            _mark(seen, path, 1, "?")
        if len(working.untracked) > MOST_UNTRACKED:
            seen.notes.append(
                f"More than {MOST_UNTRACKED:,} files are not in git; the others are not listed."
            )
        try:
            head, changes = self._staged_changes(staged)
            seen.head = head.name.hex()[:9] if head is not None else ""
            for change in changes:
                _mark(seen, change.path, 0, _letter(change))
        except UnreadableFile as error:
            seen.notes.append(f"What is staged is not known. {error.message}")
        for path in staged.conflicts:
            seen.states[path] = "UU"
        if staged.staged.odd:
            seen.notes.append(f"{staged.staged.odd:,} paths of its index are none of a working tree.")
        seen.notes += working.notes
        start = self._prefix
        seen.states = {
            path[len(start) :]: told for path, told in seen.states.items() if path.startswith(start)
        }
        if depth < DEEPEST:
            self._look_into(working, seen, depth)
        return seen

    def _look_into(self, working: Working, seen: Seen, depth: int) -> None:
        """Submodules that are checked out: what changed in them, and whether another commit is."""
        for path, entry in working.submodules[:MOST_SUBMODULES]:
            here = path[len(self._prefix) :]
            try:
                inner = self._submodule(path)
                found = inner.changes(depth + 1) if inner is not None else Seen()
                if inner is not None and inner._refs().head() not in (None, entry.name):
                    _mark(seen, here, 1, "S")
            except UnreadableFile as error:
                seen.notes.append(f"Submodule {shown_name(here)}: {error.message}")
                continue
            seen.states |= {f"{here}/{inside}": told for inside, told in found.states.items()}
            seen.notes += [f"Submodule {shown_name(here)}: {note}" for note in found.notes]

    def _submodule(self, path: str) -> Repository | None:
        """The repository of a submodule; None where it is not checked out. Raises `UnreadableFile`."""
        inner = self._submodules.get(path)
        if inner is None:
            top = self._place.top / path
            if not os.path.lexists(top / ".git"):
                return None
            if Path(os.path.realpath(top)) != top:
                raise UnreadableFile("It lies behind a link.")
            inner = self._submodules[path] = Repository(top, self._ignore, at(top))
        return inner

    def _moved_submodules(self, working: Working) -> Iterator[Change]:
        """Those that have another commit checked out than is staged."""
        for path, entry in working.submodules[:MOST_SUBMODULES]:
            try:
                inner = self._submodule(path)
                head = inner._refs().head() if inner is not None else None
            except UnreadableFile:  # said in the list of changes
                continue
            if head not in (None, entry.name):
                yield Change(path, Row(entry.mode, entry.name), Row(entry.mode, head or b""))

    def names(self, limit: int) -> list[str]:
        """Names of commits, for completing one."""
        return self._refs().names(limit)

    # As text

    def diff(self, room: int) -> Difference:
        """What is not staged."""
        staged = self._read_staged()
        working = self._walked(staged)
        changes = [self._unstaged(staged, path, False) for path in working.modified]
        changes += [self._unstaged(staged, path, True) for path in working.deleted]
        changes += self._moved_submodules(working)
        for path, sides in staged.conflicts.items():
            ours = sides.get(2) or sides.get(1) or sides.get(3)
            if ours is not None:
                changes.append(Change(path, Row(ours.mode, ours.name), Row(ours.mode, b"")))
        untracked = [self._below(path) for path in sorted(working.untracked) if not may_hold_secrets(path)]
        written = self._writer(working, room).write(self._inside(changes))
        head = "Changes that are not staged: the working tree against git's index."
        tail = _few("Not in git yet, and not in this diff", untracked)
        tail += "".join(f"{note}\n" for note in working.notes)
        written = replace(written, left_out=(*written.left_out, *working.notes))
        return with_head(written, f"{head}\n{self._summary(written, staged.conflicts)}{tail}\n")

    def staged(self, room: int) -> Difference:
        """What is staged, against the last commit."""
        staged = self._read_staged()
        head, changes = self._staged_changes(staged)
        written = self._writer(None, room).write(self._inside(changes))
        against = f"the last commit, {head.name.hex()[:9]}" if head is not None else "nothing: no commit yet"
        return with_head(
            written,
            f"Changes that are staged: git's index against {against}.\n{self._summary(written, ())}\n",
        )

    def commit(self, name: str, room: int) -> Difference:
        """What a commit says, and what it changed against its first parent."""
        commit = resolve(name, self._refs(), self._objects)
        try:
            parent = commit_of(self._objects, commit.parents[0]).tree if commit.parents else None
            changes = list(Comparison(self._objects).of_trees(parent, commit.tree))
        except MissingObject:  # its message is there all the same
            written = Difference(f"({UNKNOWN.capitalize()})\n", 0, (UNKNOWN,))
        else:
            written = self._writer(None, room).write(self._inside(changes))
        message = commit.message.strip()
        if len(message) > MESSAGE_CHARS:
            message = message[:MESSAGE_CHARS] + "…"
        lines = [f"commit {commit.name.hex()}", f"Author: {commit.author}", f"Date:   {commit.when}"]
        if len(commit.parents) > 1:
            lines.append(f"Merge of {len(commit.parents)} commits; the diff is against the first of them.")
        summary = "" if UNKNOWN in written.left_out else self._summary(written, ())
        lines += ["", *(f"    {line}" for line in message.split("\n")), "", summary, ""]
        return with_head(written, "\n".join(lines))

    def _writer(self, working: Working | None, room: int) -> Writer:
        def of_disk(path: str, row: Row) -> bytes:
            if row.name or working is None:
                return self._blob(row.name)
            return working.content(path, row.mode, LARGEST + 1)

        return Writer(lambda path, row: self._blob(row.name), of_disk, room, self._prefix)

    def _summary(self, written: Difference, conflicts: Iterable[str]) -> str:
        where = f" below {shown_name(self._prefix)}" if self._prefix else ""
        files = f"{written.files:,} file{'s' * (written.files != 1)}{where} changed.\n"
        return files + _few("In conflict, shown against our side", map(self._below, conflicts))

    def _unstaged(self, staged: ByFolder, path: str, is_gone: bool) -> Change:
        entry = staged.entry(path)
        old = None if entry.is_later else Row(entry.mode, entry.name)
        return Change(path, old, None if is_gone else Row(self._mode_now(path, entry.mode), b""))

    def _mode_now(self, path: str, staged: int) -> int:
        try:
            mode = os.lstat(self._place.top / path).st_mode
        except OSError:
            return staged
        if stat.S_ISLNK(mode):
            return LINK
        if not self._place.config.is_on("core.filemode", True) and staged != LINK:
            return staged
        return 0o100755 if mode & 0o100 else 0o100644

    # Below

    def _refs(self) -> Refs:
        return Refs(self._own, self._common, self._width)

    def _read_staged(self) -> ByFolder:
        try:
            status = os.lstat(self._place.own / "index")
            mark = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        except OSError:
            mark = (0, 0, 0, 0)
        if self._staged is None or self._staged[0] != mark:
            self._staged = (mark, ByFolder(staging.read(self._own, self._width)))
        return self._staged[1]

    def _walked(self, staged: ByFolder) -> Working:
        working = Working(
            self._root,
            self._prefix,
            staged,
            self._known,
            self._blob,
            modes_count=self._place.config.is_on("core.filemode", True),
            ignore=self._ignore,
        )
        working.walk()
        return working

    def _staged_changes(self, staged: ByFolder) -> tuple[Commit | None, list[Change]]:
        name = self._refs().head()
        head = commit_of(self._objects, name) if name is not None else None
        tree = head.tree if head is not None else None
        return head, list(Comparison(self._objects).of_staged(tree, staged))

    def _blob(self, name: bytes) -> bytes:
        found = self._objects.read(name)
        if found.kind != "blob":
            raise UnreadableFile("It is no file in the repository.")
        return found.data

    def _inside(self, changes: Iterable[Change]) -> list[Change]:
        """Those below the root, by their paths."""
        return sorted(
            (change for change in changes if change.path.startswith(self._prefix)),
            key=lambda change: change.path,
        )

    def _below(self, path: str) -> str:
        return path[len(self._prefix) :]


def _mark(seen: Seen, path: str, place: int, letter: str) -> None:
    told = seen.states.get(path, "  ")
    seen.states[path] = letter + told[1] if place == 0 else told[0] + letter


def _letter(change: Change) -> str:
    if change.old is None:
        return "A"
    return "D" if change.new is None else "M"


def _few(what: str, paths: Iterable[str]) -> str:
    names = [shown_name(path) for path in paths]
    if not names:
        return ""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{what}: {', '.join(names[:NAMED])}{more}.\n"
