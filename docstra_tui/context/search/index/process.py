"""The process that writes an index: `python -P -m docstra_tui.context.search.index.process`.

Hears in one line of JSON what is to be done, and says in lines of JSON how far it is. It stops when its
standard input ends, which it does with whoever started it, however that ended.
"""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from docstra_tui.context.child import bound
from docstra_tui.context.search.index import database, place
from docstra_tui.context.search.index.building import Building, Progress, Stopped
from docstra_tui.context.search.index.priority import MEMORY, step_aside
from docstra_tui.context.search.index.workers import Workers
from docstra_tui.errors import DocstraError, UnreadableFile

LEAVING_SECONDS = 2.0
"""For what is in hand to be put in, once nobody wants more of it."""

DONE, STOPPED = "done", "stopped"
HURRIED = "hurried"
"""Somebody who is in a hurry has taken over."""

NO_NUMPY = "numpy cannot be loaded: install docstra-tui again."


def main() -> None:
    """Do it."""
    bound(MEMORY)
    gc.disable()  # rows by the thousand, and no circles among them
    order = json.loads(sys.stdin.buffer.readline())
    stop = threading.Event()
    threading.Thread(target=_watch, args=(stop,), daemon=True).start()
    if order["is_low"]:
        step_aside(is_idle=False)
    root, folder = Path(order["root"]), Path(order["folder"])
    try:
        try:
            end = _build(root, folder, order, stop)
        except FileNotFoundError:  # somebody removed it, just when it was opened
            end = _build(root, folder, order, stop)
        _say(end=end)
    except sqlite3.Error as error:
        _say(problem=f"{error}", is_elsewhere=True)
    except ImportError:
        _say(problem=NO_NUMPY, is_elsewhere=False)
    except UnreadableFile as error:
        _say(problem=error.message, is_elsewhere=False)
    except DocstraError as error:
        _say(problem=error.message, is_elsewhere=True)
    except OSError as error:
        _say(problem=error.strerror or f"{error}", is_elsewhere=True)


def _build(root: Path, folder: Path, order: dict[str, Any], stop: threading.Event) -> str:
    is_low = bool(order["is_low"])
    place.claim(folder, root)

    def is_stopped() -> bool:
        return stop.is_set() or (is_low and place.is_hurried(folder))

    def build(connection: sqlite3.Connection) -> None:
        """All of it is new each time: what was damaged may be noticed when many files are read."""
        Building(
            root,
            Workers(root, is_low=is_low).read,
            ignore=order["ignore"],
            max_bytes=order["max_bytes"],
            told=_tell,
            is_stopped=is_stopped,
        ).run(connection)

    with place.held(folder, is_urgent=not is_low):
        if order["is_anew"]:
            database.remove(folder / place.FILE)
        try:
            database.written(folder / place.FILE, build)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:  # a part of one is no reason for a full disk
                database.remove(folder / place.FILE)
            raise
        except Stopped:
            return STOPPED if stop.is_set() else HURRIED
        place.prune(but=folder)
    return DONE


def _tell(progress: Progress) -> None:
    _say(done=progress.done, total=progress.total)


def _say(**words: object) -> None:
    with suppress(OSError, ValueError):  # nobody listens: the end of standard input says the same
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()


def _watch(stop: threading.Event) -> None:
    with suppress(OSError, ValueError):
        while os.read(0, 4096):
            pass
    stop.set()
    threading.Event().wait(LEAVING_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
