"""Starting and leaving the full-screen app: the terminal, the log, the signals, the last line."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docstra_tui import paths
from docstra_tui.invoked import as_started
from docstra_tui.settings import Settings
from docstra_tui.text import sanitize_line
from docstra_tui.workspace import crash_log, ending
from docstra_tui.workspace.sessions.unsaved import unsaved
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, MANY, NONE, colours_of
from docstra_tui.workspace.terminal.device import Terminal, open_log, require_terminal
from docstra_tui.workspace.terminal.guard import Guard

if TYPE_CHECKING:
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.tui.app import DocstraApp
    from docstra_tui.workspace.models.opening import OpenBackend

COLOUR_SYSTEMS = {NONE: "standard", FEW: "standard", MANY: "256", ALL: "truecolor"}
"""How many colours there are, in Textual's words."""


def launch(
    settings: Settings,
    root: Path,
    *,
    resume: str | None,
    mouse: bool,
    open_backend: OpenBackend | None = None,
    store: SessionStore | None = None,
    notes: Sequence[str] = (),
    is_model_named: bool = False,
) -> int:
    """Run the app on the terminal; the exit code. Raises `DocstraError` where there is no terminal.

    `store` is one that is open already, `notes` are said at the start, and where a model was named a
    session does not bring its own. Does not return when a thread of ours is stuck: the process ends
    then, after everything is saved.
    """
    require_terminal()
    gc.disable()  # until the first frame is out: what a start makes stays, and walking it costs 50 ms
    colours = colours_of(os.environ)
    os.environ.setdefault("TEXTUAL_FPS", "15")  # read when textual is first imported
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", COLOUR_SYSTEMS[colours])  # this as well
    log, log_path = open_log(paths.log_dir())
    crash_log.take_what_is_lost(log)

    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.tui.app import DocstraApp

    store = store or SessionStore()
    terminal = Terminal.take(log)
    app = DocstraApp(
        settings,
        root,
        open_backend or _open_backend,
        store,
        resume,
        notes=notes,
        is_model_named=is_model_named,
        colours=colours,
    )
    app.crash_log = str(log_path)
    code = _run(app, store, terminal, log, mouse=mouse)
    if ending.is_stuck():
        os._exit(code)
    return code


def _run(app: DocstraApp, store: SessionStore, terminal: Terminal, log: int, *, mouse: bool) -> int:
    """Until the app has ended, all is saved, and whoever sits there knows how it went; the exit code."""
    guard = Guard(terminal, app.save, lambda code: _leave(app, code))
    app.on_leaving = guard.leaving
    guard.start()
    try:
        app.run(mouse=mouse)
    except Exception as error:  # Textual's own: whatever it is, the terminal is given back
        crash_log.write_error(log, error)
        terminal.restore()
        app.crash_words = crash_log.crash_words(error, app.crash_log)
    code = guard.code if guard.code is not None else 1 if app.crash_words else app.return_code or 0
    if unsaved(app.main.opened.all):
        guard.wait_longer(ending.LAST_SECONDS + ending.RESCUE_SECONDS)
    farewell = _last_steps(app, store)
    lost = ending.what_is_lost(app.main.opened.all)
    if lost and guard.code is None:
        code = 1
    guard.stop()
    crash = app.crash_words if not lost else app.crash_words[:1]
    last = farewell if guard.code is None else ""
    for words in (*crash, *lost, store.notice, last):
        if words:
            terminal.say(sanitize_line(as_started(words)))
    terminal.give_back()
    return code


def _last_steps(app: DocstraApp, store: SessionStore) -> str:
    """Save and let go; what to say at the end."""
    said: list[str] = []

    def steps() -> None:
        app.save()
        said.append(app.close_backend())
        app.main.opened.indexing.close()
        store.close()

    ending.within(ending.LAST_SECONDS, steps)
    return said[0] if said else ""


def _open_backend(settings: Settings) -> Any:
    from docstra_tui.workspace.models.opening import open_backend

    return open_backend(settings)


def _leave(app: DocstraApp, code: int) -> None:
    """Ask the screen's thread to leave; it may be blocked, then the guard ends the process."""
    loop = app._loop  # private to Textual; tests/tui/test_contract.py watches it
    if loop is not None:
        try:
            loop.call_soon_threadsafe(lambda: app.leave(code))
        except RuntimeError:  # the loop is closed: the app is leaving already
            pass
