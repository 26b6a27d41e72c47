"""What names of commits mean: HEAD, branches, tags, remote branches, the beginning of an id."""

from __future__ import annotations

import os
import re

from docstra_tui.context.git.errors import damaged
from docstra_tui.context.git.held import Held
from docstra_tui.context.git.history import Commit, commit_of, tag_target
from docstra_tui.context.git.objects import LEAST_PREFIX, Objects
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

PACKED_BYTES = 64_000_000
LONGEST_NAME = 400
MOST_STEPS = 10_000
"""Parents that `~` goes back."""
_PLACES = ("", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
_PREFIX = re.compile(rf"[0-9a-f]{{{LEAST_PREFIX},64}}")
_STEP = re.compile(r"([~^])(\d*)$")
_PLAIN = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]+")


class Refs:
    """The names of one repository."""

    def __init__(self, own: Held, common: Held, id_bytes: int) -> None:
        self._own, self._common, self._id_bytes = own, common, id_bytes
        self._packed: dict[str, bytes] | None = None

    def head(self) -> bytes | None:
        """The commit that is checked out; None before the first one."""
        return self._read("HEAD")

    def branch(self) -> str:
        """The branch that is checked out; empty for none."""
        told = self._text("HEAD") or ""
        start = "ref: refs/heads/"
        return told.removeprefix(start) if told.startswith(start) else ""

    def find(self, name: str) -> bytes | None:
        """What a whole name means; None where there is none."""
        if not _is_name(name):
            return None
        for place in _PLACES:
            if place or name == "HEAD" or name.startswith("refs/") or name.isupper():
                found = self._read(place + name)
                if found is not None:
                    return found
        return self._read(f"refs/remotes/{name}/HEAD")

    def names(self, limit: int) -> list[str]:
        """Branches, then tags, then remote branches, as one writes them; those that nobody can write are left
        out."""
        found = ["HEAD"]
        for place in _PLACES[3], _PLACES[2], _PLACES[4]:
            loose = self._below(place.rstrip("/"), limit)
            packed = [name for name in self._all_packed() if name.startswith(place)]
            found += [name[len(place) :] for name in sorted({*loose, *packed})]
        return [name for name in dict.fromkeys(found) if name.isprintable()][:limit]

    def _below(self, folder: str, limit: int) -> list[str]:
        found: list[str] = []
        waiting = [folder]
        while waiting and len(found) < limit:
            here = waiting.pop()
            for name in self._common.names(here):
                full = f"{here}/{name}"
                if os.path.isdir(self._common.place / full):
                    if full.count("/") < 12 and not os.path.islink(self._common.place / full):
                        waiting.append(full)
                else:
                    found.append(full)
        return found

    def _read(self, name: str) -> bytes | None:
        for _ in range(6):  # a name may stand for a name
            text = self._text(name)
            if text is None:
                return self._all_packed().get(name)
            if not text.startswith("ref: "):
                return self._id(text)
            name = text.removeprefix("ref: ").strip()
            if not _is_name(name):
                raise damaged(f"{shown_name(name)} is no name")
        raise damaged("names that stand for each other")

    def _text(self, name: str) -> str | None:
        own = name == "HEAD" or name.startswith(("refs/bisect/", "refs/worktree/")) or "/" not in name
        path = (self._own if own else self._common).place / name
        if path.is_dir() and not path.is_symlink():
            return None
        told = (self._own if own else self._common).read(name, 1000)
        return None if told is None else os.fsdecode(told).strip()

    def _id(self, text: str) -> bytes:
        if not re.fullmatch(rf"[0-9a-f]{{{2 * self._id_bytes}}}", text):
            raise damaged("a reference that names no object")
        return bytes.fromhex(text)

    def _all_packed(self) -> dict[str, bytes]:
        if self._packed is None:
            self._packed = {}
            told = os.fsdecode(self._common.read("packed-refs", PACKED_BYTES) or b"")
            for line in told.splitlines():
                name, _, ref = line.partition(" ")
                if len(name) == 2 * self._id_bytes and ref.startswith("refs/"):
                    self._packed[ref] = self._id(name)
        return self._packed


def resolve(text: str, refs: Refs, objects: Objects) -> Commit:
    """The commit that `text` names: `HEAD~2`, a branch, a tag, the beginning of an id. Raises
    `UnreadableFile`."""
    if len(text) > LONGEST_NAME:
        raise UnreadableFile(f"{shown_name(text[:40])}… is too long to name a commit.")
    steps: list[tuple[str, int]] = []
    name = text
    while (found := _STEP.search(name)) is not None:
        steps.append((found[1], int(found[2] or 1)))
        name = name[: found.start()]
    commit = commit_of(objects, tag_target(objects, _start(text, name or "HEAD", refs, objects)))
    for kind, count in reversed(steps):
        for _ in range(count if kind == "~" else 1):
            parent = 1 if kind == "~" else count
            if parent == 0:
                break
            if parent > len(commit.parents) or count > MOST_STEPS:
                raise UnreadableFile(f"{shown_name(text)} names no commit: the history is not that long.")
            commit = commit_of(objects, commit.parents[parent - 1])
    return commit


def _start(text: str, name: str, refs: Refs, objects: Objects) -> bytes:
    found = refs.find(name)
    if found is not None:
        return found
    if _PREFIX.fullmatch(name.lower()):
        ids = objects.beginning_with(name.lower())
        commits = [one for one in ids if objects.read(one).kind in ("commit", "tag")]
        if len(commits) == 1:
            return commits[0]
        if commits:
            raise UnreadableFile(
                f"{shown_name(text)} is the beginning of {len(commits)} commits: write more."
            )
    raise UnreadableFile(
        f"{shown_name(text)} names no commit of this repository.", "Name a branch, a tag, HEAD~1 or an id."
    )


def _is_name(name: str) -> bool:
    parts = name.split("/")
    return _PLAIN.fullmatch(name) is not None and not any(
        part in ("", ".", "..") or part.startswith(".") or part.endswith(".lock") for part in parts
    )
