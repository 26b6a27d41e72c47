"""F1 and `/help`: every command from the table, and every key from the bindings that are there."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from docstra_tui.key_hints import press
from docstra_tui.key_names import character_of, shown_keys
from docstra_tui.workspace.commands import Command

KEYS_WIDTH, WORDS_WIDTH = 22, 46
"""Cells of the two columns; together they fit the narrowest box that 80 columns give."""

Section = tuple[str, Sequence[BindingType]]


def by_state(
    bindings: Iterable[Binding], always: Container[str | None]
) -> tuple[list[Binding], list[Binding]]:
    """The bindings that act at any time, and those whose keys are written, but for the ids in `always`."""
    apart: tuple[list[Binding], list[Binding]] = ([], [])
    for binding in bindings:
        is_written = all(map(character_of, binding.key.split(",")))
        apart[is_written and binding.id not in always].append(binding)
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
            yield Static(Content(f"{press('help.back')} back"), classes="box-hint", markup=False)

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
                lines += _row(shown_keys(binding.key) or "no key", binding.tooltip)
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
