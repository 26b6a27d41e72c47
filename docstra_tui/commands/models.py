"""The models of this machine: listed, fetched, looked at, forgotten. A child process has the torch."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from docstra_tui import settings as settings_module
from docstra_tui.commands import inspected
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.error_forms import from_wire
from docstra_tui.errors import UsageError
from docstra_tui.llm.files.location import resolve
from docstra_tui.llm.files.sources import LoadProgress, ModelSpec, absolute
from docstra_tui.workspace.dialogs import marked
from docstra_tui.workspace.status import loading_line

if TYPE_CHECKING:
    from docstra_tui.settings import Settings
    from docstra_tui.workspace.models.installed import Row

SECONDS_A_LINE = 0.1
"""Between two rewrites of the progress line."""


def run(invocation: Invocation) -> int:
    """`models list | pull NAME | convert NAME | inspect NAME | forget NAME`."""
    console = Console()
    as_json = bool(invocation.options["json"])
    settings = settings_module.load(invocation.flags)
    if invocation.action == "list":
        if invocation.words:
            raise UsageError(f"{PROGRAM} models list takes no name.")
        return _list(console, settings, as_json)
    if invocation.action == "forget":
        from docstra_tui.commands.forgetting import forget

        return forget(console, invocation, settings.model.revision)
    name = invocation.words[0] if invocation.words else settings.model.name
    if not name and "model.name" not in invocation.flags:
        raise UsageError("Which model?", f"Try: {PROGRAM} models {invocation.action} starter")
    if invocation.action == "convert":
        return _convert(console, absolute(name), as_json)
    if invocation.action == "inspect":
        quant = settings.model.quant if "model.quant" in invocation.flags else ""
        return _inspect(
            console, ModelSpec(absolute(name), revision=settings.model.revision, quant=quant), as_json
        )
    return _pull(console, ModelSpec(name, revision=settings.model.revision), as_json)


def _list(console: Console, settings: Settings, as_json: bool) -> int:
    from docstra_tui.workspace.models import installed

    rows = installed.rows(settings)
    if as_json:
        console.json({"models": [_as_json(row) for row in rows]})
    elif console.out_is_terminal:
        for line in installed.lines(rows, shutil.get_terminal_size().columns):
            console.line(line)
    else:
        label = max(len(row.name) for row in rows)
        for row, columns in zip(rows, installed.details(rows), strict=True):
            told = (marked(row.name.ljust(label), row.is_current), columns, str(row.model.path), row.note)
            console.line("  ".join(filter(None, told)))
    return 0


def _as_json(row: Row) -> dict[str, Any]:
    model, about = row.model, row.profile
    return {
        "name": model.name,
        "kind": model.kind,
        "size": model.size,
        "path": str(model.path),
        "current": row.is_current,
        "loaded": row.is_loaded,
        "dtype": about.dtype or None,
        "window": about.window,
        "fits": None if about.weights is None or row.problem else not row.is_too_large,
        "room_tokens": row.room,
        "tokens_per_s": row.speed.write if row.speed is not None else None,
        "problem": row.problem or None,
    }


def _progress_line(console: Console) -> Callable[[LoadProgress], None]:
    """Shows how far it is, not more often than one can read."""
    shown = 0.0

    def show(progress: LoadProgress) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= SECONDS_A_LINE:
            shown = now
            console.progress(loading_line(progress.phase, progress.done, progress.total))

    return show


def _convert(console: Console, name: str, as_json: bool) -> int:
    """Convert a GGUF, however large, and say where the result is."""
    last = _told(console, "loading.conversion", name)
    if "path" not in last:
        raise from_wire(last.get("error", {"message": "The conversion ended without a word."}))
    if as_json:
        console.json({"name": name, "path": last["path"]})
    else:
        console.line(f"{name}  {last['path']}")
    return 0


def _inspect(console: Console, spec: ModelSpec, as_json: bool) -> int:
    """Look at a model, without reading its weights but to compare them with smaller ones."""
    last = _told(console, "inference.inspection", spec.name, spec.revision, spec.quant)
    if "report" not in last:
        raise from_wire(last.get("error", {"message": "The inspection ended without a word."}))
    if as_json:
        console.json(last["report"])
        return 0
    rows = inspected.rows(last["report"])
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        console.line(f"{label:<{width}}  {value}".rstrip())
    return 0


def _told(console: Console, module: str, *arguments: str) -> dict[str, Any]:
    """What a module of the library says last, run in a process of its own; its progress is shown."""
    show = _progress_line(console)
    last: dict[str, Any] = {}
    command = [sys.executable, "-P", "-m", f"docstra_tui.llm.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        with contextlib.ExitStack() as undo:
            undo.callback(console.end_progress)
            undo.callback(child.kill)
            for line in child.stdout:
                last = json.loads(line)
                if "phase" in last:
                    show(LoadProgress(last["phase"], last["done"], last["total"]))
            undo.pop_all()
        console.end_progress()
    return last


def _pull(console: Console, spec: ModelSpec, as_json: bool) -> int:
    try:
        files = resolve(spec, _progress_line(console))
    finally:
        console.end_progress()
    path = files.gguf or files.folder
    if as_json:
        console.json({"name": files.name, "path": str(path)})
    else:
        console.line(f"{files.name}  {path}")
    return 0
