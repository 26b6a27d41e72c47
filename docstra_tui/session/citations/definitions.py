"""Where names are defined in what was sent, remembered for the answers after this one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from docstra_tui.context.outline.python_lines import python_tags
from docstra_tui.context.search.definitions import Text
from docstra_tui.context.search.definitions import definitions as definitions_of
from docstra_tui.context.search.lexing import pieces
from docstra_tui.llm.items import ContextItem

KEPT = 400
"""Files whose definitions are remembered."""
QUICK = 200_000
"""Characters of a file of Python that is looked through here: its lines need no parser, and no process."""


class Defined(NamedTuple):
    """A name and the lines of its definition, numbered from the item's first row, 0."""

    name: str
    row: int
    last_row: int


Key = tuple[str, str | None]
TRIES = 3
"""That a file gets which breaks the parser, or for which the machine is too busy."""

_known: OrderedDict[Key, tuple[Defined, ...]] = OrderedDict()
_failed: OrderedDict[Key, int] = OrderedDict()
"""How often that was so, of each."""
_guard = threading.Lock()


def definitions(items: Sequence[ContextItem]) -> list[tuple[Defined, ...] | None]:
    """Those of each item, in order; nothing for one that no parser understands, None where they are not
    known: it broke the parser or took it too long, or no process can be started. Such a one is tried again
    the next time, since a machine is not always busy, but not for ever. Blocks. Any thread."""
    with _guard:
        found = {key: _known[key] for item in items if (key := _key(item)) in _known}
        wanted = {_key(item): item for item in items}
        wanted = {
            key: item for key, item in wanted.items() if key not in found and _failed.get(key, 0) < TRIES
        }
    for key in [key for key, item in wanted.items() if is_quick(item)]:
        found[key] = _of_python(wanted.pop(key).content)
    for key, said in zip(wanted, _of_others([*wanted.values()]) if wanted else (), strict=True):
        if said is not None:
            found[key] = said
    with _guard:
        for key in wanted.keys() - found.keys():
            _failed[key] = _failed.pop(key, 0) + 1
        for key, known in found.items():
            _failed.pop(key, None)
            _known[key] = known
            _known.move_to_end(key)
        while len(_known) > KEPT:
            _known.popitem(last=False)
        while len(_failed) > KEPT:
            _failed.popitem(last=False)
    return [found.get(_key(item)) for item in items]


def is_quick(item: ContextItem) -> bool:
    """True where it takes no process."""
    return item.language == "python" and len(item.content) <= QUICK


def _of_python(content: str) -> tuple[Defined, ...]:
    tags = python_tags(content, pieces(content, "python"))
    return tuple([Defined(name, line - 1, end - 1) for name, _, line, end in tags])


def _of_others(items: Sequence[ContextItem]) -> list[tuple[Defined, ...] | None]:
    texts = [Text(item.path or "", item.language, item.content) for item in items]
    try:
        found = definitions_of(texts)
    except OSError:
        return [None] * len(texts)
    return [
        None if said is None else tuple(Defined(one.name, one.line - 1, one.end - 1) for one in said)
        for said in found
    ]


def _key(item: ContextItem) -> Key:
    return (item.sha256, item.path)
