"""What a shell needs to complete our words, made from the table of commands.

The shell reads it once: nothing of ours runs while somebody types.
"""

from __future__ import annotations

import argparse
from typing import Any, Literal, get_args, get_origin, get_type_hints

import shtab

from docstra_tui import themes
from docstra_tui.commands.arguments import COMMANDS, PROGRAM, SCREEN, Command, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.commands.flags import COMMON, Option
from docstra_tui.settings import Settings

PATHS = {"--file": shtab.FILE, "--model": shtab.FILE, "--output": shtab.DIRECTORY}
"""Flags that take a path, or may; one that takes a `FILE` takes a file."""

WORDS = {"chat": shtab.DIRECTORY, "document": shtab.FILE, "explain": shtab.FILE, "sessions": shtab.FILE}
"""Commands whose words are paths."""

FOLDERS = {
    "bash": ("complete -o bashdefault -F", "complete -o bashdefault -o default -F"),
    "zsh": ("commands' _commands\n", "commands' _commands\n  _directories\n"),
    "fish": (
        f"complete -c {PROGRAM} -f\n",
        f"complete -c {PROGRAM} -f\n"
        f"complete -c {PROGRAM} -n '__fish_is_first_arg' -a '(__fish_complete_directories)'\n",
    ),
}
"""The first word may be a folder too, which shtab has no name for: what stands in its script, and what
takes its place."""


def run(invocation: Invocation) -> int:
    """`completions bash`: print the script."""
    Console().line(script(invocation.action))
    return 0


def script(shell: str) -> str:
    """The script of one shell: commands and their actions, flags, paths, and what has few values."""
    made = str(shtab.complete(_parser(), shell=shell))
    found, wanted = FOLDERS[shell]
    return made.replace(found, wanted).rstrip("\n")  # a later shtab may write it otherwise: no folders then


def _parser() -> argparse.ArgumentParser:
    """The words of the command line as shtab reads them: it sees what argparse was told, not what we do."""
    parser = argparse.ArgumentParser(prog=PROGRAM, add_help=False)
    commands = parser.add_subparsers()
    for command in COMMANDS:
        if command.name == SCREEN:
            _add_flags(parser, command)
            continue
        own = commands.add_parser(command.name, help=command.help, description=command.help, add_help=False)
        _add_flags(own, command)
        if command.actions:
            own.add_argument("action", choices=command.actions)
        if command.name in WORDS:
            _completed(own.add_argument("words", nargs="*"), WORDS[command.name])
    return parser


def _add_flags(parser: argparse.ArgumentParser, command: Command) -> None:
    parser.add_argument("-h", "--help", help="what there is", action="store_true")
    for option in (*command.options, *COMMON):
        action = parser.add_argument(*option.flags, help=option.help, **option.extra)
        if (values := _values(option)) and action.nargs != 0:
            action.choices = values
        if option.flags[-1] in PATHS:
            _completed(action, shtab.FILE if option.value == "FILE" else PATHS[option.flags[-1]])


def _values(option: Option) -> tuple[str, ...]:
    """The values of a flag that has few; none for any other."""
    if option.key == "theme":
        return tuple(sorted(themes.load_all()[0]))
    kind: Any = Settings
    for part in option.key.split(".") if option.key else ():
        kind = get_type_hints(kind)[part]
    return tuple(value for value in get_args(kind) if value) if get_origin(kind) is Literal else ()


def _completed(action: argparse.Action, by: Any) -> None:
    action.complete = by  # type: ignore[attr-defined]  # where shtab looks
