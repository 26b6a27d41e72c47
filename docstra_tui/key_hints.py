"""Which key to press, for the words of messages. A program has one keyboard, so this is said in one place."""

from __future__ import annotations

from collections.abc import Mapping

from docstra_tui.key_names import shown_key
from docstra_tui.keymap import keys_of, split

_changed: dict[str, str] = {}


def use(changed: Mapping[str, str]) -> None:
    """The keys that are others than those the program comes with, as `keymap.in_force` has them."""
    _changed.clear()
    _changed.update(changed)


def press(name: str, or_else: str = "(no key)", *, last: bool = False, letter: bool = False) -> str:
    """The first key of a binding, as `F9`, or the last, or a letter of them; `or_else` where it has none."""
    keys = split(keys_of(name, _changed))
    if letter:
        keys = tuple(key for key in keys if len(key) == 1) or keys
    return shown_key(keys[-1 if last else 0]) if keys else or_else
