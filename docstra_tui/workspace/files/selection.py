"""The files that questions are asked about: which they are, and how they are read for each question.

Both faces have one: in the full screen they are ticked, in the inline chat they are named.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.git_names import is_git
from docstra_tui.context.picks import Pick
from docstra_tui.text import shown_name
from docstra_tui.workspace.changes import GitItems
from docstra_tui.workspace.files.badges import badge_of
from docstra_tui.workspace.files.snapshots import Snapshots, pick_of, picks_of
from docstra_tui.workspace.files.ticks import Ticks

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.context.mentions import Mention
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession

NAMED = 3
"""Files that the line under an answer names."""


@dataclass(frozen=True)
class ReadReport:
    """What reading the files for a question found."""

    changed: tuple[str, ...] = ()
    """Labels of those that were read again because they had changed."""
    left_out: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Why some are not sent, by label: a word, and a sentence."""

    @property
    def notes(self) -> tuple[str, ...]:
        """A few words each, for the line under the answer."""
        changed = [f"{_name(label)} changed, read again" for label in self.changed]
        wrong = [f"{_name(label)} not sent: {word}" for label, (word, _) in self.left_out.items()]
        return tuple(_few(changed) + _few(wrong))


class FileSelection:
    """What reads blocks, and may be called by several threads."""

    def __init__(self, root: Path, max_bytes: int, ignore: Sequence[str] = ()) -> None:
        """`ignore`: more patterns than a project's own, of what is not told as new in it."""
        self._root = root
        self.changes = GitItems(root, ignore)
        self._snapshots = Snapshots(root, max_bytes, self.changes)
        self._telling = threading.RLock()
        """The chat is told of files by one thread at a time."""
        self.picks: tuple[Pick, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """What is chosen, ready for people once it is made safe."""
        return tuple(pick.label for pick in self.picks)

    @property
    def files(self) -> tuple[Ticked, ...]:
        """Those that were read, with their states."""
        return self._snapshots.of(self.picks)

    def max_bytes_of(self, path: str) -> int:
        """How much of `path` may be read."""
        return self._snapshots.max_bytes_of(path)

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self.changes.close()

    # Which

    def choose(self, picks: Sequence[Pick]) -> None:
        """These, and no others."""
        self.picks = tuple(picks)

    def take_over(self, session: ChatSession) -> None:
        """The files of a saved session, as they were when it was left."""
        items = [item for item in session.context if item.path is not None]
        self._snapshots.keep(items)
        self.choose(_as_ticked(picks_of(items)))

    def drop(self, mentions: Sequence[Mention]) -> list[Pick]:
        """Leave out what is named; what that was."""
        from docstra_tui.workspace.files.named_files import without_named

        left = without_named(self.picks, mentions, self._root)
        stays = set(left)
        dropped = [pick for pick in self.picks if pick not in stays]
        self.choose(left)
        return dropped

    def add(self, picks: Iterable[Pick]) -> list[Pick]:
        """These too, read as they are now; those that are new or are different now."""
        named, before = tuple(dict.fromkeys(picks)), set(self.picks)
        self.choose(_as_ticked([*self.picks, *named]))
        told = set(self.picks) - before
        about = {pick.path for pick in named}
        files, changed = self._snapshots.update([pick for pick in self.picks if pick.path in about])
        told.update(changed)
        return [pick_of(file) for file in files if file.state.is_sendable and pick_of(file) in told]

    # What is sent of them

    def read(self, session: ChatSession) -> ReadReport:
        """Read them as they are now and give them to `session`: before each turn, from its own thread."""
        picks = self.picks  # those chosen when it was asked: what is chosen meanwhile is for the next one
        files, changed = self._snapshots.update(picks)
        with self._telling:
            session.set_context(items_of(files))
        return ReadReport(tuple(pick.label for pick in changed), _left_out(files))

    def give(self, session: ChatSession) -> None:
        """Give them to `session` as they were last read."""
        with self._telling:
            session.set_context(items_of(self.files))

    def read_now(self, pick: Pick) -> ContextItem:
        """A file or lines of it as they are now, whether or not they are chosen. Raises `UnreadableFile`."""
        from docstra_tui.context.files.reader import read_item

        limit = self.max_bytes_of(pick.path)
        if is_git(pick.path):
            return self.changes.item(pick.path, limit)
        return read_item(
            self._root, pick.path, start_line=pick.start_line, end_line=pick.end_line, max_bytes=limit
        )


def items_of(files: Iterable[Ticked]) -> list[ContextItem]:
    """What is sent of these; one that cannot be read is not."""
    return [file.item for file in files if file.item is not None and file.state.is_sendable]


def _as_ticked(picks: Iterable[Pick]) -> tuple[Pick, ...]:
    """As the tree would tick them one after the other: a whole file has all its lines."""
    ticks = Ticks()
    ticks.mention(picks)
    return ticks.picks


def _left_out(files: Iterable[Ticked]) -> dict[str, tuple[str, str]]:
    wrong = [(pick_of(file).label, badge_of(file)) for file in files if not file.state.is_sendable]
    return {label: (badge.word, badge.reason) for label, badge in wrong if badge is not None}


def _name(label: str) -> str:
    return shown_name(label.rpartition("/")[2])


def _few(words: list[str]) -> list[str]:
    return words if len(words) <= NAMED else [*words[:NAMED], f"{len(words) - NAMED} more like it"]
