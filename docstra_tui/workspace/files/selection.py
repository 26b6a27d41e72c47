"""From what is ticked to context items: read in the background, watched, given to the chat, counted.

Knows the chat and the file system through its jobs, and the screen through one callback. Of every
ticked file there is one snapshot: what is shown, counted and sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError
from docstra_tui.text import shown_name
from docstra_tui.workspace.files.badges import badge_of
from docstra_tui.workspace.jobs import JobQueue

if TYPE_CHECKING:
    from docstra_tui.context.files.states import Ticked
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession

LOOKED_AT = 400
"""Files whose state is asked for in one go: a `stat` each, and thousands may be ticked."""

NAMED = 3
"""Files that the line under an answer names."""


@dataclass(frozen=True)
class Picked:
    """What became of the ticked files."""

    items: tuple[ContextItem, ...] = ()
    """What the model has or gets with the next question, in the order of the log."""
    files: tuple[Ticked, ...] = ()
    """The ticked ones with their states, in the order of the tree."""
    budget: Budget | None = None
    """Tokens of the prompt so far; None when nobody could count."""
    is_kept_back: bool = False
    """True when it is not counted elsewhere before somebody decided about what may be secret."""
    costs: Mapping[Pick, int] = field(default_factory=dict)
    """Tokens that sending a changed file again makes the model read."""

    @cached_property
    def by_path(self) -> dict[str, list[Ticked]]:
        """The files by their paths, each with all of its picked lines."""
        found: dict[str, list[Ticked]] = {}
        for file in self.files:
            found.setdefault(file.path, []).append(file)
        return found


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
    """The files ticked now."""

    def __init__(
        self,
        root: Path,
        max_bytes: int,
        jobs: JobQueue,
        changed: Callable[[Picked], None],
        *,
        watching: JobQueue | None = None,
    ) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._jobs = jobs
        self._watching = watching or jobs
        self._changed = changed
        self._session: ChatSession | None = None
        self._guard = threading.RLock()
        """The chat is told of files by one thread at a time."""
        self._known: dict[Pick, Ticked] = {}
        self._allowed: dict[str, int] = {}
        self._looked_up_to = 0
        self.picks: tuple[Pick, ...] = ()
        self.paths: tuple[str, ...] = ()
        """The labels of what is ticked, in the order of the tree."""
        self.now = Picked()

    def use(self, session: ChatSession) -> None:
        """Talk to this chat from now on."""
        self._session = session

    def choose(self, picks: Sequence[Pick]) -> None:
        """These are ticked now."""
        self.picks = tuple(picks)
        self.paths = tuple(pick.path if pick.start_line is None else pick.label for pick in picks)
        self._jobs.do(self._read_and_count, self._arrived, self._failed, key="picks")

    def allow(self, sizes: dict[str, int]) -> None:
        """Read these files although they are large: bytes by path."""
        with self._guard:
            self._allowed.update({path: size + size // 4 for path, size in sizes.items()})
            self._known = {pick: file for pick, file in self._known.items() if pick.path not in sizes}
        self._arrived(replace(self.now, files=self._files(), costs={}))  # what was said is no longer so
        self.choose(self.picks)

    def max_bytes_of(self, path: str) -> int:
        """How much of `path` may be read."""
        return max(self._max_bytes, self._allowed.get(path, 0))

    def recount(self) -> None:
        """The conversation grew, or another model counts."""
        self._jobs.do(self._count, self._arrived, self._failed, key="count")

    def look(self) -> None:
        """See whether the disk still agrees; tells only when something is different."""
        if self.picks:
            self._watching.do(self._look, self._looked, lambda error: None, key="look")

    def read(self, session: ChatSession) -> ReadReport:
        """Read the ticked files as they are now and give them to `session`.

        Blocks; called before each turn from the turn's own thread.
        """
        picks = self.picks  # those ticked when it was asked: what is ticked meanwhile is for the next one
        files = [file for _, file in self._taken(picks)]
        for number, now in self._looked_at(files):
            files[number] = now
        changed: list[str] = []
        for number, file in enumerate(files):
            if file.state.kind == "changed":
                changed.append(picks[number].label)
                files[number] = file.updated()
        with self._guard:
            self._known.update(zip(picks, files, strict=True))
            session.set_context(_items(files))
        wrong = [(file, badge_of(file)) for file in files if not file.state.is_sendable]
        left_out = {_label(file): (badge.word, badge.reason) for file, badge in wrong if badge is not None}
        return ReadReport(tuple(changed), left_out)

    def read_now(self, pick: Pick) -> ContextItem:
        """A file or lines of it as they are now, whether or not they are ticked. Blocks. Raises
        `UnreadableFile`."""
        from docstra_tui.context.files.reader import read_item

        limit = self.max_bytes_of(pick.path)
        return read_item(
            self._root, pick.path, start_line=pick.start_line, end_line=pick.end_line, max_bytes=limit
        )

    # In the background

    def _read_and_count(self) -> Picked:
        session, picks = self._session, self.picks
        if session is None:
            return Picked()
        self._take_in(picks)
        with self._guard:
            if picks is self.picks:
                session.set_context(_items(self._files()))
        return self._picked(session)

    def _count(self) -> Picked:
        session = self._session
        return self._picked(session) if session is not None else Picked()

    def _picked(self, session: ChatSession) -> Picked:
        files = self._files()
        picked = Picked(tuple(session.context), files, *self._budget(session), self._costs(session, files))
        _ = picked.by_path  # here, and not on the screen's thread: there may be thousands
        return picked

    def _take_in(self, picks: Sequence[Pick]) -> None:
        """Read what was not read before; stops when something else is wanted meanwhile."""
        for _ in self._taken(picks):
            if picks is not self.picks:
                return
        with self._guard:
            wanted = set(self.picks)
            self._known = {pick: file for pick, file in self._known.items() if pick in wanted}

    def _taken(self, picks: Sequence[Pick]) -> Iterator[tuple[Pick, Ticked]]:
        """Each pick with its file, read now if it was not before."""
        from docstra_tui.context.files.states import READ_TOGETHER, not_read, tick

        size = 0
        for pick in picks:
            file = self._known.get(pick)
            has_room = size < READ_TOGETHER
            if file is None or (file.state.kind != "too much") != has_room:
                limit = self.max_bytes_of(pick.path)
                file = tick(self._root, *pick, max_bytes=limit) if has_room else not_read(*pick)
                with self._guard:
                    self._known[pick] = file
            size += len(file.item.content) if file.item is not None else 0
            yield pick, file

    def _costs(self, session: ChatSession, files: Iterable[Ticked]) -> dict[Pick, int]:
        """Blocks; nothing while nobody can count."""
        costs: dict[Pick, int] = {}
        try:
            for file in files:
                if file.item is not None and file.newer is not None:
                    pick = Pick(file.path, file.start_line, file.end_line)
                    costs[pick] = session.read_again(file.item, file.newer)
        except DocstraError:
            pass
        return costs

    def _look(self) -> Picked | None:
        """In a jobs: how things are now, if they are different."""
        with self._guard:
            picks = [pick for pick in self.picks if pick in self._known]
            if not picks:
                return None
            start = self._looked_up_to % len(picks)
            some = picks[start : start + LOOKED_AT]
            self._looked_up_to = start + len(some)
            files = [self._known[pick] for pick in some]
        found = self._looked_at(files)
        with self._guard:
            for number, now in found:
                if self._known.get(some[number]) is files[number]:
                    self._known[some[number]] = now
        session = self._session
        if not found or session is None:
            return None
        every = self._files()
        picked = replace(self.now, files=every, costs=self._costs(session, every))
        _ = picked.by_path
        return picked

    def _looked_at(self, files: Sequence[Ticked]) -> list[tuple[int, Ticked]]:
        """Those that are different now, with their place in `files`."""
        from docstra_tui.context.files.states import refresh

        found = []
        for number, file in enumerate(files):
            for now in refresh([file], self._root, max_bytes=self.max_bytes_of(file.path)):
                found.append((number, now))
        return found

    def _files(self) -> tuple[Ticked, ...]:
        with self._guard:
            return tuple(self._known[pick] for pick in self.picks if pick in self._known)

    def _budget(self, session: ChatSession) -> tuple[Budget | None, bool]:
        from docstra_tui.session.outgoing import SecretsFound

        try:
            return session.count(), False
        except DocstraError as error:  # or the model is not there yet, or gone: the status says so
            return None, isinstance(error, SecretsFound)

    # On the screen's thread

    def _looked(self, picked: Picked | None) -> None:
        if picked is not None:
            self._arrived(picked)

    def _arrived(self, picked: Picked) -> None:
        self.now = picked
        self._changed(picked)

    def _failed(self, error: Exception) -> None:
        self._arrived(Picked(self.now.items, self._files()))


def _label(file: Ticked) -> str:
    return Pick(file.path, file.start_line, file.end_line).label


def _name(label: str) -> str:
    return shown_name(label.rpartition("/")[2])


def _few(words: list[str]) -> list[str]:
    return words if len(words) <= NAMED else [*words[:NAMED], f"{len(words) - NAMED} more like it"]


def _items(files: Iterable[Ticked]) -> list[ContextItem]:
    """What is sent of these; one that cannot be read is not."""
    return [file.item for file in files if file.item is not None and file.state.is_sendable]
