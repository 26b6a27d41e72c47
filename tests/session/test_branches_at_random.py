"""Whatever is asked, asked again, deleted and taken back, in whatever order: nothing is lost, and nothing is
told twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from docstra_tui.errors import DocstraError, EngineDied
from docstra_tui.session.chat import ChatSession
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn
from tests.fakes import FakeLLM
from tests.session.talk import A, B, C

STEPS = 30
DOINGS = ("ask", "ask", "ask", "fails", "retry", "edit", "show", "delete", "undo", "tick", "reopen")


class Person:
    """Does one thing after the other, and knows what was said."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.llm = FakeLLM(window=None)
        self.store = SessionStore()
        self.session = ChatSession(self.llm, Path("/p"), self.store)
        self.said: dict[int, tuple[str, str]] = {}
        self.deleted: list[int] = []

    def answered(self) -> SavedTurn:
        turn = self.session.turns[-1]
        self.said[turn.id] = (turn.question, turn.answer)
        return turn

    def do(self, doing: str, step: int) -> None:
        branches = self.session.branches
        there = [number for number, node in branches.tree.nodes.items() if not node.is_deleted]
        if doing == "fails":
            self.llm.enqueue(EngineDied("gone"))
        elif doing in ("ask", "retry", "edit"):
            self.llm.enqueue(f"answer {step}")
        if doing in ("ask", "fails") or not there:
            list(self.session.ask(f"question {step}"))
            self.answered()
            return
        number = self.chance.choice(there)
        if doing in ("retry", "edit"):
            request = branches.retry(number) if doing == "retry" else branches.edit(number, f"edit {step}")
            list(self.session.run(request))
            assert self.answered().parent == branches.tree.parent(number)
        elif doing == "show":
            branches.show_turn(number)
            assert number in branches.numbers
        elif doing == "delete":
            self.deleted.append(branches.delete(number).id)
            assert number not in branches.numbers
        elif doing == "undo":
            back = branches.undo()
            assert (back.id if back else None) == (self.deleted.pop() if self.deleted else None)
        elif doing == "tick":
            self.session.set_context(self.chance.sample([A, B, C], self.chance.randrange(4)))
        else:
            self.reopen()

    def reopen(self) -> None:
        """Another program goes on; what was deleted is gone for good."""
        path = self.session.branches.numbers
        self.store.close()
        self.store = SessionStore()
        try:
            self.session = ChatSession.resume(self.llm, self.store, self.session.id or "")
        except DocstraError:  # nothing was left of it
            self.session = ChatSession(self.llm, Path("/p"), self.store)
        assert self.session.branches.numbers == path
        assert not set(self.deleted) & set(self.session.branches.tree.nodes)
        self.deleted.clear()

    def check(self) -> None:
        session = self.session
        path = session.branches.numbers
        assert [turn.id for turn in session.turns] == list(path[session.skipped :])
        assert all(self.said[turn.id] == (turn.question, turn.answer) for turn in session.turns)
        prompt = session._dialogue.next_prompt("And now?").messages
        text = "".join(message["content"] for message in prompt)
        assert [text.count(item.render()) for item in session.context] == [1] * len(session.context)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_and_nothing_is_told_twice(
    seed: int, own_places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docstra_tui.session.chat.HELD", 60 if seed % 2 else 8_000_000)
    person = Person(seed)
    for step in range(STEPS):
        doing = person.chance.choice(DOINGS)
        person.do(doing, step)
        person.check()
    person.store.close()
