"""What an answer says is looked up while it is written, and to its end when it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.citations.checking import Checker
    from docstra_tui.session.citations.citation import Citation
    from docstra_tui.session.citations.since import Since
    from docstra_tui.session.citations.texts import Texts
    from docstra_tui.session.turns import SavedTurn


def has_sources(turn: SavedTurn) -> bool:
    """True where something was sent that an answer may be about: with it, or with those that it joins."""
    from docstra_tui.llm.prompt import JOIN

    return bool(turn.files) or turn.task == JOIN


def get_ready(items: Sequence[ContextItem]) -> None:
    """Have what the first answer about these files would wait for, while a model still reads them. Blocks."""
    from docstra_tui.session.citations.checking import Checker

    Checker(items).get_ready()


class LookingUp:
    """The answer that grows. For one thread that nobody waits for."""

    def __init__(self, root: Path | None = None) -> None:
        """`root` is the folder of the files."""
        self._root = root
        self._texts: Texts | None = None
        self._turn: SavedTurn | None = None
        self._items: tuple[ContextItem, ...] = ()
        self._checker: Checker | None = None
        self._fed = ""

    def so_far(self, turn: SavedTurn) -> tuple[str, Sequence[Citation]]:
        """As much of a turn's answer as was looked up, and its citations. Where none has come, what it will
        be looked up in is made ready."""
        answer = turn.answer
        is_other = turn is not self._turn or not answer.startswith(self._fed)
        if is_other or not self._fed:  # its files come after its question
            from docstra_tui.session.citations.answered import sent_with

            items = sent_with(turn)
            if is_other or items != self._items:
                self._begin(turn, items)
        if self._checker is None:
            return answer, ()
        self._checker.feed(answer[len(self._fed) :])
        self._fed = answer
        return answer, self._checker.citations

    def _begin(self, turn: SavedTurn, items: tuple[ContextItem, ...]) -> None:
        from docstra_tui.session.citations.checking import Checker
        from docstra_tui.session.citations.texts import Texts

        self._turn, self._items, self._fed = turn, items, ""
        self._texts = self._texts if self._texts is not None else Texts()
        self._checker = Checker(items, texts=self._texts) if items else None
        if self._checker is not None and not turn.answer:
            self._checker.get_ready()

    def since(self) -> Since:
        """What changed from now on, for several answers."""
        from docstra_tui.session.citations.since import Since

        return Since(self._root)

    def whole(
        self, turn: SavedTurn, before: Sequence[SavedTurn], since: Since | None = None
    ) -> tuple[str, Sequence[Citation]]:
        """An answer that is over, with what changed since; `before` are the turns of its path."""
        from docstra_tui.session.citations.answered import citations_of, sent_with
        from docstra_tui.session.citations.texts import Texts

        since, self._texts = since or self.since(), self._texts or Texts()
        if turn is not self._turn or self._checker is None or since.of(sent_with(turn)):
            return turn.answer, citations_of(turn, before, since, self._texts)
        self.so_far(turn)
        checker, self._turn, self._checker, self._fed = self._checker, None, None, ""
        return turn.answer, checker.finish()
