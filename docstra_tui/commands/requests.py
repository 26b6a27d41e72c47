"""What a one-shot command asks: its words, its files, and its standard input where that is meant.

A pipe beside a question is one more thing to answer from. Beside files, or where standard input is a
file of its own (a `while read` loop's list), it is read only where `-` is named.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from docstra_tui.commands import stdin
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.named_files import Naming, Note
from docstra_tui.errors import UsageError
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import OWN_TEXT, TASKS, code_fields, file_fields
from docstra_tui.session.turn_request import TurnRequest, plain_question
from docstra_tui.settings import Settings
from docstra_tui.templates import Template, placeholders
from docstra_tui.workspace.templates.known import is_built_in
from docstra_tui.workspace.turns.requests import fields_of_examples, fields_of_file, main_language


def requests_of(
    invocation: Invocation, settings: Settings, template: Template | None, note: Note
) -> list[TurnRequest]:
    """What the command line asks, with its files and its standard input read.

    `template` is the one that `run` fills; `note` hears how a file was read that was no UTF-8, and what
    becomes of standard input. Raises `UsageError`, `UnreadableFile`.
    """
    words = [word for word in invocation.words if word != "-"]
    limit = settings.context.max_file_bytes
    naming = Naming(limit, note, settings.context.ignore)
    piped = Piped(is_named="-" in invocation.words, limit=limit, note=note)
    if invocation.command in ("explain", "document"):
        return _one_a_file(invocation, words, naming, piped)
    named = invocation.options["files"]
    files = naming.all(named) if invocation.options.get("each") else tuple(map(naming.one, named))
    match invocation.command:
        case "ask":
            question, items = _text(words, files, piped)
            if not question:
                raise _no_text("question", 'ask "What does it do?" -f FILE', "ask - -f FILE", piped)
            options = invocation.options
            if options["each"] and not items and not options["auto_files"]:
                raise UsageError("There are no files to ask.", f'Try: {PROGRAM} ask --each "…" -f FOLDER')
            return [replace(plain_question(question), focus=items)]
        case "examples":
            request, items = _text(words, files, piped)
            if not request:
                raise _no_text("request", 'examples "read a CSV file"', "examples - -f FILE", piped)
            fields = fields_of_examples(request, items, invocation.options["language"])
            return [TurnRequest(TASKS["examples"], request, fields, items)]
        case _:
            assert template is not None  # `run` is the only one that is left
            return [_filled(template, words[1:], files, piped)]


@dataclass(frozen=True)
class Piped:
    """Standard input, as one command takes it."""

    is_named: bool
    """A `-` stands among the words."""
    limit: int
    """Bytes that are taken at most."""
    note: Note

    def read(self) -> str:
        """All of it. Raises `UsageError`, `UnreadableFile`."""
        return stdin.read(self.limit, self.note)

    def beside(self, has_files: bool) -> str:
        """What goes with what was named; empty where it is not meant, which is said."""
        if self.is_named or (stdin.is_piped() and not has_files and not stdin.is_file()):
            return self.read()
        if stdin.is_piped() and not stdin.is_at_end():
            self.note("Standard input was not read; - among the words reads it.")
        return ""

    def alone(self) -> str:
        """What stands for all that was not named."""
        return self.read() if self.is_named or stdin.is_piped() else ""


def _text(
    words: Sequence[str], files: tuple[ContextItem, ...], piped: Piped
) -> tuple[str, tuple[ContextItem, ...]]:
    """The text of `ask` or `examples`, and what it is asked from."""
    if words:
        text = piped.beside(bool(files))
        return words[0].strip(), (*files, ContextItem(text)) if text else files
    if files and not piped.is_named:  # a loop's list must not become the question
        return "", files
    return piped.alone().strip(), files


def _no_text(what: str, example: str, from_stdin: str, piped: Piped) -> UsageError:
    if stdin.is_piped() and not piped.is_named:
        return UsageError(f"There is no {what}.", f"To read it from standard input: {PROGRAM} {from_stdin}")
    return UsageError(f"There is no {what}.", f"Try: {PROGRAM} {example}")


def _one_a_file(
    invocation: Invocation, words: Sequence[str], naming: Naming, piped: Piped
) -> list[TurnRequest]:
    task, output = TASKS[invocation.command], invocation.options["output"]
    language = invocation.options["language"]
    naming = replace(naming, only_code=True, without=Path(os.path.realpath(output)) if output else None)
    items = naming.all([*words, *invocation.options["files"]])
    requests = [TurnRequest(task, item.label, fields_of_file(item, language), (item,)) for item in items]
    code = piped.beside(has_files=True) if items else piped.alone()
    if code.strip():
        requests.append(TurnRequest(task, "standard input", code_fields(code, language or "source")))
    elif piped.is_named or (not items and stdin.is_piped()):
        raise UsageError("Standard input was empty.")
    if not requests:
        raise UsageError(
            f"There is no file to {invocation.command}.", f"Try: {PROGRAM} {invocation.command} FILE"
        )
    return requests


def _filled(
    template: Template, pairs: list[str], files: tuple[ContextItem, ...], piped: Piped
) -> TurnRequest:
    """The request of `run`: a template, its values, and the code where it wants `{code}`."""
    name, wanted = template.name, placeholders(template.text)
    fields: dict[str, Any] = dict(template.defaults)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise UsageError(f"{pair!r} is not KEY=VALUE.", "A value with spaces needs quotes.")
        if key not in wanted:
            piped.note(f"The template {name} has no place for {key}.")
        fields[key] = value
    wants_code = "code" in wanted and "code" not in fields
    text = piped.alone() if wants_code and not files else piped.beside(bool(files))
    items = files
    if text and wants_code:
        fields["code"] = code_fields(text, fields.get("language", ""))["code"]
    elif text:
        items = (*items, ContextItem(text))
    fields.setdefault("additional_context", "")
    fields.setdefault("language", main_language(items) or "source")
    if wants_code and "code" not in fields and items:
        fields["code"] = file_fields([item.label for item in items], "")["code"]
    if not is_built_in(template):
        fields[OWN_TEXT] = template.text
    return TurnRequest(name, name, fields, items)
