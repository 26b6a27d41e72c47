"""The user's own keys, in the bindings of a widget.

Textual puts a keymap into the bindings that it looks up itself. Who looks up a key earlier, or says which
key does something, asks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from textual.binding import Binding, BindingsMap, BindingType
from textual.dom import DOMNode

from docstra_tui.keymap import split


def changed_keys(node: DOMNode) -> Mapping[str, str]:
    """The keys by ids, where they are others than those that the program comes with."""
    changed: Mapping[str, str] = node.app._keymap  # private to Textual; tests/tui/test_contract.py watches it
    return changed


def bindings_of(node: DOMNode) -> BindingsMap:
    """The bindings of one widget or screen."""
    found = node._bindings.copy()
    if changed := changed_keys(node):
        found.apply_keymap(changed)
    return found


def with_keys(bindings: Iterable[BindingType], changed: Mapping[str, str]) -> Iterator[Binding]:
    """The same bindings, each with the keys that it has now."""
    for binding in bindings:
        if isinstance(binding, Binding):
            keys = changed.get(binding.id or "", binding.key)
            yield binding.with_key(",".join(split(keys))) if keys != binding.key else binding


def named_bindings(bindings: Iterable[Any], prefix: str, but: Iterable[str] = ()) -> list[BindingType]:
    """Bindings of Textual's own, with ids after what they do, so that they can have other keys."""
    left_out = frozenset(but)
    return [
        Binding(
            binding.key,
            binding.action,
            binding.description,
            show=False,
            tooltip=binding.description,
            id=f"{prefix}.{_name(binding.action)}",
        )
        for binding in bindings
        if isinstance(binding, Binding) and binding.action not in left_out
    ]


def _name(action: str) -> str:
    """`cursor_up(True)` selects on the way."""
    name, _, selects = action.partition("(")
    name = name.rpartition(".")[2]
    return f"select_{name}" if selects else name
