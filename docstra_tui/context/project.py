"""A project's folder, for a program or the shell: which of its files a question is about."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docstra_tui.context.files.confined import inside
from docstra_tui.errors import UnreadableFile
from docstra_tui.text import shown_name

if TYPE_CHECKING:
    from docstra_tui.context.search.index.building import Progress
    from docstra_tui.context.search.offered import Suggestion

LIMIT = 20
"""Files that are suggested."""


class Namer(Protocol):
    """Whoever finds other words for a question: every model of `docstra_tui.llm` does."""

    def own_words(self, question: str) -> tuple[str, ...]:
        """Names that the code may have which answers it."""


class Project:
    """One folder, searched with a local index: nothing of it is sent anywhere.

    The index is kept in the user's cache and brought up to what the files are before each question; what the
    project ignores is not in it. `ignore` are more patterns than a project's own, as in `.gitignore`. Raises
    `UnreadableFile` where there is no such folder.
    """

    def __init__(self, root: str | os.PathLike[str] = ".", *, ignore: Sequence[str] = ()) -> None:
        self.root = Path(os.path.abspath(os.path.expanduser(root)))
        self._ignore = tuple(ignore)
        if not self.root.is_dir():
            raise UnreadableFile(f"There is no folder {shown_name(str(self.root))}.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.root)!r})"

    def suggest(
        self,
        question: str,
        ticked: Sequence[str] = (),
        limit: int = LIMIT,
        *,
        words: Sequence[str] = (),
        llm: Namer | None = None,
        fill: bool = False,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> tuple[Suggestion, ...]:
        """The files that a question is likely about, best first; each has its `path` and a `reason`.

        Blocks until the index is complete, which `on_progress` hears about: seconds for thousands of files
        the first time, later only for what changed. There are `limit` at most. `ticked` are paths of files
        that are asked about anyway: not suggested themselves, they make likely what belongs to them. `words`
        are more words to look for, and those of `llm` too, who is asked for them. With `fill` there are
        `limit` files where the project has as many: those in which nothing was found last.
        Raises `DocstraError` where there can be no index, or where the model does not answer.
        """
        from docstra_tui.context.search.index.project import ProjectIndex
        from docstra_tui.context.search.suggestions import filled, suggest

        known = [inside(self.root, path) for path in ticked]
        index = ProjectIndex(self.root, self._ignore)
        index.refresh(on_progress)
        if llm is not None:
            words = (*words, *llm.own_words(question))
        found = index.ask(lambda reader: suggest(reader, question, ticked=known, limit=limit, words=words))
        if fill:
            found = index.ask(lambda reader: filled(reader, found, ticked=known, limit=limit))
        return found.files
