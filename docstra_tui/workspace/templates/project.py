"""The templates that a project offers: the text files in its `.docstra/templates/`.

A project may be anybody's. Its templates never stand in the place of others: they are called
`project:NAME`. None runs before its whole text was shown to whoever asks with it, and said yes to; once
more when it changes. They are read as any file of the project is: no link is followed.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath

from docstra_tui import templates
from docstra_tui.context.files import confined
from docstra_tui.errors import TemplateError, UnreadableFile
from docstra_tui.templates import Template
from docstra_tui.text import shown_name
from docstra_tui.workspace.kept_yeses import KeptYeses

FOLDER = ".docstra/templates"
ENDING = ".md"
PREFIX = "project:"
MOST = 200
"""More are not read."""
FILE = "reviewed-templates"
"""In the state folder a line for each yes: what tells folder, name and text from any other."""


def load(root: Path, wrong: dict[str, TemplateError]) -> dict[str, Template]:
    """By name, prefix and all; in `wrong` those that cannot be used. Blocks."""
    names = _names(root, wrong)
    if len(names) > MOST:
        wrong[PREFIX] = TemplateError(
            f"{FOLDER} has {len(names):,} templates; the first {MOST} are read.", "Move some of them away."
        )
    found: dict[str, Template] = {}
    for name in names[:MOST]:
        try:
            template = _read(root, name)
        except TemplateError as error:
            wrong[PREFIX + PurePosixPath(name).stem] = error
        else:
            found[template.name] = template
    return found


def _names(root: Path, wrong: dict[str, TemplateError]) -> list[str]:
    try:
        descriptor = confined.open_folder(root, FOLDER)
    except FileNotFoundError:
        return []
    except UnreadableFile as error:
        wrong[PREFIX] = TemplateError(error.message, error.hint)
        return []
    except OSError as error:
        unreadable = confined.unreadable(FOLDER, error)
        wrong[PREFIX] = TemplateError(unreadable.message, unreadable.hint)
        return []
    try:
        return sorted(name for name in os.listdir(descriptor) if name.endswith(ENDING) and name != ENDING)
    finally:
        os.close(descriptor)


def _read(root: Path, name: str) -> Template:
    path = f"{FOLDER}/{name}"
    where = shown_name(path)
    try:
        with open(confined.open_file(root, path), "rb") as file:
            data = file.read(templates.MAX_BYTES + 1)
    except UnreadableFile as error:
        raise TemplateError(error.message, error.hint) from error
    except OSError as error:
        raise TemplateError(f"The template {where} cannot be read: {error.strerror}.") from error
    return templates.parse(name.removesuffix(ENDING), templates.decode(data, where), where, prefix=PREFIX)


class Reviewed:
    """The yeses to templates of projects, each to one text under one name in one folder."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._said: set[str] = set()
        self._kept = KeptYeses(FILE)

    def has(self, template: Template) -> bool:
        """True for one that is none of a project, and for one that somebody has read as it is."""
        if not template.name.startswith(PREFIX):
            return True
        mark = self._mark(template)
        return mark in self._said or mark in self._kept.lines()

    def add(self, template: Template) -> None:
        """It was read, and said yes to."""
        mark = self._mark(template)
        self._said.add(mark)
        self._kept.add(mark)

    def _mark(self, template: Template) -> str:
        told = "\0".join([os.fsencode(self._root).hex(), template.name, template.sha256])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
