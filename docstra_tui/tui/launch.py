"""Starting and leaving the full-screen app: the terminal, the log, the signals, the last line."""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from docstra_tui import paths
from docstra_tui.settings import Settings
from docstra_tui.text import sanitize_line
from docstra_tui.tui.driver.guard import Guard
from docstra_tui.tui.driver.terminal import Terminal, open_log, require_terminal, writer
from docstra_tui.workspace.terminal.colour_depth import ALL, FEW, MANY, NONE, colours_of

COLOUR_SYSTEMS = {NONE: "standard", FEW: "standard", MANY: "256", ALL: "truecolor"}
"""How many colours there are, in Textual's words."""
LAST_SECONDS = 1.2
"""Saving and letting go may take so long."""
RESCUE_SECONDS = 1.0
"""And so long a copy of what could not be saved."""

if TYPE_CHECKING:
    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.tui.app import DocstraApp
    from docstra_tui.workspace.models.opening import OpenBackend


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
    _log_what_is_lost(log)

    from docstra_tui.session.store.sessions import SessionStore
    from docstra_tui.tui.app import DocstraApp, crash_words

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
    guard = Guard(terminal, app.save, lambda code: _leave(app, code))
    app.on_leaving = guard.leaving
    guard.start()
    try:
        app.run(mouse=mouse)
    except Exception as error:
        _write(log, "".join(traceback.format_exception(error)))
        terminal.restore()
        app.crash_words = crash_words(error, str(log_path))
    code = guard.code if guard.code is not None else _code(app)
    if _is_behind(app):
        guard.wait_longer(LAST_SECONDS + RESCUE_SECONDS)
    farewell = _last_steps(app, store)
    lost = _what_is_lost(app)
    if lost and guard.code is None:
        code = 1
    guard.stop()
    for words in app.crash_words if not lost else app.crash_words[:1]:
        terminal.say(sanitize_line(words))
    for words in (*lost, *filter(None, [store.notice])):
        terminal.say(sanitize_line(words))
    if farewell and guard.code is None:
        terminal.say(sanitize_line(farewell))
    terminal.give_back()
    if _is_stuck():
        os._exit(code)
    return code


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


def _last_steps(app: DocstraApp, store: SessionStore) -> str:
    """Save and let go, each with a limit; what to say at the end."""
    said: list[str] = []

    def steps() -> None:
        app.save()
        said.append(app.close_backend())
        store.close()

    _within(LAST_SECONDS, steps)
    return said[0] if said else ""


def _is_behind(app: DocstraApp) -> bool:
    """True while the disk lacks some of the conversation."""
    from docstra_tui.workspace.sessions.unsaved import unsaved

    return bool(unsaved(app.main.sessions))


def _what_is_lost(app: DocstraApp) -> tuple[str, ...]:
    """What to say about turns that no disk has, of which a copy is made; empty when all is saved."""
    from docstra_tui.workspace.sessions.unsaved import unsaved, words

    lost = unsaved(app.main.sessions)
    if not lost:
        return ()
    from docstra_tui.session.rescue import rescue

    copies: dict[str | None, Path | None] = {}

    def copy() -> None:
        for session in lost:
            copies[session.id] = rescue(session)

    _within(RESCUE_SECONDS, copy)
    return tuple(line for session in lost for line in words(session, copies.get(session.id)))


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do `work`, but wait no longer than this: a disk that hangs must not keep a terminal."""
    thread = threading.Thread(target=work, name="last-steps", daemon=True)
    thread.start()
    thread.join(seconds)


def _code(app: DocstraApp) -> int:
    return 1 if app.crash_words else (app.return_code or 0)


def _is_stuck() -> bool:
    """True when a thread would keep the interpreter from ending."""
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        others = [
            thread
            for thread in threading.enumerate()
            if thread is not threading.main_thread() and not thread.daemon
        ]
        if not others:
            return False
        time.sleep(0.02)
    return True


def _log_what_is_lost(log: int) -> None:
    """Errors of threads and of the interpreter into the log; Textual swallows what is printed."""

    def note(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        _write(log, "".join(traceback.format_exception(kind, error, trace)))

    def note_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            note(args.exc_type, args.exc_value, args.exc_traceback)

    threading.excepthook = note_thread
    sys.unraisablehook = lambda args: note(args.exc_type, args.exc_value, args.exc_traceback)
    faulthandler.enable(log)
    import logging

    handler = logging.StreamHandler(writer(log))
    logging.getLogger().addHandler(handler)


def _write(log: int, text: str) -> None:
    try:
        os.write(log, text.encode("utf-8", "backslashreplace"))
    except OSError:
        pass
