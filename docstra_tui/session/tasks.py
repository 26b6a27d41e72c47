"""The questions that are asked: a template each, with its values and the files it is about."""

from __future__ import annotations

from collections.abc import Iterable

from docstra_tui.context.files.language import language_of
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import file_fields
from docstra_tui.session.turn_request import TurnRequest

PLAIN = "answer_question"
"""The template of a question as it stands."""


def plain_question(text: str) -> TurnRequest:
    """A question in the user's own words, sent as it is after the context."""
    return TurnRequest(PLAIN, text, {"question": text})


def file_task(task: str, verb: str, item: ContextItem) -> TurnRequest:
    """A task about one file, which joins the context if it is not there."""
    language = item.language or language_of(item.path or "") or "source"
    return TurnRequest(task, f"{verb} {item.label}", file_fields([item.label], language), (item,))


def examples_for(request: str, context: Iterable[ContextItem]) -> TurnRequest:
    """Examples for a request, in the language that most of the context is in."""
    found = [item.language for item in context if item.language]
    language = max(found, key=found.count) if found else "code"
    fields = {"request": request, "language": language, "additional_context": ""}
    return TurnRequest("generate_examples", f"Examples: {request}", fields)
