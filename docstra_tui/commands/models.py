"""The models of this machine, and fetching one. Needs no torch."""

from __future__ import annotations

import time

from docstra_tui import figures
from docstra_tui import settings as settings_module
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.errors import UsageError
from docstra_tui.llm.sources import LoadProgress, ModelSpec, resolve
from docstra_tui.repl import wording

SECONDS_A_LINE = 0.1
"""Between two rewrites of the progress line."""


def run(invocation: Invocation) -> int:
    """`models list | pull NAME`."""
    console = Console()
    as_json = bool(invocation.options["json"])
    if invocation.action == "list":
        if invocation.words:
            raise UsageError(f"{PROGRAM} models list takes no name.")
        return _list(console, as_json)
    settings = settings_module.load(invocation.flags)
    name = invocation.words[0] if invocation.words else settings.model.name
    if not name and "model.name" not in invocation.flags:
        raise UsageError("Which model?", f"Try: {PROGRAM} models pull starter")
    return _pull(console, ModelSpec(name, revision=settings.model.revision), as_json)


def _list(console: Console, as_json: bool) -> int:
    from docstra_tui.llm.catalog import installed_models

    models = installed_models()
    if as_json:
        rows = [{"name": m.name, "kind": m.kind, "size": m.size, "path": str(m.path)} for m in models]
        console.json({"models": rows})
        return 0
    width = max((len(model.name) for model in models), default=0)
    for model in models:
        size = figures.size(model.size) or "?"
        console.line(f"{model.name:<{width}}  {model.kind:<7}  {size:>8}  {model.path}")
    if not models:
        console.note(f"No model is on this machine yet; {PROGRAM} models pull starter fetches a small one.")
    return 0


def _pull(console: Console, spec: ModelSpec, as_json: bool) -> int:
    shown = 0.0

    def show(progress: LoadProgress) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= SECONDS_A_LINE:
            shown = now
            console.progress(wording.loading(progress.phase, progress.done, progress.total))

    try:
        files = resolve(spec, show)
    finally:
        console.end_progress()
    path = files.gguf or files.folder
    if as_json:
        console.json({"name": files.name, "path": str(path)})
    else:
        console.line(f"{files.name}  {path}")
    return 0
