"""Files of sessions, and what a failing disk makes of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import Placed, SavedTurn

PAGE = 4096
HEAD = 120
"""Bytes in front of a turn's question that belong to its row: lengths, types, its session, when."""
LOCAL = 4200
"""And so many behind it, at most: the rest lies on pages of its own."""


@dataclass(frozen=True)
class Said:
    """A turn as it was saved."""

    session_id: str
    question: str
    answer: str

    @property
    def key(self) -> tuple[str, str]:
        """Its session and its question: a flipped bit may make one question another."""
        return self.session_id, self.question


def write_sessions(path: Path, sessions: int = 4, turns: int = 12) -> list[Said]:
    """A file with sessions of several turns: short answers, and some that need pages of their own."""
    store = SessionStore(path)
    said = []
    for number in range(sessions):
        session_id = store.create(f"/project/{number}", "some/model")
        item = ContextItem(f"def f{number}(): pass\n" * 300, f"src/f{number}.py", "python")
        first: SavedTurn | None = None
        for count in range(turns):
            mark = f"{number:02}.{count:03}"
            turn = SavedTurn(
                f"What is <{mark}>?", fields={"question": f"What is {mark}?"}, model="some/model"
            )
            if first is None:
                first, turn.context = turn, (item,)
            else:
                turn.earlier = (Placed(first.id, item),)
            store.begin_turn(session_id, turn)
            turn.answer = f"It is <{mark}>. " * (900 if count % 5 == 4 else 4 + count)
            turn.thinking, turn.thinking_s = f"Hm, <{mark}>?", 1.5
            turn.status, turn.finish_reason = "done", "stop"
            store.end_turn(turn.id, turn)
            said.append(Said(session_id, turn.question, turn.answer))
        store.save_draft(session_id, f"draft {number}")
    assert store.flush()
    store.close()
    return said


def flips(size: int, chance: random.Random) -> list[int]:
    """Places of a file that a failing disk changes: one byte, a few, or many."""
    return sorted({chance.randrange(size) for _ in range(chance.choice((1, 1, 2, 8, 40)))})


def damage(data: bytes, places: list[int], chance: random.Random) -> bytes:
    """The same bytes, but for one bit at each place."""
    changed = bytearray(data)
    for place in places:
        changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


def untouched(data: bytes, places: list[int], said: list[Said]) -> Iterator[Said]:
    """The turns of which no byte was changed: those that have to be there afterwards."""
    for turn in said:
        asked = turn.question.encode()
        begins = [found.start() for found in re.finditer(re.escape(asked), data)]  # one may be a title
        rows = [range(at - HEAD, at + min(LOCAL, len(turn.answer) + 600)) for at in begins]
        pages = set[int]()
        if len(turn.answer) > 2000:
            word = f"is <{turn.question[9:15]}>.".encode()
            at = data.find(word)
            while at >= 0:
                pages.add(at // PAGE)
                at = data.find(word, at + PAGE // 2)
        if not any(place // PAGE in pages or any(place in row for row in rows) for place in places):
            yield turn


def behead(path: Path, data: bytes) -> None:
    """A file whose head is gone."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(b"\0" * 100 + data[100:])
