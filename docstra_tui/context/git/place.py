"""Where the repository of a folder is kept, and whether that place is the project's own.

A `.git` that leads elsewhere is followed to a linked worktree's or a submodule's place alone, and only where
that place points back: nobody can borrow another project's repository by naming it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.context.files.rule_files import working_tree
from docstra_tui.context.git.config import Config
from docstra_tui.context.git.errors import NoRepository
from docstra_tui.context.git.held import Held
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

POINTER_BYTES = 8192
CONFIG_BYTES = 1_000_000

_KNOWN_EXTENSIONS = frozenset(
    {
        "noop",
        "objectformat",
        "partialclone",
        "preciousobjects",
        "worktreeconfig",
        "relativeworktrees",
        "refstorage",
        "compatobjectformat",
    }
)


@dataclass(frozen=True)
class Place:
    """A repository that may be read."""

    top: Path
    """Of the working tree, without links."""
    own: Path
    """The git folder of this working tree: its HEAD and its index."""
    common: Path
    """What all working trees of it share: objects, references, settings."""
    config: Config
    notes: tuple[str, ...] = ()
    """What is not followed, ready to show once it is made safe."""

    def held(self, folder: Path) -> Held:
        """What is in a folder of the repository; below the top, no link on the way there is followed."""
        if self.top in folder.parents:
            return Held(self.top, folder.relative_to(self.top).as_posix())
        return Held(folder)


def find(root: Path) -> Place:
    """The repository that `root` lies in. Raises `NoRepository`, and what else keeps it from being read."""
    top = working_tree(Path(os.path.realpath(root)))
    if top is None:
        raise NoRepository(
            f"{shown_name(root.name or str(root))} lies in no git repository.",
            "A file that is called diff, staged or commit: is named with ./ in front of it.",
        )
    place = at(top)
    if top != Path(os.path.realpath(root)):
        owner = os.lstat(top / ".git").st_uid
        if owner not in (os.geteuid(), os.stat(root).st_uid):
            raise NoRepository(f"The repository around it, {shown_name(str(top))}, belongs to somebody else.")
    return place


def at(top: Path) -> Place:
    """The repository of the working tree whose top is `top`, a path without links."""
    if os.path.islink(top / ".git"):
        raise NoRepository(f"{_shown(top)}/.git is a link, which is not followed.")
    pointer = _pointer(Held(top), ".git") if (top / ".git").is_file() else None
    own = top / ".git" if pointer is None else _followed(top, _joined(top, pointer.removeprefix("gitdir: ")))
    common = own
    shared = _pointer(Held(own), "commondir")
    if shared is not None:
        common = _joined(own, shared)
        is_worktree = own.parent.name == "worktrees" and own.parent.parent == common
        if not is_worktree and not _is_below(common, top):
            raise NoRepository(
                f"commondir of {_shown(top)} leads to {_shown(common)}, which is not followed."
            )
    if not (os.path.lexists(own / "HEAD") and os.path.lexists(common / "objects")):
        raise NoRepository(f"{_shown(top)}/.git is no repository.")
    return Place(top, own, common, *_settings(top, own, common))


def _followed(top: Path, own: Path) -> Path:
    """Where a `.git` file leads, if that is the project's own. Raises `NoRepository`."""
    if _is_below(own, top) or _is_worktree(top, own) or _is_submodule(top, own):
        return own
    raise NoRepository(
        f"{_shown(top)}/.git leads to {_shown(own)}, outside the project, and is not followed.",
        "Only linked worktrees and submodules are, where both sides name each other.",
    )


def _is_worktree(top: Path, own: Path) -> bool:
    """True when it is a place of linked worktrees that names this one."""
    if own.parent.name != "worktrees":
        return False
    back = _pointer(Held(own), "gitdir")
    return back is not None and _joined(own, back) == top / ".git"


def _is_submodule(top: Path, own: Path) -> bool:
    """True when the repository around it keeps it, and it names this folder as its working tree."""
    above = working_tree(top.parent)
    if above is None:
        return False
    around = at(above)
    if not any(_is_below(own, kept / "modules") for kept in (around.own, around.common)):
        return False
    back = _read_config(own).text("core.worktree")
    return back is not None and _joined(own, back) == top


def _settings(top: Path, own: Path, common: Path) -> tuple[Config, tuple[str, ...]]:
    config = _read_config(common)
    notes = []
    if config.includes:
        notes.append("The repository's config includes other files; they are not read.")
    unknown = sorted(config.extensions.keys() - _KNOWN_EXTENSIONS)
    if unknown:
        raise UnreadableFile(
            f"The repository needs {', '.join(map(shown_name, unknown))}, which is not known."
        )
    if config.extensions.get("refstorage", "files") != "files":
        raise UnreadableFile("The repository keeps its references as a reftable, which is not read.")
    tree = config.text("core.worktree")
    if tree is not None and own == common and _joined(own, tree) != top:
        raise UnreadableFile(f"The repository's working tree is {shown_name(tree)}, which is not followed.")
    return config, tuple(notes)


def _read_config(common: Path) -> Config:
    return Config(os.fsdecode(Held(common).read("config", CONFIG_BYTES) or b""))


def _pointer(held: Held, name: str) -> str | None:
    told = held.read(name, POINTER_BYTES)
    return None if told is None else os.fsdecode(told.rstrip(b"\r\n"))


def _joined(base: Path, path: str) -> Path:
    """What a path in a file of `base` means, without links; looked up, not opened."""
    if "\0" in path:
        raise NoRepository(f"{_shown(base)} names a path that is none.")
    return Path(os.path.realpath(base / path))


def _is_below(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def _shown(path: Path) -> str:
    return shown_name(str(path))
