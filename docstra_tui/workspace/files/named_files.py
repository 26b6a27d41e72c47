"""The files that a line names, with `@` or behind a command: found, checked and listed before it is sent.

A name that leads to nothing is told, never passed over: the model would answer from other files. Blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docstra_tui.context.files.confined import inside
from docstra_tui.context.files.ignore import IgnoreRules
from docstra_tui.context.files.reader import read_item
from docstra_tui.context.git_names import is_git
from docstra_tui.context.mentions import Mention
from docstra_tui.context.picks import Pick
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name
from docstra_tui.workspace.changes import GitItems
from docstra_tui.workspace.files.folders import files_to_send


@dataclass(frozen=True)
class NamedFiles:
    """What a line names."""

    picks: tuple[Pick, ...] = ()
    """Files, or lines of them, that are named one by one."""
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The files below each folder, but for those that may hold secrets."""
    order: tuple[Pick, ...] = ()
    """All of them, each where it or its folder was first named."""
    problems: tuple[str, ...] = ()
    """Why some are none, ready to show."""
    left_out: tuple[str, ...] = ()
    """What of a folder is not among them, ready to show."""


def find_named(
    mentions: Iterable[Mention],
    root: Path,
    rules: Callable[[], IgnoreRules],
    *,
    max_bytes: Callable[[str], int],
    changes: GitItems,
    show_hidden: bool = False,
) -> NamedFiles:
    """The files of `mentions`, and what git says. Nothing outside `root` is looked at."""
    picks: list[Pick] = []
    folders: dict[str, tuple[str, ...]] = {}
    order: list[Pick] = []
    problems: list[str] = []
    left_out: list[str] = []
    for mention in mentions:
        try:
            if is_git(mention.path):
                left_out += changes.left_out(mention.path, max_bytes(mention.path))
                picks.append(Pick(mention.path, mention.start_line, mention.end_line))
                order.append(picks[-1])
                continue
            path = inside(root, mention.path)
            if _is_folder(root, path, mention):
                if not (root / path).is_dir():
                    raise UnreadableFile(f"There is no folder {shown_name(path)}.")
                below = files_to_send(root, path, rules(), show_hidden=show_hidden)
                problems += [f"{shown_name(closed)}/ cannot be read." for closed in below.closed]
                if not below.paths:
                    raise UnreadableFile(f"{shown_name(mention.path)} has no files to send.")
                if count := len(below.secret):
                    left_out.append(f"{count} in {shown_name(path)} left out, as they may hold secrets.")
                folders[path] = below.paths
                order += map(Pick, below.paths)
                continue
            item = read_item(
                root,
                path,
                start_line=mention.start_line,
                end_line=mention.end_line,
                max_bytes=max_bytes(path),
            )
            picks.append(Pick(path, item.start_line, item.end_line))
            order.append(picks[-1])
        except UnreadableFile as error:
            problems.append(error.message)
    return NamedFiles(tuple(picks), folders, tuple(dict.fromkeys(order)), tuple(problems), tuple(left_out))


def without_named(picks: Iterable[Pick], mentions: Sequence[Mention], root: Path) -> tuple[Pick, ...]:
    """The picks that none of `mentions` names: by itself, with all its lines, or with its folder. They need
    not exist any more."""
    named: list[tuple[str, Mention]] = []
    for mention in mentions:
        try:
            named.append((inside(root, mention.path), mention))
        except UnreadableFile:  # outside the project: none of ours
            continue
    return tuple(pick for pick in picks if not any(_names(path, mention, pick) for path, mention in named))


def _names(path: str, mention: Mention, pick: Pick) -> bool:
    if mention.start_line is not None:
        is_to_the_end = mention.end_line is None
        lines = (mention.start_line, pick.end_line if is_to_the_end else mention.end_line)
        return (pick.path, pick.start_line, pick.end_line) == (path, *lines)
    return not path or pick.path == path or pick.path.startswith(f"{path}/")


def _is_folder(root: Path, path: str, mention: Mention) -> bool:
    if mention.start_line is not None:
        return False
    if mention.path.endswith("/") or not path:
        return True
    place = root / path
    return place.is_dir() and not place.is_symlink()
