"""What there is to say about an engine, as somebody would say it who knows what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from docstra_tui import figures
from docstra_tui.commands.arguments import PROGRAM
from docstra_tui.engine.client.identity import STARTER
from docstra_tui.engine.client.wire import Stats
from docstra_tui.invoked import as_started
from docstra_tui.workspace.status import loading_line

Rows = list[tuple[str, str]]


def rows(row: Mapping[str, Any], stats: Stats | None, now: datetime) -> Rows:
    """A label and a value each. `row` is what `engine status --json` says, `stats` what it was made of; None
    where the engine told nothing."""
    said = [("", f"{_name(row)} {_state(row, stats)}")]
    if row["problem"]:
        said.append(("problem", row["problem"]))
    said.append(("where", _where(row)))
    if row["uptime_s"] is not None:
        began = now - timedelta(seconds=row["uptime_s"])
        at = f"{began:%H:%M}" if began.date() == now.date() else f"{began:%Y-%m-%d %H:%M}"
        said.append(("since", f"{at}, {duration(row['uptime_s'])} ago"))
    said.append(("memory", _memory(row)))
    if row["window"]:
        said.append(("window", f"{row['window']:,} tokens"))
    if stats is not None:
        said += [("attached", _attached(stats)), ("stays", _stays(stats))]
    if row["reason"]:
        said.append(("because", row["reason"]))
    said += [("note", note) for note in row["notes"]]
    said += [("log", row["log"]), ("to free it", as_started(f"{PROGRAM} engine stop {row['id'][:8]}"))]
    return [(label, value) for label, value in said if value]


def duration(seconds: float) -> str:
    """`40 seconds`, `12 minutes`, `3 hours`, `2 days`."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size or (size < 86400 and seconds >= size):
            return figures.count(round(seconds / size), word)
    return figures.count(max(1, round(seconds)), "second")


def _name(row: Mapping[str, Any]) -> str:
    name = str(row["model"])
    return "The starter model" if name == STARTER else name


def _state(row: Mapping[str, Any], stats: Stats | None) -> str:
    if stats is None:
        return f"runs, but tells nothing: {row['state']}."
    if row["state"] == "failed":
        return "could not be loaded; this engine leaves soon by itself."
    if row["state"] == "loading":
        health = stats.health
        line = loading_line(health.phase, health.done, health.total)
        return f"is not ready yet; {line}."
    if row["parked"]:
        return "has left its device, as nobody asks; the next question brings it back."
    return "is loaded, and answers." if row["queue"] else "is loaded, and waits for questions."


def _where(row: Mapping[str, Any]) -> str:
    if not row["device"]:
        return ""
    device = "the CPU" if row["device"] == "cpu" else row["device"]
    dtype = figures.SHORT_DTYPES.get(row["dtype"], row["dtype"])
    return f"{device}, as {dtype}" if dtype else str(device)


def _memory(row: Mapping[str, Any]) -> str:
    used, total = row["memory_used"], row["memory_total"]
    if not used or not total:
        return ""
    whose = "" if row["device"] in (None, "cpu", "mps") else ", with what other programs have there"
    return f"{figures.size(used)} of {figures.size(total)}{whose}"


def _attached(stats: Stats) -> str:
    health = stats.health
    there = figures.count(health.clients, "terminal") if health.clients else "nobody"
    waiting = f"; {figures.count(health.queue, 'request')} being answered or waiting"
    return there + waiting if health.queue else there


def _stays(stats: Stats) -> str:
    health = stats.health
    if health.state == "failed":
        return ""
    minutes = health.leave_after_minutes * 60
    if health.identity.owner:
        return "for as long as the terminal that started it"
    if health.leaves_in_s is None:
        then = f"and {duration(minutes)} after that" if minutes >= 1 else "and not longer"
        return f"while somebody is attached or waits, {then}"
    return f"{duration(health.leaves_in_s)} more, unless somebody comes"
