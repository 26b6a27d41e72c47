"""The templates: list them, show, copy or review one; and the one that `run` fills."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from docstra_tui import paths, templates
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.asking import can_ask, says_yes
from docstra_tui.commands.console import Console
from docstra_tui.errors import DocstraError, NotAllowed, UsageError
from docstra_tui.templates import Template
from docstra_tui.text import reveal
from docstra_tui.workspace.templates import known
from docstra_tui.workspace.templates.known import Known
from docstra_tui.workspace.templates.project import PREFIX, Reviewed


def run(invocation: Invocation) -> int:
    """`templates list | show | copy | review`."""
    console = Console()
    as_json = bool(invocation.options["json"])
    found = known.find_all(Path.cwd())
    if invocation.action == "list":
        return _list(console, found, as_json)
    if not invocation.words:
        raise UsageError("Which template?", f"{PROGRAM} templates list shows them.")
    template = found.named(invocation.words[0])
    if invocation.action == "copy":
        return _copy(console, template, *invocation.words[1:], as_json=as_json)
    if len(invocation.words) > 1:
        raise UsageError(f"{invocation.words[1]!r} is one word too many.", "One template at a time.")
    if invocation.action == "review":
        _have_it_read(template, console)
        console.note(f"{template.name} can be asked with, as it is now.")
    elif as_json:
        console.json({**_record(template), "text": template.source})
    elif console.out_is_terminal:
        console.line_exact(reveal(template.source.rstrip("\n")))
    else:
        console.answer(template.source)
        console.end_answer()
    return 0


def chosen(invocation: Invocation, console: Console) -> Template:
    """The template that `run` names, read by whoever asks where it is a project's.

    Raises `UsageError` where none is named or after a no, `TemplateError`, and `NotAllowed` where nobody can
    be asked.
    """
    words = [word for word in invocation.words if word != "-"]
    found = known.find_all(Path.cwd())
    if not words:
        raise UsageError("There is no template.", f"Known templates: {', '.join(found.templates)}.")
    template = found.named(words[0])
    _have_it_read(template, console)
    return template


def _have_it_read(template: Template, console: Console) -> None:
    reviewed = Reviewed(Path.cwd())
    if reviewed.has(template):
        return
    if not can_ask(console):
        raise NotAllowed(
            f"Nobody has read the template {template.name} yet, as it is now: nothing was asked with it.",
            f"Read it once at a terminal: {PROGRAM} templates review {template.name}",
        )
    console.note(reveal(template.source.rstrip("\n")))
    if not says_yes(f"{template.name} is this project's. Its text goes on as your words? [y/N] "):
        raise UsageError(f"{template.name} was not used.")
    reviewed.add(template)


def _list(console: Console, found: Known, as_json: bool) -> int:
    if as_json:
        wrong = [{"message": error.message, "hint": error.hint} for error in found.wrong.values()]
        console.json({"templates": list(map(_record, found.templates.values())), "wrong": wrong})
        return 0
    width = max(map(len, found.templates), default=0)
    for template in found.templates.values():
        told = [f"{template.name:<{width}}", f"{known.place_of(template):8}", template.title]
        console.line("  ".join(filter(None, told)).rstrip())
    for error in found.wrong.values():
        console.note(str(error))
    return 0


def _record(template: Template) -> dict[str, Any]:
    fields = [{"name": one.name, "asks": one.asks, "default": one.default} for one in template.fields]
    return {
        "name": template.name,
        "title": template.title,
        "description": template.description,
        "place": known.place_of(template),
        "file": None if known.is_built_in(template) else template.where,
        "sha256": template.sha256,
        "fields": fields,
    }


def _copy(console: Console, template: Template, name: str = "", *, as_json: bool) -> int:
    """Put it among the user's own. Raises `UsageError` where one of that name is there."""
    name = name or template.name.removeprefix(PREFIX)
    if not templates.NAME.fullmatch(name):
        raise UsageError(
            f"A template cannot be called {name!r}.", "Letters, digits, spaces and ._+- make one."
        )
    _have_it_read(template, console)
    folder = templates.folder()
    taken = [folder / f"{name}{ending}" for ending in templates.ENDINGS]
    there = next((path for path in taken if os.path.lexists(path)), None)
    if there is not None:
        raise UsageError(f"{there} is there already.", "Give another name behind the first.")
    path = folder / f"{name}.md"
    try:
        paths.make_folder(folder)
        with open(
            paths.open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8"
        ) as file:
            file.write(template.source)
    except OSError as error:
        raise DocstraError(f"{path} cannot be written: {error.strerror}.") from error
    if as_json:
        console.json({"name": name, "file": str(path)})
    else:
        console.line(str(path))
    return 0
