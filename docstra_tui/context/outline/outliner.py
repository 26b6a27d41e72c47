"""The outline of a context item: what a file declares, with the lines where it does, and no bodies.

Parsers written in C meet files from anywhere here. Two of them crash on a few hundred kilobytes of
brackets, and others take minutes, so they run in a process of their own, under a limit of time.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Sequence

from docstra_tui.context.outline.grammars import GRAMMARS
from docstra_tui.llm.items import ContextItem

START_SECONDS = 10.0
"""For the process to start, on a machine with other work."""
ITEM_SECONDS = 3.0
"""For each item. A megabyte of ordinary source takes half a second; parsing gives itself up after one."""

LEAST = 200
"""An outline that is less than this part of its file says nothing about it: one function around
everything, or one table."""

LANGUAGES = frozenset(GRAMMARS) | {"markdown", "rmarkdown", "toml", "yaml", "json"}
"""The languages that have outlines."""

_COMMENTS = {
    "python": "#",
    "cython": "#",
    "bash": "#",
    "toml": "#",
    "yaml": "#",
    "markdown": "",
    "rmarkdown": "",
}


OUTLINE = "outline"
"""The `detail` of an item that stands for a file of which only the outline is sent."""


def outline(item: ContextItem) -> ContextItem | None:
    """The outline of one item; see `outlines`. Takes a tenth of a second and more: call from a worker."""
    return outlines([item])[0]


def outlines(items: Sequence[ContextItem]) -> list[ContextItem | None]:
    """The outline of each item, in order, with the item's path, language and lines.

    None where there is none: an unknown language, next to nothing declared, a parser that failed, or an
    outline that would be no shorter than the text. Blocks while a process works: call from a worker.
    """
    wanted = [number for number, item in enumerate(items) if item.language in LANGUAGES]
    texts = dict(zip(wanted, _run([items[number] for number in wanted]), strict=True))
    return [_as_item(item, texts.get(number)) for number, item in enumerate(items)]


def _as_item(item: ContextItem, text: str | None) -> ContextItem | None:
    if text is None or len(text) * LEAST < len(item.content):
        return None
    mark = _COMMENTS.get(item.language, "//")
    count = item.content.count("\n") + (not item.content.endswith("\n"))
    # In the text itself, so that the model reads it wherever the item is kept meanwhile.
    note = f"{mark} Outline of {count} lines: bodies are left out, line numbers are those of the file.\n"
    content = note.lstrip() + text
    if len(content) >= len(item.content):
        return None
    return ContextItem(content, item.path, item.language, item.start_line, item.end_line, detail=OUTLINE)


def _run(items: Sequence[ContextItem]) -> list[str | None]:
    """What the process says to each item; None for one that broke it."""
    answers: list[str | None] = []
    while len(answers) < len(items):
        said = _ask(items[len(answers) :])
        answers += said
        if len(answers) < len(items):  # it ended in the middle of the next one
            answers.append(None)
    return answers


def _ask(items: Sequence[ContextItem]) -> list[str | None]:
    question = json.dumps([[item.language, item.start_line or 1, item.content] for item in items])
    # -P: the current folder is somebody's project, and must not lend its modules to ours.
    with (
        subprocess.Popen(
            [sys.executable, "-P", "-m", "docstra_tui.context.outline.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
        contextlib.ExitStack() as undo,
    ):
        undo.callback(process.kill)
        try:
            said, _ = process.communicate(question.encode(), START_SECONDS + ITEM_SECONDS * len(items))
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        undo.pop_all()
    lines = said.split(b"\n")[:-1][: len(items)]
    return [answer if isinstance(answer := json.loads(line), str) else None for line in lines]
