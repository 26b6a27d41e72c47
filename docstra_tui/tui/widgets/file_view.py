"""A file to look at, as the model would see it and safe for the eye: read and coloured in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from textual.content import Content, Span
from textual.message import Message

from docstra_tui.context.git_names import is_git
from docstra_tui.text import sanitize_line, sanitize_text
from docstra_tui.tui.theming.code_theme import STYLES
from docstra_tui.tui.widgets.source_view import SourceView
from docstra_tui.workspace.changes import GitItems
from docstra_tui.workspace.colouring.code_colours import CodeColours, code_of
from docstra_tui.workspace.colouring.code_kinds import KINDS, PLAIN_LANGUAGES
from docstra_tui.workspace.jobs import JobQueue


class Read(NamedTuple):
    """A file's text, safe to show, and how it came to be."""

    text: str
    language: str
    how: tuple[str, ...]


class FileView(SourceView):
    """Shows one file after the other; what comes too late is not shown."""

    class FileShown(Message):
        """A file was read."""

        def __init__(self, how: tuple[str, ...]) -> None:
            super().__init__()
            self.how = how
            """What is to be said of how it was read; mostly nothing."""

    def __init__(
        self, root: Path, jobs: JobQueue, colours: CodeColours, changes: GitItems | None = None
    ) -> None:
        """`changes`: what git says can be looked at too."""
        super().__init__()
        self._root = root
        self._changes = changes
        self._jobs = jobs
        self._colours = colours
        self._path: str | None = None
        """That of the file that is shown or comes next."""
        self._is_read = False
        self._begin: tuple[int, tuple[tuple[int, int], ...]] = (1, ())
        """The line with the cursor, and the lines that are ticked, once the file is there."""
        self._texts: list[str] = []
        self._code = ("", "")
        """The language, and the text whose colours are asked for."""
        self._painted = 0

    def open(
        self,
        path: str,
        max_bytes: int,
        *,
        line: int = 1,
        ticked: Sequence[tuple[int, int]] = (),
        quoted: tuple[int, int] | None = None,
    ) -> None:
        """Show a file, with the cursor in this line, and which of its lines are ticked, which are quoted."""
        self._begin = line, tuple(ticked)
        self.quote(quoted)
        if path == self._path:
            if self._is_read:
                self._at_begin()
            return
        self._path, self._is_read = path, False

        def came(read: Read) -> None:
            if self._path == path:
                self._show(read)

        def failed(error: Exception) -> None:
            if self._path == path:
                self._fail(error)

        self._jobs.do(self._reading(path, max_bytes), came, failed, key="preview")

    def _reading(self, path: str, max_bytes: int) -> Callable[[], Read]:
        changes = self._changes
        if changes is None or not is_git(path):
            return _reading(self._root, path, max_bytes)

        def work() -> Read:
            item = changes.item(path, max_bytes)
            return Read(sanitize_text(item.content.removesuffix("\n")), item.language, (item.detail,))

        return work

    def leave(self) -> None:
        """Show nothing."""
        self._path, self._is_read = None, False
        self.say(Content(""))

    def _show(self, read: Read) -> None:
        if not self.is_attached:
            return
        self._is_read = True
        self._texts = read.text.split("\n")
        self._painted, self._code = 0, ("", "")
        self.show([Content(line) for line in self._texts])
        self._at_begin()
        self.post_message(self.FileShown(read.how))
        if read.language not in PLAIN_LANGUAGES:
            self._code = read.language, code_of(self._texts)
            self._colour()

    def _at_begin(self) -> None:
        line, ticked = self._begin
        self.go_to(line)
        self.show_ticked(ticked)

    def _colour(self) -> None:
        """Show the colours that are known so far, unless the file was closed before they came."""
        if self.is_attached and self._is_read and self._code[0]:
            first, known = self._painted, self._colours.find(*self._code, self._colour)
            lines = zip(self._texts[first:], known.lines[first:], strict=False)
            painted = [coloured(line, colours) for line, colours in lines]
            self._painted += len(painted)
            self.repaint_lines(first, painted)

    def _fail(self, error: Exception) -> None:
        if self.is_attached:
            text = getattr(error, "message", None) or str(error)
            hint = getattr(error, "hint", "")
            self.say(Content(f"{sanitize_line(text)}\n\n{sanitize_line(hint)}".strip()))


def _reading(root: Path, path: str, max_bytes: int) -> Callable[[], Read]:
    def work() -> Read:
        from docstra_tui.context.files.reader import read_file

        read = read_file(root, path, max_bytes=max_bytes)
        text = sanitize_text(read.item.content.removesuffix("\n"))
        how = (read.item.detail, f"read as {read.encoding}" if read.encoding != "utf-8" else "")
        return Read(text, read.item.language, tuple(word for word in how if word))

    return work


def coloured(line: str, colours: Sequence[int]) -> Content:
    """`line` with the lengths and kinds of its words."""
    spans: list[Span] = []
    at = 0
    for length, kind in zip(colours[::2], colours[1::2], strict=False):
        if 0 < kind <= len(KINDS):
            spans.append(Span(at, min(at + length, len(line)), STYLES[KINDS[kind - 1]]))
        at += length
    return Content(line, spans)
