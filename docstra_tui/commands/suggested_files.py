"""`files QUESTION`: which files of a folder a question is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui import settings as settings_module
from docstra_tui.commands import breadth, consent
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.commands.faces import folder
from docstra_tui.commands.index_progress import IndexProgress
from docstra_tui.context.files.reader import read_item
from docstra_tui.context.project import Project
from docstra_tui.errors import DocstraError, NoAnswer, UnreadableFile, UsageError
from docstra_tui.llm import own_words
from docstra_tui.text import sanitize_line, shown_name

if TYPE_CHECKING:
    from docstra_tui.context.search.offered import Suggestion
    from docstra_tui.llm.base import BaseLLM
    from docstra_tui.settings import Settings
    from docstra_tui.workspace.models.backend import Backend

WIDEST = 60
"""Columns of the paths; a longer one pushes the rest of its line."""


def run(
    invocation: Invocation,
    *,
    opener: Callable[..., Backend] | None = None,
    counter: Callable[[Settings], BaseLLM | None] | None = None,
    console: Console | None = None,
) -> int:
    """`files QUESTION [FOLDER]`; the exit code. Raises `DocstraError`.

    `opener` and `counter` are `models.opening.open_backend` and `models.running.running`, or of their shape.
    """
    console = console or Console()
    question = invocation.words[0].strip() if invocation.words else ""
    if not question:
        raise UsageError("There is no question.", f'Try: {PROGRAM} files "Where is a request retried?"')
    was_named = len(invocation.words) > 1
    root = folder(invocation.words[1] if was_named else ".")
    instead = f'Name a project: {PROGRAM} files "..." FOLDER. With . as the FOLDER, all of this one is read.'
    breadth.check(root, console, was_named=was_named, instead=instead)
    settings = settings_module.load(invocation.flags, project=root)
    project, is_asked = Project(root, ignore=settings.context.ignore), bool(invocation.options["own_words"])
    words: tuple[str, ...] = ()
    with ExitStack() as undo:
        undo.callback(console.end_progress)
        backend = _opened(invocation, settings, opener, console, undo) if is_asked else None
        if backend is not None:
            words = _words(backend, question, console, anyway=bool(invocation.options["send_secrets"]))
        with IndexProgress(console) as progress:
            found = project.suggest(question, words=words, fill=True, on_progress=progress.told)
        if backend is None:
            llm = (counter or _running)(settings)
            if llm is not None:
                undo.callback(llm.close)
        else:
            llm = backend.llm if not backend.host else None  # what is counted elsewhere would be sent there
        tokens = _tokens(llm, root, [file.path for file in found], settings.context.max_file_bytes)
    if invocation.options["json"]:
        files = [{"path": f.path, "reason": f.reason, "tokens": tokens.get(f.path)} for f in found]
        console.json({"files": files, **({"words": list(words)} if is_asked else {})})
    else:
        _print(console, found, tokens)
    return 0


def _running(settings: Settings) -> BaseLLM | None:
    from docstra_tui.workspace.models.running import running

    return running(settings)


def _opened(
    invocation: Invocation,
    settings: Settings,
    opener: Callable[..., Backend] | None,
    console: Console,
    undo: ExitStack,
) -> Backend:
    """Who is asked for words, once it can answer."""
    from docstra_tui.commands.oneshot import wait_until_ready

    if opener is None:
        from docstra_tui.workspace.models.opening import open_backend

        opener = open_backend
    backend = opener(settings, oneshot=True)
    undo.callback(backend.close)
    consent.ask_for_host(backend, console, was_named="remote.base_url" in invocation.flags)
    wait_until_ready(backend, console)
    return backend


def _words(backend: Backend, question: str, console: Console, *, anyway: bool) -> tuple[str, ...]:
    """The model's own for the question; they are said."""
    consent.ask_for_secrets(backend, [own_words.request(question)], console, anyway=anyway)
    console.progress("asking the model for words…")
    words: tuple[str, ...] = ()
    with suppress(NoAnswer):
        words = backend.llm.own_words(question)
    console.note(f"Looked for too: {', '.join(words)}" if words else "The model had no words of its own.")
    return words


def _tokens(llm: BaseLLM | None, root: Path, paths: Sequence[str], max_bytes: int) -> dict[str, int]:
    """What each file adds to a prompt, as far as somebody counts that exactly."""
    from docstra_tui.session.scale import Scale

    items = {}
    for path in paths if llm is not None else ():
        with suppress(UnreadableFile):
            items[path] = read_item(root, path, max_bytes=max_bytes)
    if llm is None or not items:
        return {}
    scale = Scale(llm)
    with suppress(DocstraError):  # the files are there; a figure is not worth it
        for item in items.values():
            scale.add([item])  # each by itself: together they may be more than anybody counts
        if scale.is_exact:
            return {path: scale.weight(item) for path, item in items.items() if scale.knows(item)}
    return {}


def _print(console: Console, found: Sequence[Suggestion], tokens: dict[str, int]) -> None:
    """Columns for who looks at them, tabs for what reads them."""
    if not any(file.score for file in found):
        console.note("No file was found for the question.")
    if not console.out_is_terminal:
        for file in found:
            console.line("\t".join([file.path, str(tokens.get(file.path, "")), sanitize_line(file.reason)]))
        return
    width = min(WIDEST, max((len(shown_name(file.path)) for file in found), default=0))
    for file in found:
        many = figures.tokens(tokens[file.path]) if file.path in tokens else ""
        facts = [f"{shown_name(file.path):<{width}}", *([f"{many:>6}"] if tokens else []), file.reason]
        console.line("  ".join(facts).rstrip())
