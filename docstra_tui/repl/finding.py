"""Search in files in the inline chat: numbered lines, and which of them the model gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui.context.mentions import Mention
from docstra_tui.errors import UsageError
from docstra_tui.repl.printer import Printer
from docstra_tui.text import shown_name
from docstra_tui.workspace.suggesting.numbered import picked

if TYPE_CHECKING:
    from docstra_tui.context.search.find.hits import FileHits, Wanted
    from docstra_tui.repl.files import ChatFiles
    from docstra_tui.settings import ContextSettings
    from docstra_tui.workspace.command_line import CommandLine
    from docstra_tui.workspace.finding import DefinitionsOf, Place

SHOWN = 50
"""Lines that are listed: what is found in more is found with more words."""

LOOKING = "Looking… (Ctrl+C stops)"


class Finding:
    """Main thread."""

    def __init__(
        self,
        files: ChatFiles,
        root: Callable[[], Path],
        settings: ContextSettings,
        printer: Printer,
        changed: Callable[[], object],
    ) -> None:
        """`changed` is called when the model gets other files."""
        self._files = files
        self._root = root
        self._settings = settings
        self._printer = printer
        self._changed = changed
        self._listed: list[Place] = []
        """What was found last, by its numbers."""
        self._of = Path()
        """The folder that it is in."""
        self._defined: DefinitionsOf | None = None

    @property
    def handlers(self) -> Mapping[str, Callable[[CommandLine], None]]:
        """By the names of the commands."""
        return {"find": self.take}

    def take(self, line: CommandLine) -> None:
        """List lines in which something stands, or give the model some of those that are listed. Raises
        `UsageError`."""
        from docstra_tui.workspace.finding import wanted_of

        if self._of != self._root():
            self._listed, self._of, self._defined = [], self._root(), None
        if self._listed:
            try:
                places = picked(line.text, len(self._listed))
            except UsageError as error:
                raise UsageError(
                    error.message, f"{error.hint} To look for it: /find -- {line.text}"
                ) from None
            if places is not None:
                self._add([self._listed[place] for place in places])
                return
        self._look(wanted_of(line.text))

    def _look(self, wanted: Wanted) -> None:
        from docstra_tui.context.search.find.order import Order
        from docstra_tui.context.search.find.search import FileSearch
        from docstra_tui.workspace.finding import in_time, told_of

        self._listed, self._defined = [], None
        order = Order(
            str(self._of), wanted, tuple(self._settings.ignore), max_bytes=self._settings.max_file_bytes
        )
        files, ended = 0, None
        search = FileSearch(order)
        try:
            self._printer.progress(LOOKING)
            for found in in_time(search):
                for file in found.files:
                    if len(self._listed) < SHOWN:
                        files += 1
                        self._list(file)
                if len(self._listed) >= SHOWN:
                    break
                ended = found.ended
                count = f" {found.progress:,} files so far" if found.progress else ""
                self._printer.progress(LOOKING + count)
        except KeyboardInterrupt:
            self._printer.line("Stopped.", "note")
        finally:
            search.stop()
            self._printer.end_progress()
        if len(self._listed) >= SHOWN:
            self._printer.line(f"The first {SHOWN} lines: more words find less.", "note")
        elif ended is not None:
            role = "error" if ended.problem else "note"
            self._printer.line(f"{told_of(ended, len(self._listed), files).rstrip('.')}.", role)
        if self._listed:
            self._printer.line("/find 1 3-5 gives the model the definitions around these.", "hint")

    def _list(self, file: FileHits) -> None:
        from docstra_tui.workspace.finding import Place

        self._printer.line(shown_name(file.path), "note")
        for hit in file.hits[: SHOWN - len(self._listed)]:
            self._listed.append(Place(file.path, hit.line, file.lines))
            self._printer.line(f"{len(self._listed):>4} {hit.line:>6}  {hit.text}")

    def _add(self, places: Sequence[Place]) -> None:
        """The definitions around these, each once."""
        from docstra_tui.workspace.finding import DEFINITION, DefinitionsOf, lines_around

        if self._defined is None:
            self._defined = DefinitionsOf(self._of)
        lines: dict[tuple[str, tuple[int, int] | None], None] = {}
        for place in places:
            limit = self._files.selection.max_bytes_of(place.path)
            defined = self._defined.find(place.path, limit)
            lines[place.path, lines_around(place, DEFINITION, defined)] = None
        mentions = [Mention(path, *(found or (None, None))) for path, found in lines]
        if self._files.name("", mentions, must_exist=True) is not None:
            self._changed()
