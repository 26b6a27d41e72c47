"""`ask --auto-files N`: files that a search finds for a question go with it, and it is said which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.commands import breadth
from docstra_tui.commands.console import Console
from docstra_tui.commands.index_progress import IndexProgress
from docstra_tui.context.files.reader import read_item
from docstra_tui.context.project import Project
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

if TYPE_CHECKING:
    from docstra_tui.context.search.offered import Suggestion
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.turn_request import TurnRequest
    from docstra_tui.settings import Settings


@dataclass(frozen=True)
class AutoFiles:
    """A question, and the files that were found for it."""

    question: TurnRequest
    found: tuple[ContextItem, ...]
    lines: tuple[ContextItem | None, ...]
    """Of each file the lines that are most about the question, where they are known."""

    @property
    def request(self) -> TurnRequest:
        """The question with all of them, behind the files that were named."""
        return self._with(self.found)

    def fitting(self, llm: BaseLLM, reserve: int, note: Callable[[str], None]) -> TurnRequest:
        """The question with those that fit, the best first; of one that does not fit the lines that are most
        about it. What is not sent is said. Raises what keeps them from being counted."""
        taken: list[ContextItem] = []
        for whole, lines in zip(self.found, self.lines, strict=True):
            if self._fits(llm, [*taken, whole], reserve):
                taken.append(whole)
            elif lines is not None and self._fits(llm, [*taken, lines], reserve):
                taken.append(lines)
                note(f"{shown_name(whole.label)} does not fit: only {shown_name(lines.label)} is sent.")
            else:
                note(f"{shown_name(whole.label)} does not fit, and is left out.")
        return self._with(taken)

    def _with(self, items: Sequence[ContextItem]) -> TurnRequest:
        return replace(self.question, focus=(*self.question.focus, *items))

    def _fits(self, llm: BaseLLM, items: Sequence[ContextItem], reserve: int) -> bool:
        window = llm.window
        if window is None:
            return True
        request = self._with(items)
        asked = llm.prompt_builder.asked(request.task, request.focus, (), request.fields)
        measure = llm.measure(asked.messages)
        room = window if measure.room is None else min(window, measure.room.tokens)
        return measure.tokens + min(reserve, window // 2) <= room


def auto_files(question: TurnRequest, count: int, settings: Settings, console: Console) -> AutoFiles:
    """At most `count` files of the folder one is in, which are said. A name that may hold secrets is none of
    them. Raises `DocstraError`."""
    here = Path.cwd()
    breadth.check(here, console, was_named=False, instead="Go to the folder of a project, and ask there.")
    named = [item.path for item in question.focus if item.path and not Path(item.path).is_absolute()]
    project = Project(here, ignore=settings.context.ignore)
    with IndexProgress(console) as progress:
        suggested = project.suggest(question.shown, ticked=named, on_progress=progress.told)
    found: list[ContextItem] = []
    lines: list[ContextItem | None] = []
    for file in suggested:
        if len(found) == count:
            break
        if file.path in named or may_hold_secrets(file.path):
            continue
        with suppress(UnreadableFile):
            found.append(read_item(here, file.path, max_bytes=settings.context.max_file_bytes))
            lines.append(_lines(here, file, settings.context.max_file_bytes))
            console.note(f"+ {shown_name(file.path)}  ({file.reason})")
    if not found:
        console.note("No file was found for the question.")
    return AutoFiles(question, tuple(found), tuple(lines))


def _lines(here: Path, file: Suggestion, max_bytes: int) -> ContextItem | None:
    if file.lines is not None:
        start, end = file.lines
        with suppress(UnreadableFile):
            return read_item(here, file.path, start_line=start, end_line=end, max_bytes=max_bytes)
    return None
