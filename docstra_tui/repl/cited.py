"""What an answer says of the files that were sent, looked up in them: a line under it, and a list of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from docstra_tui.repl.printer import Printer
from docstra_tui.workspace.citing import get_ready
from docstra_tui.workspace.command_line import CommandLine
from docstra_tui.workspace.turns.branching import turn_at
from docstra_tui.workspace.wording import NOTHING_CITED

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.citations.citation import Citation
    from docstra_tui.session.citations.texts import Texts
    from docstra_tui.session.turns import SavedTurn


class Cited:
    """Main thread, while no prompt is there."""

    def __init__(self, session: Callable[[], ChatSession], printer: Printer) -> None:
        self._session = session
        self._printer = printer
        self._texts: Texts | None = None

    def files_read(self) -> None:
        """A model will answer about them: looked through beside it, since nobody waits yet."""
        from docstra_tui.background import begin

        if items := tuple(self._session().context):
            begin(lambda: get_ready(items), "citations")

    def below(self, turn: SavedTurn) -> None:
        """What stands under an answer; nothing where it says nothing that can be looked up."""
        from docstra_tui.session.citations.report import tally

        words = tally(self._of(turn))
        if words:
            self._printer.line(f"{words} · /check lists them", "dim")

    def check(self, line: CommandLine) -> None:
        """Each of them, of the answer to a question by its number, else the last. Raises `DocstraError`."""
        from docstra_tui.session.citations.report import row, tally

        session = self._session()
        turn_id, _ = turn_at(session, line.text)
        citations = self._of(session.branches.find(turn_id))
        for citation in citations:
            self._printer.line(row(citation), "" if citation.is_good else "note")
        self._printer.line(tally(citations) or NOTHING_CITED, "dim")

    def _of(self, turn: SavedTurn) -> Sequence[Citation]:
        from docstra_tui.session.citations.answered import citations_of
        from docstra_tui.session.citations.since import Since

        session = self._session()
        places = [place for place, other in enumerate(session.turns) if other.id == turn.id]
        before = session.turns[: places[0]] if places else ()
        return citations_of(turn, before, Since(session.root), self._kept())

    def _kept(self) -> Texts:
        """What is known of the texts of files, for the next answer about them."""
        if self._texts is None:
            from docstra_tui.session.citations.texts import Texts

            self._texts = Texts()
        return self._texts
