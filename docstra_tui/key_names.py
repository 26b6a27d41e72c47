"""Names of keys: as somebody writes them, as the faces know them, and as they are shown.

A known name is one of Textual's: what is held in the order of the alphabet, then the key: `alt+ctrl+left`.
"""

from __future__ import annotations

import difflib
import string
import unicodedata

HELD = ("alt", "ctrl", "hyper", "meta", "shift", "super")

OTHERWISE = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Characters that are not called as Unicode calls them."""


def _named(character: str) -> str:
    """`[` as `left_square_bracket`; letters and digits are their own name."""
    if character.isalnum():
        return character
    if character == " ":
        return "space"
    name = unicodedata.name(character, character).lower().replace("-", "_").replace(" ", "_")
    return OTHERWISE.get(name, name)


SIGNS = {_named(sign): sign for sign in string.punctuation}

NAMES = (
    *("escape", "enter", "tab", "space", "backspace", "delete", "insert"),
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown"),
    *(f"f{number}" for number in range(1, 25)),
)

ARROWS = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown"})
BESIDE_ARROWS = frozenset("hjklbgG")
"""The same in letters, for those who know them anyway."""

WRITTEN = {
    "control": "ctrl",
    "strg": "ctrl",
    "option": "alt",
    "opt": "alt",
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page_down": "pagedown",
    "spacebar": "space",
    "bs": "backspace",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
    "dot": "full_stop",
    "hyphen": "minus",
    "dash": "minus",
}
"""What people call a key, and its name."""

SAME = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
    "ctrl+space": "ctrl+at",
    "backtab": "shift+tab",
}
"""A terminal sends the same for both."""

SHOWN = {
    "ctrl": "Ctrl",
    "alt": "Alt",
    "shift": "Shift",
    "escape": "Esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "delete": "Del",
    "insert": "Ins",
    "tab": "Tab",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def known_key(written: str) -> str:
    """The name of a key that somebody wrote: `Ctrl+B`, `PgUp`, `[`. Raises `ValueError` with a sentence."""
    text = written.strip() or written[:1]
    *held, key = [text] if len(text) == 1 else _parts(text)
    modifiers = sorted({_modifier(name, written) for name in held})
    if len(key) == 1:
        key = key.lower() if modifiers and key.isascii() else key
        name = WRITTEN.get(key) or _named(key)
    else:
        name = key.lower().replace("-", "_").replace(" ", "_")
        name = WRITTEN.get(name, name)
        if name not in NAMES and name not in SAME and not character_of(name):
            raise ValueError(_unknown(written, name, (*NAMES, *SIGNS)))
    if modifiers == ["shift"] and len(name) == 1 and name.upper() != name:
        return name.upper()
    found = "+".join([*modifiers, name])
    return SAME.get(found, found)


def _parts(text: str) -> list[str]:
    """`ctrl++` is Ctrl and the plus sign."""
    if text.endswith("++"):
        return [*text[:-2].split("+"), "+"]
    return [part.strip() for part in text.split("+")]


def _modifier(written: str, whole: str) -> str:
    name = written.strip().lower()
    name = WRITTEN.get(name, name)
    if name not in HELD:
        raise ValueError(_unknown(whole, name, HELD))
    return name


def _unknown(written: str, name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"{written!r} is no key" + (f": did you mean {near[0]!r}?" if near else ".")


def character_of(key: str) -> str:
    """What a key writes; empty for one that writes nothing."""
    if key == "space":
        return " "
    if len(key) == 1:
        return key
    if key in SIGNS:
        return SIGNS[key]
    if "+" in key or key in NAMES:
        return ""
    try:
        return unicodedata.lookup(key.replace("_", " ").upper())
    except KeyError:
        return ""


def shown_key(key: str) -> str:
    """`ctrl+j` as `Ctrl+J`."""
    if len(key) == 1:
        return key
    return "+".join(_shown_part(part) for part in key.split("+"))


def _shown_part(part: str) -> str:
    sign = character_of(part) if len(part) > 1 and part != "space" else ""
    return SHOWN.get(part) or sign or (part.upper() if len(part) <= 3 else part.title())


def shown_keys(keys: str) -> str:
    """`f2,ctrl+b` as `F2, Ctrl+B`, without the letters beside arrows."""
    names = [name for name in keys.split(",") if name]
    if any(name.rpartition("+")[2] in ARROWS for name in names):
        names = [name for name in names if name not in BESIDE_ARROWS]
    return ", ".join(map(shown_key, names))
