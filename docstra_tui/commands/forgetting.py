"""`models forget NAME`: what is kept of a model is shown, asked about, and removed."""

from __future__ import annotations

from docstra_tui import figures
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.asking import can_ask, says_yes
from docstra_tui.commands.console import Console
from docstra_tui.engine.client.census import list_engines
from docstra_tui.errors import EngineError, ModelError, UsageError
from docstra_tui.llm.files import forgetting
from docstra_tui.llm.files.forgetting import Part
from docstra_tui.llm.files.sources import absolute
from docstra_tui.text import sanitize_line


def forget(console: Console, invocation: Invocation, revision: str) -> int:
    """Raises `UsageError`, `ModelError` while an engine has the model, and `EngineError` where it stays."""
    if not invocation.words or not invocation.words[0].strip():
        raise UsageError("Which model?", f"{PROGRAM} models list shows those there are.")
    name = absolute(invocation.words[0])
    _check_unused(name)
    found, note = _found(name, revision if "model.revision" in invocation.flags else "", invocation)
    as_json = bool(invocation.options["json"])
    for part in found if not as_json else ():
        console.line(f"{_amount(part.size):>8}  {part.what}: {part.path}")
    if note and not as_json:
        console.note(note)
    if not found and not as_json:
        console.note(f"Nothing is kept of {name}.")
    is_meant = bool(found) and (invocation.options["yes"] or (not as_json and _asked(console, name, found)))
    if is_meant:
        _check_unused(name)  # it may have been long ago
    for part in found if is_meant else ():
        try:
            part.remove()
        except OSError as error:
            raise EngineError(f"{part.path} cannot be removed: {error.strerror}.") from error
    if as_json:
        rows = [{"what": part.what, "path": str(part.path), "size": part.size} for part in found]
        console.json({"name": name, "parts": rows, "removed": is_meant})
    elif is_meant:
        console.line(f"Removed {_amount(_sum(found))}.")
    return 0


def _found(name: str, revision: str, invocation: Invocation) -> tuple[list[Part], str]:
    """What is to go, and what there is to know of the rest."""
    found, note = forgetting.parts_of(name, revision), ""
    try:
        of_hub = forgetting.in_hub(name, revision)
    except ModelError:
        if invocation.options["hub"]:
            raise
        of_hub = None
    if of_hub is not None and invocation.options["hub"]:
        found.append(of_hub)
    elif of_hub is not None:
        note = f"{of_hub.what} has {_amount(of_hub.size)} more of it; --hub removes that too."
    return found, note


def _check_unused(name: str) -> None:
    place = forgetting.place_of(name)
    for engine in list_engines():
        other = forgetting.place_of(engine.identity.model)
        if place == other or place in other.parents or other in place.parents:
            shown = engine.socket.stem[:8]
            raise ModelError(  # nothing is wrong with the machine
                f"The engine {shown} has {engine.identity.model} loaded; nothing was removed.",
                f"Stop it first: {PROGRAM} engine stop {shown}",
            )
    forgetting.check_idle(name)


def _asked(console: Console, name: str, found: list[Part]) -> bool:
    """False without a terminal to ask on."""
    if not can_ask(console):
        console.note("Nothing was removed: --yes removes it.")
        return False
    if says_yes(f"Remove {_amount(_sum(found))} of {sanitize_line(name)}? [y/N] "):
        return True
    console.note("Nothing was removed.")
    return False


def _sum(found: list[Part]) -> int:
    return sum(part.size for part in found)


def _amount(size: int) -> str:
    """Bytes as people say them; a few are not none."""
    return figures.size(size) if size >= 500_000 else f"{max(1, round(size / 1000))} kB"
