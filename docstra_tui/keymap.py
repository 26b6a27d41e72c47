"""The user's own keys: what `[keys]` of config.toml says, over those that the program comes with.

Every binding of both faces is a row of `keys.json`, which `make docs` writes from the bindings themselves.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui.errors import SettingsError
from docstra_tui.key_names import character_of, known_key, shown_key, shown_keys

TABLE = Path(__file__).with_name("keys.json")

OFF = "none"
"""No key at all. As a key it never comes."""
NOTHING = frozenset({"", OFF, "off"})

EVERYWHERE = ("main", "app")
"""Beginnings of ids that act wherever the cursor is on the main screen; `app` in dialogs too."""
FIELDS = frozenset({"choice", "earlier", "form", "search", "settings"})
"""Dialogs and bars with a field for words."""
TOGETHER = (
    frozenset({"composer", "edit", "words"}),
    frozenset({"preview", "source"}),
    *(frozenset({"line", fields}) for fields in (*FIELDS, "sessions", "find", "value")),
)
"""Other beginnings that act at the same time, beside each by itself."""
PANES = frozenset({"composer", "edit", "tree", "ticked", "transcript", "search", "line"})
"""What can have the cursor on the main screen."""
WRITING = FIELDS | {"main", "app", "composer", "edit", "line", "words", "value", "chat"}
"""Where a letter is written, whatever is bound to it."""


@dataclass(frozen=True)
class Row:
    """One binding."""

    id: str
    keys: str
    """Those it comes with, as `f2,ctrl+b`."""
    words: str
    faces: frozenset[str]
    """`screen`, `chat`."""
    is_first: bool
    """True where it acts before whatever has the cursor."""

    @property
    def group(self) -> str:
        """The beginning of its id."""
        return self.id.partition(".")[0]


@functools.cache
def table() -> Mapping[str, Row]:
    """Every binding there is, by its id."""
    rows = (
        Row(name, keys, words, frozenset(faces), is_first)
        for name, keys, words, faces, is_first in json.loads(TABLE.read_text(encoding="utf-8"))
    )
    return {row.id: row for row in rows}


def split(keys: str) -> tuple[str, ...]:
    """`f2,ctrl+b` as two names."""
    return tuple(key for key in keys.split(",") if key and key != OFF)


def read(written: Mapping[str, Any], where: Callable[[str], str]) -> dict[str, str]:
    """What somebody wrote, by known ids and in known names; `none` is no key. `where` says where an id
    stands; empty: in no file. Raises `SettingsError`."""
    own = {name: _keys(name, value, where) for name, value in written.items()}
    for (one, other), key in _twice(own):
        raise SettingsError(
            f"{one} and {other} are both {shown_key(key)} in {where(other)}.", "Give one of them another key."
        )
    return own


def _keys(name: str, value: Any, where: Callable[[str], str]) -> str:
    place = where(name)
    if name not in table():
        near = difflib.get_close_matches(name, table(), n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else "F1 and docs/keys.md list what there is."
        raise SettingsError(f"There is no key {name!r}{f': {place}' if place else ''}.", hint)
    said = f"{name} in {place}" if place else name
    written = [value] if value == "," else value.split(",") if isinstance(value, str) else value
    if written is False:
        return OFF
    if not isinstance(written, list) or not all(isinstance(key, str) for key in written):
        raise SettingsError(f"{said} takes keys, not {value!r}.", 'As "f2", or ["f2", "ctrl+b"]; "" is none.')
    try:
        found = list(dict.fromkeys(known_key(key) for key in written if key.strip() not in NOTHING))
    except ValueError as error:
        raise SettingsError(f"{said}: {error}", "As in F2, Ctrl+B, Alt+Enter, PgUp.") from None
    if table()[name].group in WRITING:
        for key in filter(character_of, found):
            raise SettingsError(
                f"{said} cannot be {shown_key(key)}: that is written.",
                "Take a key that writes nothing: F2, Ctrl+B, Alt+P.",
            )
    return ",".join(found) or OFF


def _twice(own: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], str]]:
    """What was given the same key, where both would have to act."""
    rows = [table()[name] for name in own]
    for index, row in enumerate(rows):
        for other in rows[:index]:
            if _meets(row, other):
                for key in split(own[row.id]):
                    if key in split(own[other.id]):
                        yield (other.id, row.id), key


def _meets(row: Row, other: Row) -> bool:
    """True where one key could mean both."""
    groups = {row.group, other.group}
    if not row.faces & other.faces or row.id == other.id:
        return False
    if len(groups) == 1 or "app" in groups or groups <= set(EVERYWHERE):
        return True
    if row.faces & other.faces == {"chat"}:
        return True
    return any(groups <= those for those in TOGETHER) or ("main" in groups and bool(groups & PANES))


def _gives_way(other: Row, row: Row) -> bool:
    """True where a key that was given to `row` is no longer one that `other` comes with. What acts wherever
    the cursor is may be hidden by a pane."""
    is_hidden = other.group in EVERYWHERE and row.group not in EVERYWHERE
    return not is_hidden or other.is_first


def in_force(own: Mapping[str, str]) -> dict[str, str]:
    """The keys of everything that has others than it comes with: what was given a key takes it from what
    was not."""
    found = dict(own)
    for name in own:
        row = table()[name]
        for key in split(own[name]):
            for other in table().values():
                if other.id in own or not _meets(row, other) or not _gives_way(other, row):
                    continue
                before = split(found.get(other.id, other.keys))
                if key in before:
                    found[other.id] = ",".join(one for one in before if one != key) or OFF
    return found


def notes(own: Mapping[str, str]) -> list[str]:
    """What lost a key to something else: `main.search: Ctrl+F (F7 is main.tree)`."""
    said = []
    for name, keys in in_force(own).items():
        if name in own:
            continue
        row = table()[name]
        lost = [key for key in split(row.keys) if key not in split(keys)]
        takers = [
            (shown_key(key), taker)
            for key in lost
            for taker in own
            if key in split(own[taker]) and _meets(table()[taker], row)
        ]
        left = shown_keys(keys) if keys != OFF else "no key"
        said.append(f"{name}: {left} ({', '.join(f'{key} is {taker}' for key, taker in takers)})")
    return said


def keys_of(name: str, changed: Mapping[str, str]) -> str:
    """The keys of one binding; `changed` as `in_force` has it. Empty where it has none."""
    keys = changed.get(name)
    if keys is None:
        row = table().get(name)
        return row.keys if row is not None else ""
    return "" if keys == OFF else keys
