"""Which theme the inline chat wears."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prompt_toolkit.styles import BaseStyle

from docstra_tui import themes
from docstra_tui.repl.printer import Printer
from docstra_tui.themes import ThemeSpec
from docstra_tui.workspace import theme_choice
from docstra_tui.workspace.command_line import CommandLine


class Themes:
    """Main thread."""

    def __init__(self, worn: str, root: Callable[[], Path], printer: Printer) -> None:
        self._worn = worn
        self._root = root
        self._printer = printer
        self.on_theme: Callable[[ThemeSpec], None] = lambda theme: None
        """Called when another theme is chosen."""
        self.look: Callable[[ThemeSpec], BaseStyle | None] = lambda theme: None
        """The style of a theme on this terminal."""

    def wear(self, name: str) -> None:
        """From now on, not kept. Raises `UsageError`."""
        theme = theme_choice.named(name, themes.load_all()[0])
        self._worn = theme.name
        self.on_theme(theme)

    def command(self, line: CommandLine) -> None:
        """Wear another theme, kept for this folder; or say which there are. Raises `UsageError`."""
        known, _ = themes.load_all()
        if not line.text:
            for name, spec in known.items():
                worn = " (this one)" if name == self._worn else ""
                row = f"  {name}  {theme_choice.described(spec)}{worn}"
                self._printer.line(row, "mark", self.look(spec))  # each in its own colours
            return
        theme = theme_choice.named(line.text, known)
        self.wear(theme.name)
        theme_choice.keep(self._root(), theme.name)
        self._printer.line(f"{theme.name} from now on, also at the next start.", "note")
