"""The engines that hold models on this machine: list them, look at them, free them, read what they wrote."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from docstra_tui import __version__, figures, paths
from docstra_tui.commands import engine_words
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.engine.client.census import list_engines
from docstra_tui.engine.client.lifecycle import Engine
from docstra_tui.engine.client.wire import Stats
from docstra_tui.errors import DocstraError, EngineError, UsageError

LOG_BYTES = 64_000
"""How much of a log's end is shown."""


def run(invocation: Invocation) -> int:
    """`engine list | status | stop | logs`."""
    console = Console()
    wanted = invocation.words[0] if invocation.words else ""
    as_json = bool(invocation.options["json"])
    match invocation.action:
        case "list":
            return _list(console, _matching(list_engines(), wanted), as_json)
        case "status":
            everyone = list_engines()
            if as_json or wanted or len(everyone) < 2:
                everyone = [_one(everyone, wanted)]
            return _status(console, everyone, as_json)
        case "stop":
            everyone = list_engines()
            all_of_them = invocation.options["all"] or not everyone
            engines = everyone if all_of_them else [_one(everyone, wanted)]
            return _stop(console, engines, as_json)
        case _:
            return _logs(console, wanted)


def _list(console: Console, engines: Sequence[Engine], as_json: bool) -> int:
    rows = [_row(engine) for engine in engines]
    if as_json:
        console.json({"engines": rows})
        return 0
    if not rows:
        console.note("No engine is running.")
    for row in rows:
        facts = [row["id"][:8], row["model"], row["state"]]
        facts += [str(row[key]) for key in ("device", "dtype") if row[key]]
        facts += ["parked"] if row["parked"] else []
        if row["memory_used"]:
            facts.append(figures.size(row["memory_used"]))
        if row["clients"] is not None:
            facts.append(f"{row['clients']} attached")
        facts += [row["problem"]] if row["problem"] and row["state"] == "failed" else []
        console.line("  ".join(facts))
    return 0


def _status(console: Console, engines: Sequence[Engine], as_json: bool) -> int:
    """Of one, or of all of them, for people."""
    for place, engine in enumerate(engines):
        row, stats = _told_by(engine)
        if as_json:
            console.json(row)
            continue
        if place:
            console.line()
        for label, value in engine_words.rows(row, stats, datetime.now()):
            console.line(f"{label + ':':<12}{value}" if label else value)
    return 0


def _stop(console: Console, engines: Sequence[Engine], as_json: bool) -> int:
    """All of them are tried, whatever becomes of one."""
    stopped: list[dict[str, str]] = []
    failed: list[dict[str, str]] = []
    for engine in engines:
        row = {"id": engine.socket.stem, "model": engine.identity.model}
        try:
            engine.stop()
            stopped.append(row)
        except (DocstraError, OSError) as error:
            failed.append(row | {"problem": str(error)})
    if as_json:
        console.json({"stopped": stopped, "failed": failed})
    else:
        for row in stopped:
            console.line(f"Stopped {row['model']} ({row['id'][:8]}).")
    for row in failed:
        console.note(f"Not stopped: {row['model']} ({row['id'][:8]}). {row['problem']}")
    if not engines and not as_json:
        console.note("No engine is running.")
    return EngineError.exit_code if failed else 0


def _logs(console: Console, wanted: str) -> int:
    path = _log_of(wanted)
    console.note(str(path))
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_BYTES))
        text = file.read().decode("utf-8", errors="backslashreplace")
    console.answer(text)
    console.end_answer()
    return 0


def _log_of(wanted: str) -> Path:
    """A living engine's log, else the newest one there is (of an engine that died)."""
    engines = _matching(list_engines(), wanted)
    if len(engines) == 1 or (wanted and engines):
        return _one(engines, wanted).log
    logs = sorted(paths.log_dir().glob(f"engine-{wanted}*.log"), key=lambda path: path.stat().st_mtime)
    if not logs:
        raise EngineError("There is no engine's log.", f"{PROGRAM} engine list shows what runs.")
    return logs[-1]


def _matching(engines: Sequence[Engine], wanted: str) -> list[Engine]:
    """The engines whose id begins with `wanted`, or whose model is called so or ends with it."""
    if not wanted:
        return list(engines)
    return [
        engine
        for engine in engines
        if engine.socket.stem.startswith(wanted)
        or engine.identity.model == wanted
        or engine.identity.model.rpartition("/")[2] == wanted
    ]


def _one(engines: Sequence[Engine], wanted: str) -> Engine:
    """The engine that is meant. Raises `EngineError` (none) or `UsageError` (several)."""
    found = _matching(engines, wanted)
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{engine.socket.stem[:8]} ({engine.identity.model})" for engine in engines)
    if found:
        raise UsageError("Several engines are running.", f"Name one: {names}. Or stop them with --all.")
    if engines:
        raise UsageError(f"There is no engine {wanted!r}.", f"Running: {names}.")
    raise EngineError("No engine is running.", f"{PROGRAM} starts one when it is needed.")


def _row(engine: Engine) -> dict[str, Any]:
    return _told_by(engine)[0]


def _told_by(engine: Engine) -> tuple[dict[str, Any], Stats | None]:
    """Everything there is to say about an engine, and what it told; unknown figures are None."""
    problem = ""
    stats: Stats | None = None
    try:
        stats = engine.stats()
    except DocstraError as error:
        problem = error.message
    health = stats.health if stats else None
    if health is not None and health.error is not None:
        problem = health.error.message
    row = {
        "id": engine.socket.stem,
        "model": (health.model if health else "") or engine.identity.model,
        "state": health.state if health else _state_of_silent(engine),
        "problem": problem or None,
        "phase": (health.phase or None) if health else None,
        "device": (health.device or None) if health else None,
        "dtype": (health.dtype or None) if health else None,
        "reason": (health.reason or None) if health else None,
        "parked": (health.parked or None) if health else None,
        "notes": list(health.notes) if health else [],
        "window": health.window if health else None,
        "memory_used": stats.memory_used if stats else None,
        "memory_total": stats.memory_total if stats else None,
        "clients": health.clients if health else None,
        "queue": health.queue if health else None,
        "version": engine.identity.version or None,
        "uptime_s": round(stats.uptime_s, 1) if stats else None,
        "pid": health.pid if health else None,
        "socket": str(engine.socket),
        "log": str(engine.log),
    }
    return row, stats


def _state_of_silent(engine: Engine) -> str:
    """What can be said of an engine that told nothing that we understand."""
    is_ours = engine.identity.version == __version__
    return "not answering" if is_ours else f"version {engine.identity.version or 'unknown'}"
