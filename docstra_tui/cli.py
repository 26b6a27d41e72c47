"""Which face or command to start, and what its end means to the shell.

Everything heavy is imported where it is used: `--help` has to be there at once.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from docstra_tui import __version__
from docstra_tui.commands import arguments
from docstra_tui.errors import DocstraError

if TYPE_CHECKING:
    from docstra_tui.commands.arguments import Invocation

DONE = 0
FAILED = 1
CANCELLED = 130

DOCTOR = f"{arguments.PROGRAM} doctor looks for the cause."


class Terminated(SystemExit):
    """A signal asked this process to end: 128+n is what the shell expects then.

    A `SystemExit`, because that is what nothing on the way swallows, event loops included.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0, 1, 2, 3, 4, 5, 130 or 128+n, as the help says."""
    _open_missing_streams()
    code = _main(argv)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_the_reader()
    except (OSError, ValueError) as error:
        _forget_the_reader()
        if code == DONE:
            code = _unwritable(error)
    return code


def _main(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:1] in (["--help"], ["-h"]):
            from docstra_tui.commands.overview import overview

            _say(overview())
            return DONE
        if words[:1] in (["--version"], ["-V"]):
            _say(f"{arguments.PROGRAM} {__version__}")
            return DONE
        invocation = arguments.parse(words)
        _listen_to_signals()
        return _run(invocation)
    except SystemExit as ended:  # a signal; argparse, after a command's own help
        return ended.code if isinstance(ended.code, int) else FAILED
    except DocstraError as error:
        _complain(error.message, error.hint, DOCTOR if error.is_of_machine else "")
        return error.exit_code
    except KeyboardInterrupt:
        _complain("Cancelled.")
        return CANCELLED
    except BrokenPipeError:
        _forget_the_reader()
        return 128 + signal.SIGPIPE
    except Exception as error:  # a bug of ours is one line here and a story in a file
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
            return _unwritable(error)
        return _broken(error)


def _run(invocation: Invocation) -> int:
    if "theme" in invocation.flags:
        _check_theme(invocation.flags["theme"])
    match invocation.command:
        case task if task in arguments.TASKS:
            from docstra_tui.commands import oneshot

            return oneshot.run(invocation)
        case "files":
            from docstra_tui.commands import suggested_files

            return suggested_files.run(invocation)
        case "check":
            from docstra_tui.commands import check

            return check.run(invocation)
        case "engine":
            from docstra_tui.commands import engines

            return engines.run(invocation)
        case "index":
            from docstra_tui.commands import index

            return index.run(invocation)
        case "models":
            from docstra_tui.commands import models

            return models.run(invocation)
        case "sessions":
            from docstra_tui.commands import sessions

            return sessions.run(invocation)
        case "templates":
            from docstra_tui.commands import templates

            return templates.run(invocation)
        case "remotes":
            from docstra_tui.commands import remotes

            return remotes.run(invocation)
        case "config":
            from docstra_tui.commands import config

            return config.run(invocation)
        case "completions":
            from docstra_tui.commands import completions

            return completions.run(invocation)
        case "doctor":
            from docstra_tui.commands import doctor

            return doctor.run(invocation)
        case "reset-terminal":
            from docstra_tui.commands import terminal

            return terminal.reset()
        case _:
            from docstra_tui.commands import faces

            return faces.run(invocation)


def _listen_to_signals() -> None:
    """SIGTERM and SIGHUP unwind the stack, so that an answer is cancelled and the engine let go.

    A face with a screen of its own puts its own handlers in their place.
    """

    def end(signum: int, frame: FrameType | None) -> None:
        raise Terminated(signum)

    try:
        signal.signal(signal.SIGTERM, end)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, end)
    except ValueError:
        pass  # not in the main thread: whoever called us has its own


def _check_theme(name: str) -> None:
    """A theme that is named on the command line has to be there. Raises `SettingsError`."""
    from docstra_tui import themes

    _, problem = themes.choose(name)
    if problem is not None:
        raise problem


def _open_missing_streams() -> None:
    """A stream that the shell closed (`2>&-`) leads nowhere: nothing may fail, or land in a file of ours."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            os.dup2(opened, fd)  # inheritable, where it is the same one too
            os.set_inheritable(fd, True)
            if opened != fd:
                os.close(opened)
    # Not before all three are there: a stream's own descriptor would be one of them.
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(opened, mode, encoding="utf-8", errors="replace"))


def _unwritable(error: Exception) -> int:
    """The answer found no room."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    _complain(f"Standard output cannot be written: {reason}.")
    return FAILED


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _complain(message: str, *hints: str) -> None:
    """What went wrong, and the hints below it, on standard error."""
    from docstra_tui.invoked import as_started
    from docstra_tui.text import sanitize_text

    said = map(as_started, filter(None, hints))
    lines = [f"{arguments.PROGRAM}: {as_started(message)}", *said]
    try:
        sys.stderr.write("\n".join(map(sanitize_text, lines)) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # nobody listens


def _forget_the_reader() -> None:
    """Standard output's reader is gone: Python's flush at exit must not complain about it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass


def _broken(error: Exception) -> int:
    """An error of ours that nobody foresaw: one sentence here, the whole story in a file."""
    import traceback

    from docstra_tui import paths
    from docstra_tui.error_forms import first_line

    where = ""
    try:
        folder = paths.log_dir()
        paths.private_folder(folder.parent)
        log = paths.private_folder(folder) / "failures.log"
        with open(paths.open_private(log), "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write("".join(traceback.format_exception(error)))
        where = f"The whole story is in {log}."
    except (OSError, DocstraError):
        pass
    _complain(f"{type(error).__name__}: {first_line(error)}".rstrip(": "), where, DOCTOR)
    return FAILED
