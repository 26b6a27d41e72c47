"""Where names are defined in what was sent, remembered for the answers after this one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from docstra_tui.context.search.definitions import Text
from docstra_tui.context.search.definitions import definitions as definitions_of
from docstra_tui.llm.items import ContextItem

KEPT = 400
"""Files whose definitions are remembered."""


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
    texts = [Text(item.path or "", item.language, item.content) for item in wanted.values()]
    for key, found in zip(wanted, definitions_of(texts), strict=True):
        _known[key] = tuple(Defined(one.name, one.line - 1, one.end - 1) for one in found)
    answers = [_known[_key(item)] for item in items]
    while len(_known) > KEPT:
        _known.popitem(last=False)
    return answers


def _key(item: ContextItem) -> Key:
    return (item.sha256, item.path)
