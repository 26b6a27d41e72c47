"""The files that a question names with `@`: found, checked and listed, before it is asked. Blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from docstra_tui.context.confined import inside
from docstra_tui.context.ignore import IgnoreRules
from docstra_tui.context.mentions import Mention, find_mentions
from docstra_tui.context.picks import Pick
from docstra_tui.context.reader import read_item
from docstra_tui.context.tree import files_to_tick
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name


@dataclass(frozen=True)
class Mentioned:
    """What a text names."""

    picks: tuple[Pick, ...] = ()
    """Files, or lines of them."""
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The files below each folder."""
    problems: tuple[str, ...] = ()
    """Why some are none, ready to show."""


def resolve(
    text: str,
    root: Path,
    rules: Callable[[], IgnoreRules],
    *,
    max_bytes: Callable[[str], int],
    show_hidden: bool = False,
) -> Mentioned:
    """What `text` mentions. Nothing outside `root` is looked at."""
    picks: list[Pick] = []
    folders: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for mention in find_mentions(text):
        try:
            path = inside(root, mention.path)
            if _is_folder(root, path, mention):
                found = files_to_tick(root, path, rules(), show_hidden=show_hidden)
                problems += [f"{shown_name(closed)}/ cannot be read." for closed in found.closed]
                if not found.files:
                    raise UnreadableFile(f"{shown_name(mention.path)} has no files to send.")
                folders[path] = found.files
                continue
            item = read_item(
                root,
                path,
                start_line=mention.start_line,
                end_line=mention.end_line,
                max_bytes=max_bytes(path),
            )
            picks.append(Pick(path, item.start_line, item.end_line))
        except UnreadableFile as error:
            problems.append(error.message)
    return Mentioned(tuple(picks), folders, tuple(problems))


def _is_folder(root: Path, path: str, mention: Mention) -> bool:
    if mention.start_line is not None:
        return False
    if mention.path.endswith("/") or not path:
        return True
    place = root / path
    return place.is_dir() and not place.is_symlink()
