"""What this process has said and read.

The conversation lives here; saving it is making the disk say the same. Nothing here waits for a disk.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from docstra_tui.session.store.backlog import Backlog
from docstra_tui.session.store.kept import Held, KeptMark, KeptQuestion, KeptSession, KeptTurn
from docstra_tui.session.tree import Node, TurnTree
from docstra_tui.session.turns import ModelChoice, SavedTurn, StoredSession, WaitingQuestion, title_of


class Memory:
    """Sessions and turns by id. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        held = Held()
        self._sessions, self._turns, self._waiting = held.sessions, held.turns, held.waiting
        self._marks = held.marks
        self.backlog = Backlog(held, self._lock)
        """What of it the disk lacks."""

    # What is said

    def create(self, root: str, model: str) -> str:
        """The id of a new session, in which nothing is worth keeping yet."""
        now = time.time()
        session_id = secrets.token_hex(6)
        row = StoredSession(session_id, "", root, model, "", now, now, ())
        with self._lock:
            self._sessions[session_id] = KeptSession(row=row, written=0)
        return session_id

    def accept(self, session_id: str, question: WaitingQuestion, draft: str, choice: ModelChoice) -> None:
        """A question waits from now on, and `draft` is what is left of the typed."""
        with self._lock:
            kept = self._session(session_id)
            self._waiting[question.id] = KeptQuestion(session_id=session_id, question=question)
            kept.waits += 1
            self._change(session_id, draft=draft, choice=choice if not kept.row.title else kept.row.choice)

    def take_back(self, session_id: str, questions: Iterable[int], draft: str) -> None:
        """These wait no more: they are in `draft` now."""
        with self._lock:
            for number in questions:
                self._no_longer_waits(session_id, number)
            self._change(session_id, draft=draft)

    def reorder(self, questions: Iterable[WaitingQuestion]) -> None:
        """These wait, as from other moments on."""
        with self._lock:
            for question in questions:
                kept = self._waiting.get(question.id)
                if kept is not None and kept.question not in (None, question):
                    kept.question = question
                    kept.version += 1

    def move_waiting(self, session_id: str, question_id: int) -> None:
        """A question waits in another session now."""
        with self._lock:
            kept = self._waiting.get(question_id)
            if kept is not None and kept.question is not None and kept.session_id != session_id:
                self._session(kept.session_id).waits -= 1
                self._change(kept.session_id)
                self._session(session_id).waits += 1
                self._change(session_id)
                kept.session_id = session_id
                kept.version += 1

    def begin(self, session_id: str, turn: SavedTurn, choice: ModelChoice | None = None) -> None:
        """A question was asked, and waits no more; the first one names the session."""
        with self._lock:
            row = self._session(session_id).row
            title = row.title or title_of(turn.question)
            model, choice = turn.model or row.model, choice or row.choice
            self._change(session_id, title=title, model=model, choice=choice, tip=turn.id)
            self._turns[turn.id] = KeptTurn(session_id=session_id, turn=replace(turn))
            if turn.id in self._waiting:
                self._no_longer_waits(session_id, turn.id)

    def add_piece(self, turn_id: int, piece: str) -> int:
        """A bit more of an answer; the characters that are not on the disk, 0 for an unknown turn."""
        with self._lock:
            kept = self._turns.get(turn_id)
            if kept is None:
                return 0
            kept.pieces.append(piece)
            return kept.grow(len(piece))

    def add_thought(self, turn_id: int, thought: str, seconds: float | None) -> int:
        """A bit more of what is thought before an answer, so many seconds of it; as `add_piece`."""
        with self._lock:
            kept = self._turns.get(turn_id)
            if kept is None:
                return 0
            kept.thoughts.append(thought)
            kept.turn.thinking_s = seconds
            return kept.grow(len(thought))

    def reframe(self, turn_id: int) -> int:
        """All that came of an answer was thought; as `add_piece`."""
        with self._lock:
            kept = self._turns.get(turn_id)
            if kept is None:
                return 0
            moved = kept.put_together()
            moved.thinking, moved.answer = moved.thinking + moved.answer, ""
            return kept.grow(len(moved.thinking))

    def keep_settings(self, turn: SavedTurn) -> int:
        """It is known with which ones a turn was sent; as `add_piece`."""
        with self._lock:
            kept = self._turns.get(turn.id)
            if kept is None:
                return 0
            kept.turn.settings, kept.turn.gone_on_with = turn.settings, turn.gone_on_with
            return kept.grow(1)

    def end(self, turn: SavedTurn) -> None:
        """How a turn ended; `turn` says all of it."""
        with self._lock:
            kept = self._turns.get(turn.id)
            if kept is not None:
                kept.forget_pieces()
                kept.turn = replace(turn)
                kept.version += 1
                self._change(kept.session_id)

    def set_draft(self, session_id: str, text: str) -> bool:
        """What is typed; False when that is nothing new."""
        with self._lock:
            if self._session(session_id).row.draft == text:
                return False
            self._change(session_id, draft=text)
            return True

    def set_tip(self, session_id: str, tip: int) -> None:
        """Another path is shown."""
        with self._lock:
            self._change(session_id, tip=tip)

    def rename(self, session_id: str, title: str) -> None:
        """Somebody gave a session its title: what is written of it has that too."""
        with self._lock:
            kept = self._sessions.get(session_id)
            if kept is not None:
                kept.row = replace(kept.row, title=title, is_titled=True)

    def mark(self, session_id: str, turn_id: int | None, is_deleted: bool) -> None:
        """A session, or a turn of it, is deleted, or there again."""
        with self._lock:
            of = session_id if turn_id is None else turn_id
            kept = self._marks.setdefault(of, KeptMark(session_id=session_id, is_deleted=is_deleted))
            kept.is_deleted = is_deleted
            kept.version += 1

    def is_deleted(self, of: int | str) -> bool:
        """True for a turn, or a session, that was deleted here and can be taken back."""
        with self._lock:
            kept = self._marks.get(of)
            return kept is not None and kept.is_deleted

    def interrupt(self) -> None:
        """The answers that are being written here end now, as they are."""
        with self._lock:
            for kept in self._turns.values():
                if kept.is_ours and kept.turn.status == "streaming":
                    kept.turn = replace(kept.whole(), status="interrupted")
                    kept.version += 1

    def forget(self, session_id: str) -> None:
        """A session is deleted."""
        with self._lock:
            self._sessions.pop(session_id, None)
            for turn_id in [one for one, kept in self._turns.items() if kept.session_id == session_id]:
                del self._turns[turn_id]
            for number in [one for one, kept in self._waiting.items() if kept.session_id == session_id]:
                del self._waiting[number]
            for of in [one for one, kept in self._marks.items() if kept.session_id == session_id]:
                del self._marks[of]

    # What was read

    def merge(self, session_id: str, found: StoredSession | None) -> StoredSession | None:
        """The session as it really is: what the disk said, with what this process knows better.

        It is held from now on, so that a file that is deleted under us can be made again as it was.
        """
        with self._lock:
            kept = self._sessions.get(session_id)
            row = kept.row if kept is not None and (kept.is_behind or found is None) else found
            if row is None:
                return None
            tree = self._tree(session_id, found.nodes if found is not None else ())
            has_tip = kept is not None and kept.has_tip
            path = tree.path(row.tip if found is None or has_tip else found.tip)
            turns = self._of_path(path, found)
            for turn in turns:
                turn.parent = tree.parent(turn.id)
            if kept is None or not kept.is_behind:
                waits = kept.waits if kept is not None else 0
                held = replace(row, turns=(), waiting=(), nodes=())
                self._sessions[session_id] = KeptSession(
                    row=held, waits=waits, has_draft=False, has_tip=False, written=0
                )
            self._hold(session_id, turns)
            left = found.waiting if found is not None else ()
            return replace(
                row,
                turns=tuple(turns),
                skipped=len(path) - len(turns),
                waiting=tuple(one for one in left if one.id not in self._waiting),
                nodes=tuple(tree.nodes.values()),
                tip=path[-1] if path else row.tip,
            )

    def known(self, session_id: str, numbers: Iterable[int], found: Iterable[SavedTurn]) -> list[SavedTurn]:
        """Some turns as they really are: what the disk said, with what this process knows better."""
        with self._lock:
            turns = {turn.id: turn for turn in found}
            self._hold(session_id, turns.values())
            for number in numbers:
                held = self._turns.get(number)
                if held is not None and (held.is_ours or number not in turns):
                    turns[number] = held.whole()
            return [turns[number] for number in numbers if number in turns]

    def _tree(self, session_id: str, saved: Iterable[Node]) -> TurnTree:
        """The turns of a session by their places, those that only this process has among them."""
        nodes = {node.id: node for node in saved}
        for number, known in self._turns.items():
            if known.session_id == session_id and (known.is_ours or number not in nodes):
                nodes[number] = Node(number, known.turn.parent, known.turn.asked)
        for of, mark in self._marks.items():
            if isinstance(of, int) and of in nodes:
                nodes[of] = replace(nodes[of], is_deleted=mark.is_deleted)
        return TurnTree(nodes.values())

    def _of_path(self, path: Sequence[int], found: StoredSession | None) -> list[SavedTurn]:
        """The turns of a path as far as they are known; of a long one the latest, and what the disk lacks."""
        read = {turn.id: turn for turn in found.turns} if found is not None else {}
        is_part = found is not None and found.skipped > 0
        is_before = is_part  # of what was read: only the disk has to have it
        turns = []
        for number in path:
            is_before = is_before and number not in read
            known = self._turns.get(number)
            if known is not None and (known.is_ours or number not in read):
                if not is_before or known.is_behind:
                    turns.append(known.whole())
            elif number in read:
                turns.append(read[number])
        return turns

    def _hold(self, session_id: str, turns: Iterable[SavedTurn]) -> None:
        """These were read: a file that is deleted under us can be made again as it was."""
        for turn in turns:
            kept = self._turns.get(turn.id)
            if kept is None or not (kept.is_ours or kept.is_behind):
                self._turns[turn.id] = KeptTurn(
                    session_id=session_id, turn=replace(turn), is_ours=False, has_items=True, written=0
                )

    def unsent(self, session_id: str) -> str:
        """The first question that waits here, else what is typed."""
        with self._lock:
            waiting = [
                kept.question
                for kept in self._waiting.values()
                if kept.session_id == session_id and kept.question is not None
            ]
            first = min(waiting, key=lambda one: one.accepted, default=None)
            return title_of(first.text if first is not None else self._session(session_id).row.draft)

    def sessions(self) -> list[tuple[KeptSession, int]]:
        """The sessions that are worth keeping, each with the number of its turns known here."""
        with self._lock:
            counts: dict[str, int] = {}
            for number, known in self._turns.items():
                if not self.is_deleted(number):
                    counts[known.session_id] = counts.get(known.session_id, 0) + 1
            kept = [one for one in self._sessions.values() if one.is_worth_keeping]
            return [(one, counts.get(one.row.id, 0)) for one in kept]

    def knows(self, session_id: str) -> bool:
        """True for a session that was created or read here."""
        with self._lock:
            return session_id in self._sessions

    def _no_longer_waits(self, session_id: str, number: int) -> None:
        kept = self._waiting.setdefault(number, KeptQuestion(session_id=session_id, question=None))
        if kept.question is not None:
            self._session(kept.session_id).waits -= 1
            kept.question = None
            kept.version += 1

    def _session(self, session_id: str) -> KeptSession:
        kept = self._sessions.get(session_id)
        if kept is None:  # deleted in between: what is said now is a session again
            now = time.time()
            kept = KeptSession(row=StoredSession(session_id, "", "", "", "", now, now, ()))
            self._sessions[session_id] = kept
        return kept

    def _change(self, session_id: str, **values: str | int | ModelChoice) -> None:
        kept = self._session(session_id)
        kept.has_draft = kept.has_draft or "draft" in values
        kept.has_tip = kept.has_tip or "tip" in values
        kept.row = replace(kept.row, updated=time.time(), **values)  # type: ignore[arg-type]
        kept.version += 1
