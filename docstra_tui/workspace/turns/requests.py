"""What a question, a task or a template asks for: the maker of turn requests for both faces.

A command of the shell has its files and its standard input at hand and makes its own, with the same fields.

A request says what somebody wanted; `as_now` puts in what only the moment its turn begins can say: the
files as they are then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from docstra_tui.context.files.language import language_of
from docstra_tui.context.fitting.ranges import find_lines
from docstra_tui.context.mentions import write_mention
from docstra_tui.context.picks import Pick
from docstra_tui.errors import DocstraError
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import BUILT_IN, OWN_TEXT, TASKS, file_fields
from docstra_tui.session.turn_request import TurnRequest, plain_question
from docstra_tui.templates import FROM_FILES, placeholders
from docstra_tui.workspace.models.own_templates import give_templates

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.workspace.commands import Command
    from docstra_tui.workspace.files.selection import ReadReport
    from docstra_tui.workspace.turns.files import TurnFiles


class NotTicked(DocstraError):
    """A file of a task was left out while it waited; the other files are asked about."""


def question(text: str, files: Sequence[str] = (), written: str = "") -> TurnRequest:
    """A question about the files, in the words that it is asked in."""
    return replace(plain_question(text.strip()), files=tuple(files), written=written)


def of_words(command: Command, words: str, files: Sequence[str] = (), written: str = "") -> TurnRequest:
    """A task over all files, with the words behind its command."""
    if command.name == "examples":
        fields = {"request": words}
        return TurnRequest(
            TASKS["examples"], f"Examples: {words}", fields, files=tuple(files), written=written
        )
    return replace(question(words, files, written), to_each=command.name == "each")


def of_files(command: Command, picks: Iterable[Pick]) -> tuple[TurnRequest, ...]:
    """A task with a turn for each of these."""
    task = TASKS[command.name]
    return tuple(
        TurnRequest(
            task,
            f"{command.title} {pick.label}",
            about=pick,
            files=(pick.label,),
            written=f"/{command.name} {write_mention(*pick)}",
        )
        for pick in picks
    )


def rest(session: ChatSession | None, turn_id: int | None = None, *, is_busy: bool) -> TurnRequest:
    """The rest of an answer, the last where none is named. Raises `DocstraError` where it cannot go on."""
    if session is None:
        raise DocstraError("There is no answer that could be gone on with.")
    if is_busy:
        raise DocstraError("Something is being asked already.", "Stop it first, or wait for its answer.")
    return session.going_on(turn_id)


def of_template(
    name: str, template: str, values: Mapping[str, str], files: Sequence[str] = (), written: str = ""
) -> TurnRequest:
    """A template over all files, with the values it wants."""
    shown = ", ".join([name, *filter(None, values.values())])
    return TurnRequest(name, shown, dict(values), template=template, files=tuple(files), written=written)


def wanted_values(template: str) -> list[str]:
    """The values that somebody has to give; the others are about the files."""
    return [key for key in placeholders(template) if key not in FROM_FILES]


def as_now(request: TurnRequest, session: ChatSession, files: TurnFiles, report: ReadReport) -> TurnRequest:
    """The request over the files as they are now: `session` has them, and `report` says what of them it has
    not. Blocks. Raises `NotTicked`, `UnreadableFile`, `TemplateError`."""
    if request.is_alone or request.goes_on is not None:
        return request
    wrong = give_templates(session.llm)  # those that were written since the last question too
    if not request.template and OWN_TEXT not in request.fields and request.task in wrong:
        raise wrong[request.task]
    own = _own_text(request, session)
    if request.about is not None:
        item = _item(request.about, session, files, report)
        return replace(request, focus=(item,), fields={**own, **fields_of_file(item)})
    if not request.template and request.task == TASKS["ask"]:
        return replace(request, fields={**own, **request.fields}) if own else request
    if not request.template and request.task == TASKS["examples"]:
        fields = fields_of_examples(request.fields["request"], session.context)
        return replace(request, fields={**own, **fields})
    labels = [pick.label for pick in files.picks]
    language = main_language(session.wholes) or "source"
    return replace(request, fields={**own, **file_fields(labels, language), **request.fields})


def _own_text(request: TurnRequest, session: ChatSession) -> dict[str, Any]:
    """The text of a template that is none of ours, with the values that nobody gave: the turn keeps it."""
    if request.template:
        return {OWN_TEXT: request.template}
    if OWN_TEXT in request.fields:  # asked once more
        return dict(request.fields)
    prompts = session.llm.prompt_builder
    text = prompts.templates.get(request.task, "")
    if not text or text == BUILT_IN.get(request.task):
        return {}
    return {**prompts.defaults.get(request.task, {}), OWN_TEXT: text}


def fields_of_file(item: ContextItem, language: str = "") -> dict[str, Any]:
    """The values of a task over one file."""
    return file_fields([item.label], language or item.language or language_of(item.path or "") or "source")


def fields_of_examples(request: str, items: Iterable[ContextItem], language: str = "") -> dict[str, Any]:
    """The values of a request for examples; in the language of the files where none is named."""
    language = language or main_language(items) or "code"
    return {"request": request, "language": language, "additional_context": ""}


def main_language(items: Iterable[ContextItem]) -> str:
    """The language that most items are in, of several the first; empty where none has one."""
    found = Counter(item.language for item in items if item.language)
    return found.most_common(1)[0][0] if found else ""


def _item(pick: Pick, session: ChatSession, files: TurnFiles, report: ReadReport) -> ContextItem:
    item = find_lines(session.wholes, *pick)
    if item is None and any(one.path == pick.path for one in session.wholes):
        # Ticked in other lines, which stay as they are: they may stand before an earlier question.
        item = files.read_now(pick)
    if item is None and pick.label in report.left_out:
        _, reason = report.left_out[pick.label]
        raise DocstraError(f"{pick.label} cannot be read: {reason.removesuffix('.')}.")
    if item is None:
        raise NotTicked(f"{pick.label} is not ticked any more: nothing was asked about it.")
    return item
