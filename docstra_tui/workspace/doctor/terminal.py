"""The terminal: what it is, how far away, what of keys, colours and copies it passes on, and the locale."""

from __future__ import annotations

import locale as system_locale
import os
import sys
from pathlib import Path

from docstra_tui.text import sanitize_line
from docstra_tui.workspace.doctor.answers import NONE, Answers
from docstra_tui.workspace.doctor.case import Case
from docstra_tui.workspace.doctor.check import Check, together, typed
from docstra_tui.workspace.terminal import colour_depth, tmux

SMALLEST = (60, 16)
"""Columns and rows below which the full screen has no room."""
FAR_SECONDS = 0.3
LONGEST_ESCAPE = 100
"""Milliseconds that tmux may hold the Escape key back."""
NO_TERMINAL = "there is no terminal here"
COLOURS = {
    colour_depth.NONE: "none",
    colour_depth.FEW: "16 at most",
    colour_depth.MANY: "256",
    colour_depth.ALL: "16 million",
}
NO_COPIES = {"Apple_Terminal": "Terminal.app"}
"""By TERM_PROGRAM: terminals that drop what is copied to them."""


def terminal(case: Case) -> Check:
    """Which, how large, and over what."""
    name, term = "terminal", case.environ.get("TERM", "")
    size = _size()
    if size is None:
        return Check(name, "ok", "none here: commands and pipes work, the full screen needs one")
    over = ", over SSH" if case.environ.get("SSH_CONNECTION") else ""
    detail = f"{term or 'TERM is not set'}, {size[0]} × {size[1]}{over}"
    if term in NONE:
        return Check(name, "warn", f"{detail}: only the plain chat works", "export TERM=xterm-256color")
    if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
        room = f"{SMALLEST[0]} × {SMALLEST[1]}"
        return Check(name, "warn", f"{detail}: the full screen wants {room}", "docstra-tui chat")
    return Check(name, "ok", detail)


def _size() -> tuple[int, int] | None:
    """Columns and rows; None where no standard stream is a terminal."""
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        try:
            size = os.get_terminal_size(stream.fileno()) if stream is not None else None
        except (OSError, ValueError):
            continue
        if size is not None:
            return size.columns, size.lines
    return None


def colours(case: Case) -> Check:
    """How many it shows, from its name and what it says of itself."""
    name, term = "colours", case.environ.get("TERM", "")
    if _size() is None:
        return Check(name, "ok", f"none: {NO_TERMINAL}")
    shown = COLOURS[colour_depth.colours_of(case.environ)]
    if case.environ.get("NO_COLOR"):
        return Check(name, "ok", f"{shown}, as NO_COLOR says")
    if term not in NONE and not _is_described(term):
        detail = f"{shown}; this machine has no description of {term}, which other programs need"
        return Check(
            name, "warn", detail, f"on your own machine: infocmp -x {typed(term)} | ssh HOST tic -x -"
        )
    return Check(name, "ok", shown)


def _is_described(term: str) -> bool:
    folders = [
        Path.home() / ".terminfo",
        Path("/etc/terminfo"),
        Path("/lib/terminfo"),
        Path("/usr/lib/terminfo"),
    ]
    folders += [Path("/usr/share/terminfo"), Path("/usr/local/share/terminfo")]
    folders += [Path(place) for place in os.environ.get("TERMINFO", "").split(os.pathsep) if place]
    folders += [Path(place) for place in os.environ.get("TERMINFO_DIRS", "").split(os.pathsep) if place]
    there = [folder for folder in folders if folder.is_dir()]
    names = (f"{term[0]}/{term}", f"{ord(term[0]):x}/{term}")
    return not there or any((folder / one).is_file() for folder in there for one in names)


def round_trip(case: Case) -> Check:
    """How far it is: from a question to its answer."""
    name, answers = "round trip", _answers(case)
    if answers.seconds is not None:
        detail = f"{answers.seconds * 1000:.0f} ms"
        if answers.seconds > FAR_SECONDS:
            return Check(name, "warn", f"{detail}: the screen is drawn more seldom", "ssh -C, or mosh")
        return Check(name, "ok", detail)
    if answers.why_not:
        return Check(name, "ok", f"not measured: {answers.why_not}")
    return Check(name, "warn", "the terminal did not answer within a second", "docstra-tui reset-terminal")


def keys(case: Case) -> Check:
    """What Enter-like keys send."""
    name, answers = "keys", _answers(case)
    line = "Ctrl+J and Alt+Enter break the line"
    if answers.tells_keys is None:
        return Check(name, "ok", f"not known: {answers.why_not or 'it did not answer'}; {line}")
    if answers.tells_keys:
        return Check(name, "ok", "Shift+Enter is told apart from Enter")
    return Check(name, "ok", f"Shift+Enter sends what Enter does; {line}")


def clipboard(case: Case) -> Check:
    """Whether it takes copies (OSC 52); it is not asked for what is in it."""
    name = "clipboard"
    program = case.environ.get("TERM_PROGRAM", "")
    if _size() is None:
        return Check(name, "ok", f"none: {NO_TERMINAL}")
    if case.environ.get("TERM", "") in (*NONE, "linux"):
        return Check(name, "ok", "none here; what you copy is in a file")
    if program in NO_COPIES:
        detail = f"{NO_COPIES[program]} takes no copies (OSC 52); what you copy is in a file too"
        return Check(name, "warn", detail, "another terminal, or: docstra-tui ask … | pbcopy")
    if case.environ.get("TMUX"):
        return Check(name, "ok", "through tmux's own buffer")
    if _answers(case).takes_copies:
        return Check(name, "ok", "the terminal takes copies (OSC 52)")
    return Check(name, "ok", "copies are sent (OSC 52); whether it takes them, no terminal says for sure")


def _answers(case: Case) -> Answers:
    try:
        return case.answers.result(case.left)
    except TimeoutError:
        return Answers("it did not answer in time")


def multiplexer(case: Case) -> Check:
    """What of tmux's settings, or of screen, changes how this program looks and listens."""
    name = "tmux, screen"
    if case.environ.get("TMUX"):
        return _tmux(case)
    if case.environ.get("STY"):
        detail = "in screen: copies stay in their file, and Escape waits for maptimeout"
        return Check(name, "warn", detail, "screen -X maptimeout 10")
    return Check(name, "ok", "neither is around")


TMUX_ASKED = (
    "version",
    "escape-time",
    "set-clipboard",
    "focus-events",
    "allow-passthrough",
    "default-terminal",
)


def _tmux(case: Case) -> Check:
    name = "tmux, screen"
    said = sanitize_line((tmux.says("|".join(f"#{{{what}}}" for what in TMUX_ASKED)) or "").strip())
    if len(said.split("|")) != len(TMUX_ASKED):
        return Check(name, "warn", "tmux does not answer", "tmux info")
    told = dict(zip(TMUX_ASKED, said.split("|"), strict=True))
    found: list[Check] = []

    def add(detail: str, cure: str) -> None:
        found.append(Check(name, "warn", detail, cure))

    if told["escape-time"].isdigit() and int(told["escape-time"]) > LONGEST_ESCAPE:
        add(f"Escape waits {told['escape-time']} ms", "tmux set -s escape-time 20")
    if told["set-clipboard"] == "off":
        add("copies go no further than tmux", "tmux set -s set-clipboard external")
    if not told["default-terminal"].startswith(("tmux", "screen-256", "xterm-256")):
        shown = told["default-terminal"] or "no terminal"
        add(f"what runs in it is told it is {shown}", "tmux set -s default-terminal tmux-256color")
    if case.settings.notify != "off" and told["focus-events"] in ("off", "0"):
        add("it does not say when you leave", "tmux set -s focus-events on")
    if case.settings.notify.startswith("osc") and told["allow-passthrough"] in ("off", "0"):
        add("notifications do not pass", "tmux set -g allow-passthrough on")
    return together(name, found, f"tmux {told['version']}, set up well")


def locale(case: Case) -> Check:
    """Whether letters beyond ASCII pass, here and in the programs beside."""
    name = "locale"
    said = {one: value for one in ("LC_ALL", "LC_CTYPE", "LANG") if (value := _started_with(case, one))}
    wanted = next(iter(said.values()), "")
    cure = f"export {'LC_ALL' if 'LC_ALL' in said else 'LANG'}=C.UTF-8"
    encoding = (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower()
    if not encoding.replace("-", "").startswith("utf8"):
        detail = f"what is written is encoded as {encoding}: only the plain chat works"
        is_said = case.environ.get("PYTHONIOENCODING")
        return Check(name, "warn", detail, "unset PYTHONIOENCODING" if is_said else cure)
    if "utf" not in wanted.lower() and not (wanted and sys.platform == "darwin"):
        which = f"the locale is {wanted}" if wanted else "no locale is set"
        return Check(name, "warn", f"{which}: we write UTF-8, other programs may not", cure)
    # Python has set it at its start; where that failed, there is no such locale.
    if "utf" in wanted.lower() and not wanted.startswith("C") and _in_force() == "C":
        return Check(name, "warn", f"the locale {wanted} is not installed on this machine", cure)
    return Check(name, "ok", f"{wanted}, {encoding}")


def _in_force() -> str:
    return system_locale.setlocale(system_locale.LC_CTYPE).partition(".")[0]


def _started_with(case: Case, variable: str) -> str:
    """As it was when this process began: Python sets LC_CTYPE by itself where the locale is C."""
    value = case.environ.get(variable, "")
    if variable != "LC_CTYPE" or value not in ("C.UTF-8", "C.utf8", "UTF-8"):
        return value
    try:
        begun = Path("/proc/self/environ").read_bytes().split(b"\0")
    except OSError:
        return value
    return value if any(one.startswith(b"LC_CTYPE=") for one in begun) else ""
