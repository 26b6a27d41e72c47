"""What goes wrong where nobody looks: into the log, with a few words for whoever sits at the terminal."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import traceback
from types import TracebackType

from docstra_tui.workspace.terminal.device import writer


def write_error(log: int, error: BaseException) -> None:
    """The whole error to the file behind `log`."""
    _append(log, traceback.format_exception(error))


def take_what_is_lost(log: int) -> None:
    """Errors of threads and of the interpreter into the log; Textual swallows what is printed."""

    def note(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        _append(log, traceback.format_exception(kind, error, trace))

    def note_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            note(args.exc_type, args.exc_value, args.exc_traceback)

    threading.excepthook = note_thread
    sys.unraisablehook = lambda args: note(args.exc_type, args.exc_value, args.exc_traceback)
    faulthandler.enable(log)
    handler = logging.StreamHandler(writer(log))
    logging.getLogger().addHandler(handler)


def crash_words(error: BaseException | None, log: str) -> tuple[str, ...]:
    """A few lines without any value of the program: those may be a question, a file or a key."""
    name = type(error).__name__ if error is not None else "an error"
    where = (f"What happened is in {log}",) if log else ()
    return (
        f"docstra-tui crashed ({name}). Your session is saved.",
        *where,
        "docstra-tui --resume brings it back.",
    )


def _append(log: int, lines: list[str]) -> None:
    """A disk that is full or gone stops nothing."""
    try:
        os.write(log, "".join(lines).encode("utf-8", "backslashreplace"))
    except OSError:
        pass
