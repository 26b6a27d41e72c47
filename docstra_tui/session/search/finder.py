"""Looking through the saved sessions: with the index where there is one, turn by turn where there is none.

The index names turns; whether they are there, and in which line, their own text says. So a hit is never of
something that was deleted, whatever the index has.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from docstra_tui.session.search.excerpt import excerpt
from docstra_tui.session.search.index import BrokenIndex, Index, NoIndex
from docstra_tui.session.search.texts import (
    PARTS,
    Part,
    Stand,
    batches,
    read_sizes,
    read_stand,
    read_texts,
)
from docstra_tui.session.search.words import Wanted, wanted
from docstra_tui.session.store.sessions import SessionStore

MOST = 200
"""Hits that are given at once; whether there are more is said."""

BATCH = 50
"""Turns that are read at once: who saves what is being said waits no longer than for these."""
PAUSE_SECONDS = 0.005
"""Between two of them, where nobody waits for the index: the screen has its turn."""

T = TypeVar("T")


@dataclass(frozen=True)
class Hit:
    """A turn with what was looked for; not yet safe to show."""

    session: str
    turn: int
    part: Part
    """In which of its texts."""
    line: int
    """Of that text, from 1."""
    text: str
    """That line; of a long one what is around the words."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where in it they stand."""


@dataclass(frozen=True)
class Found:
    """What a search gave."""

    hits: tuple[Hit, ...] = ()
    """The best first."""
    has_more: bool = False
    note: str = ""
    """Why it took longer, or is not all; empty or a sentence, not yet safe to show."""
    left: int = 0
    """Turns that the index lacks."""

    @property
    def by_session(self) -> dict[str, list[Hit]]:
        """The hits of each session, that with the best one first."""
        sessions: dict[str, list[Hit]] = {}
        for hit in self.hits:
            sessions.setdefault(hit.session, []).append(hit)
        return sessions


class Finder:
    """Of the sessions of one store. Methods may be called from any thread; all but `close` block."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._index = Index(store.index)
        self._following = threading.Lock()
        self._is_checked = False

    def find(
        self,
        text: str,
        most: int = MOST,
        *,
        seconds: float | None = None,
        told: Callable[[int], None] = lambda left: None,
    ) -> Found:
        """The turns with all these words and "phrases". The index is brought up first, for no longer than
        `seconds`; `told` hears how many turns it lacks. Raises `StoreError`."""
        looked_for = wanted(text)
        if not looked_for.terms:
            return Found(note="There is no letter and no digit in that." if text.strip() else "")
        left = 0
        try:
            left = self._again_if_broken(lambda: self._follow(seconds, told))
            numbers = self._again_if_broken(lambda: self._index.find(looked_for, most + 1))
        except NoIndex as error:
            turns: Iterable[int] = self._store.read(read_stand).turns
            note = f"Without an index every session is read, which is slower: {str(error).rstrip('.')}."
        else:
            turns = numbers
            note = f"{left:,} turns are not in the index yet." if left else ""
        hits: list[Hit] = []
        for hit in self._hits(looked_for, turns):
            if len(hits) == most:
                return Found(tuple(hits), has_more=True, note=note, left=left)
            hits.append(hit)
        return Found(tuple(hits), note=note, left=left)

    def follow(self, *, is_gentle: bool = False) -> None:
        """Bring the index up to what is saved: what is new is in it, what is deleted is gone from its file.
        Raises `StoreError`; where there can be no index that is no error."""
        try:
            self._again_if_broken(lambda: self._follow(None, is_gentle=is_gentle))
        except NoIndex:
            pass

    def forget_deleted(self) -> None:
        """As `follow`; but where nobody has an index there is nothing to forget."""
        if self._index.path.exists():
            self.follow()

    def close(self) -> None:
        """Let the index go."""
        self._index.close()

    def _again_if_broken(self, work: Callable[[], T]) -> T:
        """Raises `NoIndex`, also where the new one is broken at once."""
        try:
            return work()
        except BrokenIndex:
            pass
        try:
            self._follow(None)
            return work()
        except BrokenIndex as error:
            raise NoIndex(str(error)) from error

    def _follow(
        self,
        seconds: float | None,
        told: Callable[[int], None] = lambda left: None,
        *,
        is_gentle: bool = False,
    ) -> int:
        """How many turns it lacks after so many seconds."""
        if not self._following.acquire(timeout=-1 if seconds is None else seconds):
            return len(self._store.read(read_stand).turns.keys() - self._index.known().keys())
        until = None if seconds is None else time.monotonic() + seconds
        try:
            if is_gentle and not self._is_checked:
                self._index.check()
                self._is_checked = True
            now, known, sessions = self._store.read(read_stand), self._index.known(), self._index.sessions()
            self._index.take_out(known.keys() - now.turns.keys() - now.written)
            missing = [turn for turn in now.turns if turn not in known]
            if sessions != now.sessions:
                missing += self._grown(now, known, sessions)
            left = len(missing)
            for batch in batches(missing, BATCH):
                if until is not None and time.monotonic() > until:
                    return left
                told(left)
                self._index.put(self._store.read(partial(read_texts, numbers=batch)))
                left -= len(batch)
                time.sleep(PAUSE_SECONDS if is_gentle else 0.0)
            if sessions != now.sessions:
                self._index.remember(now.sessions)
            return 0
        finally:
            self._following.release()

    def _grown(self, now: Stand, known: dict[int, int], before: dict[str, float]) -> list[int]:
        """The turns that went on since they were put in: only in a session that was changed they can."""
        changed = {session for session, updated in now.sessions.items() if before.get(session) != updated}
        grown: list[int] = []
        for session in {now.turns[turn] for turn in known.keys() & now.turns.keys()} & changed:
            sizes = self._store.read(partial(read_sizes, session=session))
            grown += [
                turn for turn, size in sizes.items() if turn in now.turns and known.get(turn, size) != size
            ]
        return grown

    def _hits(self, looked_for: Wanted, turns: Iterable[int]) -> Iterator[Hit]:
        for batch in batches(turns, BATCH):
            for text in self._store.read(partial(read_texts, numbers=batch)):
                place = looked_for.place(text.parts)
                if place is not None:
                    line = text.parts[place.part].split("\n")[place.line - 1].rstrip("\r")
                    first = next(iter(looked_for.spans(line)), (0, 0))[0]
                    shown = excerpt(line, first)
                    spans = tuple(looked_for.spans(shown))
                    yield Hit(text.session, text.turn, PARTS[place.part], place.line, shown, spans)
