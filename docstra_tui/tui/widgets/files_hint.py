"""The line under the tree: what is looked for, what is the matter with a row, or which keys help."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from docstra_tui.text import sanitize_line


class FilesHint(Static):
    """Shows what it is told."""

    def __init__(self) -> None:
        super().__init__("", id="files-hint", markup=False)
        self._said = Content(" ")

    def say_sought(self, query: str, so_far: int | None, reason: str) -> None:
        """What is looked for, `so_far` among that many files where not all are known yet."""
        line = Content.assemble(("/ ", "$primary"), sanitize_line(query), ("▏", "$primary"))
        if so_far is not None:
            line += Content.assemble((f"  of {so_far:,} so far", "$muted"))
        self._say(line if not reason else line + Content.assemble("\n", (sanitize_line(reason), "$warning")))

    def say_reason(self, reason: str) -> None:
        """What is the matter with the row under the cursor."""
        self._say(Content.assemble((sanitize_line(reason), "$warning")))

    def say_keys(self, *, changed: int, hidden: bool, ignored: bool) -> None:
        """How to look for a file, how to tick those that git says are changed, and which files are shown
        beside the usual ones."""
        shown = "all files" if hidden and ignored else "hidden" if hidden else "ignored" if ignored else ""
        words = ["/ filter", f"c {changed:,} changed" if changed else "", f"+ {shown}" if shown else ""]
        self._say(Content.assemble(("  ".join(filter(None, words)), "$muted")))

    def _say(self, said: Content) -> None:
        before = self._said
        if said.markup == before.markup:
            return
        self._said = said
        # Laying out the whole screen takes longer than all else that a typed letter does.
        room = self.content_size.width
        fits = all("\n" not in line.plain and line.cell_length <= room for line in (said, before))
        self.update(said, layout=not fits)
