"""`models forget NAME`: what is kept of a model is shown, asked about, and removed."""

from __future__ import annotations

import sys

from docstra_tui import figures
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.engine.client.census import list_engines
from docstra_tui.errors import EngineError, UsageError
from docstra_tui.llm.files import forgetting
from docstra_tui.llm.files.forgetting import Part
from docstra_tui.llm.files.sources import absolute


def forget(console: Console, invocation: Invocation, revision: str) -> int:
    """Raises `UsageError`, `EngineError` while an engine has the model, and `ModelError`."""
    if not invocation.words:
        raise UsageError("Which model?", f"{PROGRAM} models list shows those there are.")
    name = absolute(invocation.words[0])
    _check_unused(name)
    found = forgetting.parts_of(name)
    of_hub = forgetting.in_hub(name, revision if "model.revision" in invocation.flags else "")
    if of_hub is not None and invocation.options["hub"]:
        found.append(of_hub)
    as_json = bool(invocation.options["json"])
    for part in found if not as_json else ():
        console.line(f"{figures.size(part.size) or '?':>8}  {part.what}: {part.path}")
    if of_hub is not None and of_hub not in found and not as_json:
        console.note(f"{of_hub.what} has {figures.size(of_hub.size)} more of it; --hub removes that too.")
    if not found and not as_json:
        console.note(f"Nothing is kept of {name}.")
    is_meant = bool(found) and (invocation.options["yes"] or (not as_json and _asked(console, found)))
    for part in found if is_meant else ():
        try:
            part.remove()
        except OSError as error:
            raise EngineError(f"{part.path} cannot be removed: {error.strerror}.") from error
    if as_json:
        rows = [{"what": part.what, "path": str(part.path), "size": part.size} for part in found]
        console.json({"name": name, "parts": rows, "removed": is_meant})
    elif is_meant:
        console.line(f"Removed {figures.size(sum(part.size for part in found))}.")
    return 0


def _check_unused(name: str) -> None:
    repository = name.partition(":")[0]
    for engine in list_engines():
        if engine.identity.model.partition(":")[0] == repository:
            shown = engine.socket.stem[:8]
            raise EngineError(
                f"The engine {shown} has {engine.identity.model} loaded; nothing was removed.",
                f"Stop it first: {PROGRAM} engine stop {shown}",
            )


def _asked(console: Console, found: list[Part]) -> bool:
    """False without a terminal to ask on."""
    if not (sys.stdin.isatty() and console.err_is_terminal):
        console.note("Nothing was removed: --yes removes it.")
        return False
    sys.stderr.write(f"Remove {figures.size(sum(part.size for part in found))}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
