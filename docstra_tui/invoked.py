"""How this program was started, which is how its commands are typed again.

Started by its path, by `make run` say, it is not on the PATH: what is advised then would not be found.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from functools import cache

PROGRAM = "docstra-tui"
COMMANDS = (
    "ask chat check completions config doctor document engine examples explain files index models remotes "
    "reset-terminal run sessions templates"
)
ADVICE = re.compile(rf"(?<![\w./~-]){PROGRAM}(?= (?:--resume|--help|{'|'.join(COMMANDS.split())})\b)")
"""The program where a command stands behind it, in a sentence."""


def as_started(text: str) -> str:
    """`text`, and the commands in it as whoever started this program types them."""
    if PROGRAM not in text or (program := _command(sys.argv[0])) == PROGRAM:
        return text
    return ADVICE.sub(lambda found: program, text)


@cache
def _command(started: str) -> str:
    name = os.path.basename(started)
    if name != PROGRAM or os.path.dirname(started) == "":
        return PROGRAM
    on_path = shutil.which(PROGRAM)
    if on_path is not None and os.path.realpath(on_path) == os.path.realpath(started):
        return PROGRAM
    return _typed(started)


def _typed(path: str) -> str:
    """For a shell, which knows the home folder."""
    home = os.path.expanduser("~")
    if home != os.sep and path.startswith(home + os.sep):
        return "~/" + shlex.quote(path[len(home) + 1 :])
    return shlex.quote(path)
