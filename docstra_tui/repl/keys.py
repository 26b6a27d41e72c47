"""The keys of the inline chat: which there are, and how prompt_toolkit calls those of somebody's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from prompt_toolkit.filters import FilterOrBool, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.bindings.search import start_reverse_incremental_search
from prompt_toolkit.key_binding.key_bindings import Binding
from prompt_toolkit.keys import ALL_KEYS, KEY_ALIASES

from docstra_tui import key_hints
from docstra_tui.key_names import character_of
from docstra_tui.keymap import in_force, keys_of, split

Handler = Callable[[KeyPressEvent], None]


class ChatKey(NamedTuple):
    """One binding."""

    id: str
    """That of the full screen, where it does the same."""
    keys: str
    """Those it comes with."""
    words: str


KEYS = (
    ChatKey("composer.send", "enter", "sends"),
    ChatKey("composer.new_line", "ctrl+j,alt+enter,shift+enter", "break the line"),
    ChatKey("main.think", "f12,ctrl+t", "switches thinking: as the model likes, off, on"),
    ChatKey(
        "main.earlier",
        "ctrl+r,alt+up",
        "looks for an earlier question; what you began is kept",
    ),
    ChatKey("main.editor", "ctrl+g,alt+down", "writes in $VISUAL or $EDITOR"),
    ChatKey("main.suggest", "ctrl+n", "lists files for what is written, to be picked by number"),
    ChatKey("chat.leave", "ctrl+d", "leaves, where nothing is written"),
)

BREAKS = frozenset({"shift+enter", "ctrl+enter", "ctrl+shift+enter"})
"""Our reader makes one of them all."""


def keys_now(name: str, own: Mapping[str, str]) -> tuple[str, ...]:
    """The keys of one row, `own` as `keymap.in_force` has it."""
    if name in own:
        return split(own[name])
    return split(next((key.keys for key in KEYS if key.id == name), "")) or split(keys_of(name, own))


class OwnKeys:
    """The user's keys of one chat, and who hears that they are others."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self.on_change: Callable[[Mapping[str, str]], None] = lambda changed: None
        self.use(own)

    def use(self, own: Mapping[str, str]) -> None:
        """Other ones from now on, as the settings have them."""
        self.changed = in_force(own) if own else {}
        """By the ids of what they do, where they are others than it comes with."""
        key_hints.use(self.changed)
        self.on_change(self.changed)


def chord(key: str) -> tuple[str, ...]:
    """One key as prompt_toolkit is told of it; empty where it never hears of it."""
    if key in BREAKS:
        return ("c-j",)
    *held, name = key.split("+")
    if not {*held} <= {"alt", "ctrl", "shift"}:
        return ()
    sign = character_of(name)
    before = ("escape",) if "alt" in held else ()
    short = "".join(f"{one[0]}-" for one in ("ctrl", "shift") if one in held)
    found = f"{short}{sign.lower() if short else sign}" if sign.strip() else f"{short}{name}"
    if found == "space":
        found = " "
    is_known = len(found) == 1 or found in ALL_KEYS or found in KEY_ALIASES
    return (*before, found) if is_known else ()


def bind(
    bindings: KeyBindings, keys: tuple[str, ...], handler: Handler | Binding, when: FilterOrBool = True
) -> None:
    """Have all of these keys do it."""
    for found in dict.fromkeys(map(chord, keys)):
        if found:
            bindings.add(*found, filter=when)(handler)


def bind_usual(bindings: KeyBindings, own: Mapping[str, str]) -> None:
    """What is prompt_toolkit's own has other keys, and not its usual one any more."""
    earlier, leaving = keys_now("main.earlier", own), keys_now("chat.leave", own)
    if "ctrl+r" not in earlier:
        bind(bindings, ("ctrl+r",), lambda event: None, ~is_searching)
    bind(bindings, tuple(key for key in earlier if key != "ctrl+r"), start_reverse_incremental_search)
    if leaving != ("ctrl+d",):
        _bind_leaving(bindings, leaving)


def _bind_leaving(bindings: KeyBindings, keys: tuple[str, ...]) -> None:
    def leave(event: KeyPressEvent) -> None:
        if not event.current_buffer.text:
            event.app.exit(exception=EOFError, style="class:exiting")

    def delete(event: KeyPressEvent) -> None:
        event.current_buffer.delete()

    bind(bindings, ("ctrl+d",), delete)
    bind(bindings, keys, leave)
