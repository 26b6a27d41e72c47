"""`check ANSWER.md -f FILE…`: what a text says of files, looked up in them as they are. Needs no engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import settings as settings_module
from docstra_tui.commands import stdin
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.cited import exit_code
from docstra_tui.commands.console import Console
from docstra_tui.commands.named_files import Naming
from docstra_tui.context.files.confined import unreadable
from docstra_tui.context.files.reader import read_file
from docstra_tui.errors import UsageError
from docstra_tui.session.citations.checking import looked_up
from docstra_tui.session.citations.report import row, short, tally, told
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.wording import NOTHING_CITED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docstra_tui.session.citations.citation import Citation


def run(invocation: Invocation, *, console: Console | None = None) -> int:
    """`check ANSWER.md|- -f FILE…`; the exit code. Raises `UsageError`, `UnreadableFile`."""
    console = console or Console()
    settings = settings_module.load(invocation.flags)
    limit = settings.context.max_file_bytes
    named = invocation.options["files"]
    if not named:
        raise UsageError("There are no files to look into.", f"Try: {PROGRAM} check ANSWER.md -f FILE")
    answer = _answer(invocation.words, limit, console)
    items = Naming(limit, console.note, settings.context.ignore).all(named)
    citations, shortfall = looked_up(answer, items)
    if invocation.options["json"]:
        console.json({"citations": told(citations)})
    else:
        show(citations, console)
    return exit_code(citations, shortfall, console)


def show(citations: Sequence[Citation], console: Console) -> None:
    """A line for each: for people who look at them, tabs for what reads them. The sum on standard error."""
    for citation in citations:
        if console.out_is_terminal:
            console.line(row(citation))
        else:
            line = str(citation.line) if citation.line is not None else ""
            cells = [citation.status, citation.kind, citation.path or "", line, short(citation.text)]
            console.line("\t".join(map(sanitize_line, cells)))
    console.note(tally(citations) or NOTHING_CITED)


def _answer(words: Sequence[str], limit: int, console: Console) -> str:
    """The text that is checked. Raises `UsageError`, `UnreadableFile`."""
    name = words[0] if words else "-"
    if name != "-":
        path = Path(name).expanduser()
        if stdin.is_stream(path):
            return stdin.read_stream(path, limit, console.note)
        try:
            real = path.resolve(strict=True)
        except OSError as error:
            raise unreadable(name, error) from error
        return read_file(real.parent, real.name, max_bytes=limit).item.content
    if not words and not stdin.is_piped():
        raise UsageError("There is no answer to check.", f"Try: {PROGRAM} check ANSWER.md -f FILE")
    return stdin.read(limit, console.note)
