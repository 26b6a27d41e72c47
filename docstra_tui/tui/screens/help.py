"""F1: every key, read from the bindings that are really there."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

KEY_NAMES = {
    "ctrl": "Ctrl",
    "alt": "Alt",
    "shift": "Shift",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "slash": "/",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
}

KEYS_WIDTH, WORDS_WIDTH = 22, 46
"""Cells of the two columns; together they fit the narrowest box that 80 columns give."""

Section = tuple[str, Sequence[BindingType]]


class HelpScreen(ModalScreen[None]):
    """The keys, section by section."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,enter", "leave", "Back", tooltip="Close the help", id="help.back"),
    ]

    def __init__(self, sections: Iterable[Section]) -> None:
        super().__init__()
        self._sections = list(sections)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content("Keys"), classes="box-title", markup=False)
            with VerticalScroll():
                yield Static(compose_help(self._sections), markup=False)
            yield Static(Content("Esc back"), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        self.dismiss(None)


def compose_help(sections: Iterable[Section]) -> Content:
    """One line a binding: its keys, then its tooltip."""
    lines: list[Content] = []
    for title, bindings in sections:
        if lines:
            lines.append(Content(""))
        lines.append(Content.assemble((title, "bold $secondary")))
        for binding in bindings:
            if isinstance(binding, Binding) and binding.tooltip:
                names = binding.key.split(",")
                # The letters beside the arrows are for those who know them anyway.
                named = [name for name in names if len(name) > 1] or names
                keys = ", ".join(shown_key(name) for name in named)
                words = textwrap.wrap(binding.tooltip, WORDS_WIDTH) or [""]
                if len(keys) >= KEYS_WIDTH:
                    lines.append(Content.assemble((f"  {keys}", "$primary")))
                    keys = ""
                lines.append(Content.assemble((f"  {keys:<{KEYS_WIDTH}}", "$primary"), words[0]))
                lines += [Content(f"  {'':<{KEYS_WIDTH}}{more}") for more in words[1:]]
    return Content("\n").join(lines)


def shown_key(key: str) -> str:
    """`ctrl+j` as `Ctrl+J`."""
    if len(key) == 1:
        return key
    parts = key.split("+")
    return "+".join(KEY_NAMES.get(part, part.upper() if len(part) <= 3 else part.title()) for part in parts)
