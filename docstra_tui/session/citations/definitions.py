"""Where names are defined in what was sent. Parsers meet any text in a process that can be killed."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from docstra_tui.llm.items import ContextItem

START_SECONDS = 10.0
"""For the process to start, on a machine with other work."""
ITEM_SECONDS = 3.0
"""For each file."""
KEPT = 400
"""Files whose definitions are remembered, for the answers after this one."""


class Defined(NamedTuple):
    """A name and the lines of its definition, numbered from the item's first row, 0."""

    name: str
    row: int
    last_row: int


Key = tuple[str, str | None]

_known: OrderedDict[Key, tuple[Defined, ...]] = OrderedDict()


def definitions(items: Sequence[ContextItem]) -> list[tuple[Defined, ...]]:
    """Those of each item, in order; nothing for one that no parser understands, or that broke one. Blocks."""
    wanted = {_key(item): item for item in items if _key(item) not in _known}
    for key, found in zip(wanted, _run([*wanted.values()]), strict=True):
        _known[key] = found
    answers = [_known[_key(item)] for item in items]
    while len(_known) > KEPT:
        _known.popitem(last=False)
    return answers


def _key(item: ContextItem) -> Key:
    return (item.sha256, item.path)


def _run(items: Sequence[ContextItem]) -> list[tuple[Defined, ...]]:
    answers: list[tuple[Defined, ...]] = []
    while len(answers) < len(items):
        said = _ask(items[len(answers) :])
        answers += said
        if len(answers) < len(items):  # it ended in the middle of the next one
            answers.append(())
    return answers


def _ask(items: Sequence[ContextItem]) -> list[tuple[Defined, ...]]:
    # -P: the current folder is somebody's project, and must not lend its modules to ours.
    command = [sys.executable, "-P", "-m", "docstra_tui.session.citations.definition_process"]
    question = json.dumps([[item.path or "", item.language, item.content] for item in items])
    with (
        subprocess.Popen(
            command,
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
    return [tuple(Defined(name, row, last) for name, row, last in json.loads(line)) for line in lines]
