"""F1 and `/help`: every command from the table, and every key from the bindings that are there."""

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

from docstra_tui.workspace.commands import Command

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


def by_state(
    bindings: Iterable[BindingType], always: Iterable[str]
) -> tuple[list[BindingType], list[BindingType]]:
    """The bindings that act at any time, and those whose keys are letters, but for those named `always`."""
    kept = frozenset(always)
    apart: tuple[list[BindingType], list[BindingType]] = ([], [])
    for binding in bindings:
        if isinstance(binding, Binding):
            keys = binding.key.split(",")
            apart[all(len(key) == 1 or key == "slash" for key in keys) and not kept.issuperset(keys)].append(
                binding
            )
    return apart


class HelpScreen(ModalScreen[None]):
    """The keys, section by section, and the commands."""

    CSS_PATH = "dialogs.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,enter", "leave", "Back", tooltip="Close the help", id="help.back"),
    ]

    def __init__(
        self, sections: Iterable[Section], commands: Iterable[Command], *, commands_first: bool = False
    ) -> None:
        super().__init__()
        self._commands_first = commands_first
        self._sections = list(sections)
        self._commands = list(commands)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(Content("Keys and commands"), classes="box-title", markup=False)
            with VerticalScroll():
                parts = [compose_help(self._sections), compose_commands(self._commands)]
                if self._commands_first:
                    parts.reverse()
                yield Static(Content("\n\n").join(parts), markup=False)
            yield Static(Content("Esc back"), classes="box-hint", markup=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_leave(self) -> None:
        self.dismiss(None)


def compose_commands(commands: Iterable[Command]) -> Content:
    """One line a command: what is typed, then what it does."""
    lines = [Content.assemble(("Commands, at the beginning of the composer", "bold $secondary"))]
    for command in commands:
        lines += _row(command.usage, command.help)
    return Content("\n").join(lines)


def compose_help(sections: Iterable[Section]) -> Content:
    """One line a binding: its keys, then its tooltip."""
    lines: list[Content] = []
    for title, bindings in sections:
        if lines:
            lines.append(Content(""))
        lines.append(Content.assemble((title, "bold $secondary")))
        for binding in bindings:
            if isinstance(binding, Binding) and binding.tooltip:
                lines += _row(shown_keys(binding), binding.tooltip)
    return Content("\n").join(lines)


def _row(left: str, right: str) -> list[Content]:
    """The two columns; what is too wide on the left has a line of its own."""
    lines: list[Content] = []
    words = textwrap.wrap(right, WORDS_WIDTH) or [""]
    if len(left) >= KEYS_WIDTH:
        lines.append(Content.assemble((f"  {left}", "$primary")))
        left = ""
    lines.append(Content.assemble((f"  {left:<{KEYS_WIDTH}}", "$primary"), words[0]))
    return lines + [Content(f"  {'':<{KEYS_WIDTH}}{more}") for more in words[1:]]


def shown_keys(binding: Binding) -> str:
    """`F2, Ctrl+B`."""
    names = binding.key.split(",")
    # The letters beside the arrows are for those who know them anyway.
    named = [name for name in names if len(name) > 1] or names
    return ", ".join(map(shown_key, named))


def shown_key(key: str) -> str:
    """`ctrl+j` as `Ctrl+J`."""
    if len(key) == 1:
        return key
    parts = key.split("+")
    return "+".join(KEY_NAMES.get(part, part.upper() if len(part) <= 3 else part.title()) for part in parts)
