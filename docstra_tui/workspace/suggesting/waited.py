"""Files for a question that somebody waits for: the index is brought up first, then they are weighed.

Blocks, and may be broken off: for a face whose thread waits for what is typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.files.token_counts import Count
from docstra_tui.workspace.suggesting.offers import MOST, Offer
from docstra_tui.workspace.suggesting.weights import Weight

if TYPE_CHECKING:
    from docstra_tui.context.search.index.project import ProjectIndex
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession


def offer_now(
    index: ProjectIndex,
    question: str,
    ticked: Sequence[str] = (),
    words: Sequence[str] = (),
    told: Callable[[str], None] = lambda words: None,
) -> Offer:
    """What is offered for a question; `told` hears how far the index is. After Ctrl+C it is what the index
    has by then. Raises `DocstraError` where there is none."""
    from docstra_tui.context.search.index.project import is_too_broad
    from docstra_tui.context.search.suggestions import suggest

    if is_too_broad(index.root):
        return Offer(question, problem="No index is made of a whole home folder: open a project in it.")
    with suppress(KeyboardInterrupt):
        index.refresh(
            lambda progress: told(f"reading the project: {progress.done:,} of {progress.total:,} files")
        )
    found = index.ask(lambda reader: suggest(reader, question, ticked=ticked, limit=MOST, words=words))
    progress = index.status().progress
    return Offer(question, found.files, found.is_complete, figures.share(progress.done, progress.total))


def weigh_now(
    session: ChatSession,
    root: Path,
    paths: Sequence[str],
    max_bytes_of: Callable[[str], int],
    *,
    counts: bool,
) -> dict[str, Weight]:
    """What each of these files adds to the prompt: without `counts`, and where nobody can, by its length."""
    from docstra_tui.context.files.reader import read_item
    from docstra_tui.session.scale import by_length

    found: dict[str, Weight] = {}
    items: dict[str, ContextItem] = {}
    for path in paths:
        try:
            items[path] = read_item(root, path, max_bytes=max_bytes_of(path))
        except DocstraError as error:
            found[path] = Weight(problem=sanitize_line(error.message))
    scale = session.scale
    with suppress(DocstraError):
        for item in items.values() if counts else ():
            scale.add([item])
    for path, item in items.items():
        is_exact = counts and scale.knows(item) and scale.is_exact
        found[path] = Weight(Count(scale.weight(item) if counts else by_length(item), is_exact))
    return found
