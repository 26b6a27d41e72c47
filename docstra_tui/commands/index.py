"""What is kept of projects' files to find the ones that a question is about: look at it, remove it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from docstra_tui import figures
from docstra_tui.commands.arguments import Invocation
from docstra_tui.commands.console import Console
from docstra_tui.context.search.index import place
from docstra_tui.context.search.index.reader import IndexReader
from docstra_tui.errors import NoIndex, UsageError


def run(invocation: Invocation) -> int:
    """`index status | clear`."""
    console = Console()
    if invocation.options["all"] and invocation.words:
        raise UsageError("--all is of every project, so no folder goes with it.")
    wanted = Path(os.path.expanduser(invocation.words[0] if invocation.words else "."))
    found = place.kept() if invocation.options["all"] else place.kept_of(wanted)
    as_json = bool(invocation.options["json"])
    if invocation.action == "clear":
        return _clear(console, found, as_json)
    return _status(console, found, as_json)


def _status(console: Console, found: list[place.Kept], as_json: bool) -> int:
    rows = [_row(one) for one in found]
    if as_json:
        console.json({"indexes": rows})
        return 0
    for row in rows:
        state = "complete" if row["complete"] else "not complete"
        facts = [figures.count(row["files"], "file"), state, figures.size(row["size"])]
        facts += ["being built"] if row["building"] else []
        facts += [figures.moment(row["refreshed"])] if row["refreshed"] else []
        console.line("  ".join([row["root"] or row["folder"], *facts]))
        for why, count in row["left_out"].items():
            console.line(f"    {count:,} {why}")
    if not rows:
        console.note("There is no index.")
    return 0


def _clear(console: Console, found: list[place.Kept], as_json: bool) -> int:
    removed = [one for one in found if place.remove(one.folder)]
    failed = [one for one in found if one not in removed]
    if as_json:
        console.json({"removed": [one.root for one in removed], "failed": [one.root for one in failed]})
    for one in removed if not as_json else ():
        console.line(f"Removed the index of {one.root or one.folder}, {figures.size(one.size)}.")
    for one in failed:
        console.note(f"The index of {one.root or one.folder} is being built and was not removed.")
    if not found and not as_json:
        console.note("There is no index.")
    return 1 if failed else 0


def _row(one: place.Kept) -> dict[str, Any]:
    files, is_complete, left_out = 0, False, {}
    try:
        with IndexReader(one.folder / place.FILE) as reader:
            files, is_complete, left_out = reader.count(), reader.is_complete, reader.left_out()
    except NoIndex:
        pass
    return {
        "root": one.root,
        "folder": str(one.folder),
        "files": files,
        "complete": is_complete,
        "building": place.is_held(one.folder),
        "size": one.size,
        "refreshed": one.refreshed or None,
        "left_out": left_out,
    }
