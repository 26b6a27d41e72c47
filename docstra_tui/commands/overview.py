"""The help of the whole program: a line for each command and each common flag."""

from __future__ import annotations

from docstra_tui.commands.arguments import COMMANDS, PROGRAM
from docstra_tui.commands.flags import COMMON, NO_MOUSE, RESUME


def overview() -> str:
    """Made from the table."""
    rows = [(f"{c.name} {c.words}".strip(), c.help) for c in COMMANDS]
    width = max(len(left) for left, _ in rows) + 2
    lines = ["Ask your code, on your GPU box, over plain SSH.", "", f"Usage: {PROGRAM} [COMMAND] [FLAGS]", ""]
    lines += [f"  {left:<{width}}{right}" for left, right in rows]
    lines += ["", "Flags, anywhere after the command:"]
    options = [*COMMON, RESUME, NO_MOUSE]
    lefts = [" ".join([option.flags[0], option.value]).strip() for option in options]
    width = max(map(len, lefts)) + 2
    lines += [f"  {left:<{width}}{option.help}" for left, option in zip(lefts, options, strict=True)]
    lines += [
        f"  {'--version':<{width}}the version",
        f"  {'--help':<{width}}this text; behind a command, its own",
        "",
        "Settings: the defaults, then config.toml, then DOCSTRA_* variables, then flags.",
        "Exit codes: 0 done, 1 failed, 2 usage, 3 no model or engine, 4 does not fit,",
        "5 not in the files (check), 130 cancelled, 128+N ended by signal N.",
    ]
    return "\n".join(lines)
