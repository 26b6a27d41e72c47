"""Named sets of files in the inline chat: `/set` and what is behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docstra_tui.repl.files import ChatFiles
from docstra_tui.repl.printer import Printer
from docstra_tui.workspace.files.saved_ticks import SavedTicks
from docstra_tui.workspace.files.tick_sets import SetIsThere, TickSets, parse, told_of


class Sets:
    """Main thread."""

    def __init__(
        self,
        files: ChatFiles,
        root: Callable[[], Path],
        printer: Printer,
        confirm: Callable[[str], bool],
        changed: Callable[[], object],
    ) -> None:
        """`changed` is called when other files are used."""
        self._files = files
        self._root = root
        self._printer = printer
        self._confirm = confirm
        self._changed = changed

    def take(self, text: str) -> None:
        """Do what was written. Raises `UsageError`, `StoreError`."""
        words, sets = parse(text), TickSets(self._root())
        match words.verb:
            case "save":
                self._save(sets, words.name)
            case "delete":
                self._printer.line(sets.delete(words.name), "note")
            case "load":
                ticks = sets.load(words.name)
                self._printer.line(f"Set {words.name}: {told_of(ticks)}.", "note")
                self._files.use_exactly(ticks)
                self._changed()
            case _:
                self._list(sets)

    def _save(self, sets: TickSets, name: str) -> None:
        ticks = SavedTicks(picks=self._files.selection.picks)
        try:
            said = sets.save(name, ticks)
        except SetIsThere as error:
            question = f"{error.message} Replace it with {told_of(ticks)}? [y/N] "
            said = sets.save(name, ticks, replace=True) if self._confirm(question) else f"Set {name} stays."
        self._printer.line(said, "note")

    def _list(self, sets: TickSets) -> None:
        kept = sets.all()
        for name, ticks in kept.items():
            self._printer.line(f"  {name}  {told_of(ticks)}")
        if not kept:
            self._printer.line("No set is kept about this folder. /set save NAME keeps these files.", "hint")
