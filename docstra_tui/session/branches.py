"""The turns beside the path that is shown, and how one gets there: another path, one turn less, one back.

Nothing of a turn is ever altered here. What was shown and is no more is still held, or the store has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from docstra_tui.errors import DocstraError
from docstra_tui.session.again import asked_again, written
from docstra_tui.session.dialogue import Dialogue
from docstra_tui.session.record import Record
from docstra_tui.session.tree import LAST_ASKED, NO_TURN, TurnTree
from docstra_tui.session.turn_request import TurnRequest, plain_question
from docstra_tui.session.turns import SavedTurn


@dataclass(frozen=True)
class Path:
    """Turns that can be gone on from."""

    turns: Sequence[SavedTurn]
    """Oldest first."""
    skipped: int
    """How many before these are not held."""


class Branches:
    """Of one conversation. Any thread. What is not held is read from the disk: that blocks, and raises
    `StoreError`."""

    def __init__(self, dialogue: Dialogue, most: Callable[[], int]) -> None:
        """`most` says how many characters of a path are held."""
        self.record = Record()
        self._dialogue = dialogue
        self._most = most
        self._deleted: list[tuple[SavedTurn, int]] = []
        """What can be taken back, the latest last, each with the tip of the path that it was on."""

    @property
    def tree(self) -> TurnTree:
        """All turns by their places."""
        return self._dialogue.tree

    @property
    def shown(self) -> Path:
        """What is gone on from now."""
        with self._dialogue.lock:
            return Path(list(self._dialogue.turns), self._dialogue.skipped)

    @property
    def held(self) -> list[SavedTurn]:
        """Every turn that was shown here and is not deleted: those that are shown, then the others."""
        with self._dialogue.lock:
            shown, nodes = list(self._dialogue.turns), self._dialogue.nodes
            numbers = {turn.id for turn in shown}
            others = [turn for turn in self._dialogue.held.values() if turn.id not in numbers]
        return [*shown, *(turn for turn in others if not nodes[turn.id].is_deleted)]

    @property
    def forks(self) -> dict[int, tuple[int, ...]]:
        """For each turn that others stand beside, all that are in its place, oldest first."""
        with self._dialogue.lock:
            parents = {node.parent for node in self._dialogue.nodes.values()}
            is_line = len(parents) == len(self._dialogue.nodes) and LAST_ASKED not in parents
        return {} if is_line else self.tree.forks  # of ten thousand turns in a row nobody waits for a tree

    @property
    def numbers(self) -> tuple[int, ...]:
        """The turns that are shown, from the first on, those that are not held among them."""
        turns = self.shown.turns
        return (*self.tree.above(turns[-1].id), turns[-1].id) if turns else ()

    def beside(self, turn_id: int) -> tuple[int, ...]:
        """The turns in the place of one, itself among them, oldest first."""
        return self.tree.beside(turn_id)

    def find(self, turn_id: int) -> SavedTurn:
        """A turn of the conversation, those that are deleted not among them. Raises `DocstraError`."""
        node = self._dialogue.nodes.get(turn_id)
        if node is None or node.is_deleted:
            raise DocstraError("There is no such turn in this session.")
        turn = self._dialogue.held.get(turn_id)
        found = [turn] if turn is not None else self.record.turns([turn_id])
        if not found:
            raise DocstraError("This turn cannot be read any more.")
        return found[0]

    # Asking beside a turn

    def retry(self, turn_id: int) -> TurnRequest:
        """Another answer to the question of a turn, beside the first. Raises `DocstraError`."""
        turn, dialogue = self.find(turn_id), self._dialogue
        with dialogue.lock:
            ticked = {item.path for item in dialogue.context.wholes if item.path is not None}
            request = asked_again(turn, ticked, dialogue.llm.prompt_builder)
        if turn_id in (numbers := self.numbers):  # what comes back where it is not asked, also after a crash
            request = replace(request, written=f"/retry {numbers.index(turn_id) + 1}")
        return self.instead_of(turn_id, request)

    def edit(self, turn_id: int, question: str) -> TurnRequest:
        """Another question in the place of a turn. Raises `DocstraError`."""
        return self.instead_of(turn_id, plain_question(question))

    def instead_of(self, turn_id: int, request: TurnRequest) -> TurnRequest:
        """Whatever is asked, in the place of a turn. Raises `DocstraError`."""
        self.find(turn_id)
        return replace(request, parent=self.tree.parent(turn_id))

    def written(self, turn_id: int) -> str:
        """What one would type to ask a turn again. Raises `DocstraError`."""
        return written(self.find(turn_id))

    def before(self, request: TurnRequest) -> list[SavedTurn]:
        """Those of the turns that are shown which a question will follow."""
        turns = list(self.shown.turns)
        if request.parent is None:
            return turns
        numbers = [turn.id for turn in turns]
        return turns[: numbers.index(request.parent) + 1] if request.parent in numbers else []

    def go_back_to(self, turn_id: int) -> None:
        """Go on behind this turn; `NO_TURN` is before the first."""
        tree = self.tree
        node = tree.nodes.get(turn_id)
        if node is not None and node.is_deleted:
            turn_id = tree.parent(turn_id)
        numbers = (*tree.above(turn_id), turn_id) if turn_id != NO_TURN else ()
        self.show(self._path(numbers))

    def show(self, path: Path) -> None:
        """Go on from these."""
        self._dialogue.show(path.turns, path.skipped)

    def look_again(self) -> None:
        """Of answers that another program was writing when they were read, what there is of them now. While
        none is written here. Blocks. Raises `StoreError`."""
        written = [turn.id for turn in self.shown.turns if turn.status == "streaming"]
        ended = [turn for turn in self.record.turns(written) if turn.status != "streaming"] if written else []
        if ended:
            self._dialogue.renew(ended)

    # Walking

    def walk(self, turn_id: int, step: int) -> bool:
        """Show another of the turns in the place of one, with what was asked below it last; False where there
        is none in that direction. Raises `DocstraError` while something is asked."""
        self._refuse_while_busy()
        tree = self.tree
        beside = tree.beside(turn_id)
        place = beside.index(turn_id) + step if turn_id in beside else -1
        if not 0 <= place < len(beside):
            return False
        self._show_to(beside[place])
        return True

    def show_turn(self, turn_id: int) -> None:
        """Show the path that has this turn. Raises `DocstraError`."""
        self.find(turn_id)
        if all(turn.id != turn_id for turn in self.shown.turns):
            self._refuse_while_busy()
            self._show_to(turn_id)

    def _show_to(self, tip: int) -> None:
        """The path down to a turn, and to what was asked below it last."""
        numbers = self.tree.path(tip)
        self.show(self._path(numbers))
        if numbers:
            self.record.show_path(numbers[-1])

    def _path(self, numbers: Sequence[int]) -> Path:
        """These turns, oldest first; where not all are held, only the latest, as far as they are wanted."""
        found: list[SavedTurn] = []
        wanted, is_read = self._most(), False
        with self._dialogue.lock:
            held = dict(self._dialogue.held)
        for left in range(len(numbers), 0, -1):
            if wanted <= 0:
                break
            if not is_read and numbers[left - 1] not in held:
                held |= {turn.id: turn for turn in self.record.turns(numbers[:left], wanted)}
                is_read = True
            turn = held.get(numbers[left - 1])
            if turn is None:
                break
            found.append(turn)
            wanted -= len(turn.question) + len(turn.answer) + len(turn.thinking)
        return Path(found[::-1], len(numbers) - len(found))

    # Deleting

    def delete(self, turn_id: int) -> SavedTurn:
        """The turn is gone until `undo`, and for good when the program ends; what followed it follows the one
        before it. Raises `DocstraError`."""
        self._refuse_while_busy()
        turn, shown = self.find(turn_id), self.shown
        tip = shown.turns[-1].id if shown.turns else NO_TURN
        self._mark(turn_id, is_deleted=True)
        try:
            self._show_to(tip)
        except DocstraError:
            self._mark(turn_id, is_deleted=False)
            raise
        self._deleted.append((turn, tip))
        return turn

    def undo(self) -> SavedTurn | None:
        """The turn that was deleted last is there again, on the path that it was on; None where there is
        none. Raises `DocstraError`."""
        self._refuse_while_busy()
        if not self._deleted:
            return None
        turn, tip = self._deleted.pop()
        self._mark(turn.id, is_deleted=False)
        self._show_to(tip)
        return turn

    def _mark(self, turn_id: int, *, is_deleted: bool) -> None:
        with self._dialogue.lock:
            self._dialogue.place(replace(self._dialogue.nodes[turn_id], is_deleted=is_deleted))
        self.record.mark_deleted(turn_id, is_deleted)

    def _refuse_while_busy(self) -> None:
        if self._dialogue.request is not None:
            raise DocstraError("An answer is being written.", "Stop it first, or wait for it.")
