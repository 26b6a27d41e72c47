"""A turn that was asked, as what one asks to have another answer to it. Knows no model and no disk."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from docstra_tui.context.mentions import write_mention
from docstra_tui.context.picks import Pick
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import BUILT_IN, JOIN, OWN_TEXT, PART, TASKS, PromptBuilder
from docstra_tui.session.turn_request import PLAIN, TurnRequest, plain_question
from docstra_tui.session.turns import SavedTurn
from docstra_tui.templates import FROM_FILES, placeholders, write_words

OVER_FILES: Mapping[str, str] = {TASKS[word]: word for word in ("document", "explain")}
"""The templates that are asked of single files, with the words for them."""


def asked_again(turn: SavedTurn, ticked: Collection[str], prompts: PromptBuilder) -> TurnRequest:
    """The same question once more, over the files as they are now. `ticked` are the paths that are read anew;
    another file that the turn is about is sent as it was then."""
    fields = dict(turn.fields)
    if not prompts.can_render(turn.task, fields):  # its template is gone: the words that are shown are left
        return _retry(plain_question(turn.question), turn)
    if turn.task in (PART, JOIN):
        request = TurnRequest(turn.task, turn.question, fields, turn.context, is_alone=True)
        return _retry(request, turn, left_out=turn.left_out)
    item = _item_of(turn)
    if item is None or item.path is None:
        return _retry(TurnRequest(turn.task, turn.question, fields), turn)
    if item.path in ticked:
        about = Pick(item.path, item.start_line, item.end_line)
        return _retry(TurnRequest(turn.task, turn.question, fields, about=about), turn)
    return _retry(TurnRequest(turn.task, turn.question, fields, (item,)), turn)


def written(turn: SavedTurn) -> str:
    """What one would type to ask it."""
    item = _item_of(turn)
    question = str(turn.fields.get("question", turn.question))
    if item is not None and item.path is not None:
        return f"/{OVER_FILES[turn.task]} {write_mention(item.path, item.start_line, item.end_line)}"
    if turn.task == TASKS["examples"]:
        return f"/examples {turn.fields.get('request', turn.question)}"
    if turn.task in (PART, JOIN):
        return f"/each {question}"
    own = turn.fields.get(OWN_TEXT)
    if isinstance(own, str) and turn.task not in BUILT_IN:
        given = [key for key in placeholders(own) if key in turn.fields and key not in FROM_FILES]
        return write_words(turn.task, {key: str(turn.fields[key]) for key in given})
    return question if turn.task == PLAIN else turn.question


def _item_of(turn: SavedTurn) -> ContextItem | None:
    """The one file that a task is about; None for everything else."""
    if turn.task not in OVER_FILES:
        return None
    named = str(turn.fields.get("code", ""))
    items = [
        item
        for item in turn.files
        if item.path is not None and json.dumps(item.label, ensure_ascii=False) in named
    ]
    return items[0] if len(items) == 1 else None


def _retry(request: TurnRequest, turn: SavedTurn, left_out: tuple[str, ...] = ()) -> TurnRequest:
    files = tuple(item.label for item in turn.files)
    return replace(request, files=files, written=written(turn), is_retry=True, left_out=left_out)
