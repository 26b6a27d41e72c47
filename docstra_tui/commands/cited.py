"""What the answers of a command say of the files that were sent for them, looked up there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docstra_tui.commands.console import Console
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.answered import checked
from docstra_tui.session.citations.citation import Citation
from docstra_tui.session.citations.report import is_any_missing, row, tally, told
from docstra_tui.session.citations.since import Since
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.wording import NOTHING_CITED

MISSING = 5
"""The exit code where something is not in the files."""
NOT_ALL = 1
"""The same where nothing is said to be missing, but not all could be looked up: nobody may pass by that."""


def exit_code(citations: Sequence[Citation], shortfall: str, console: Console) -> int:
    """What was looked up for who decides by it; why not all of it was is said."""
    if shortfall:
        console.note(sanitize_line(shortfall))
    if is_any_missing(citations):
        return MISSING
    return NOT_ALL if shortfall else 0


class Cited:
    """Looks them up, where somebody wants to know, and says or records what came of it."""

    def __init__(self, console: Console, *, as_json: bool, decides: bool = False) -> None:
        """With `decides`, the exit code tells whether something is missing."""
        self._console = console
        self._as_json = as_json
        self._decides = decides
        self._exit_code = 0

    @property
    def exit_code(self) -> int:
        """Of a command whose answers are whole."""
        return self._exit_code

    def take(
        self, record: dict[str, Any], items: Sequence[ContextItem], *, is_of_a_part: bool = False
    ) -> None:
        """An answer, with the files that were sent for it; that about a part of them decides nothing."""
        if not (self._as_json or self._decides or self._console.err_is_terminal):
            return
        citations, shortfall = checked(str(record["answer"]), items, Since(Path.cwd()))
        if self._as_json:
            record["citations"] = told(citations)
        else:
            self._say(citations)
        if self._decides and not is_of_a_part:
            self._exit_code = max(self._exit_code, exit_code(citations, shortfall, self._console))

    def _say(self, citations: Sequence[Citation]) -> None:
        """What stands under an answer: the sum, and what is not there where that decides."""
        for citation in citations if self._decides else ():
            if citation.status == "missing":
                self._console.note(row(citation))
        if citations or self._decides:
            self._console.note(tally(citations) or NOTHING_CITED)


def sent_for(request: TurnRequest) -> tuple[ContextItem, ...]:
    """What stands in the question of a command as code: its files, or what was piped in."""
    code = request.fields.get("code")
    if request.focus or not isinstance(code, str) or not code.startswith("```"):
        return request.focus
    return (ContextItem(code.partition("\n")[2].rpartition("\n")[0] + "\n"),)
