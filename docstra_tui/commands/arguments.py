"""The words of the command line: which commands there are, and what their arguments mean.

A table, a parser made from it, and nothing that runs. Imports no settings, so that `--help` costs
no more than argparse.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from docstra_tui.commands.flags import (
    AUTO_FILES,
    CHECK,
    COMMON,
    EACH,
    FILES,
    FORCE,
    LANGUAGE,
    LOOKED_INTO,
    MEASURE,
    NO_MOUSE,
    OF_EXPORT,
    OF_TASKS,
    OUTPUT,
    RESUME,
    SEND_SECRETS,
    SHOW_THINKING,
    WORDS,
    Option,
)
from docstra_tui.commands.more_help import (
    ASKING,
    CHECKING,
    FILLING,
    LOOKING,
    MANY,
    ONE_SHOT,
    SESSIONS,
    SUGGESTING,
)
from docstra_tui.errors import UsageError
from docstra_tui.workspace.commands import commands_of

PROGRAM = "docstra-tui"
SCREEN = ""
"""The command without a name: the full screen."""


@dataclass(frozen=True)
class Command:
    """One command: a row of the help, and how its words are read."""

    name: str
    words: str
    """Its positional arguments, as the help writes them."""
    help: str
    options: tuple[Option, ...] = ()
    actions: tuple[str, ...] = ()
    """The words that may come first; without any, the first one is meant."""
    most: int | None = None
    """How many words it takes at most; None is any number."""
    more: str = ""
    """What its own help says below the flags."""


def _task(name: str, *options: Option, more: str, most: int | None = None) -> Command:
    """A task of the faces, as a command that answers and ends."""
    row = next(row for row in commands_of("shell") if row.name == name)
    return Command(name, row.words, row.help, (*options, *OF_TASKS), most=most, more=more)


COMMANDS: tuple[Command, ...] = (
    Command(SCREEN, "[PATH]", "full screen, on the folder PATH", (RESUME, NO_MOUSE), most=1),
    Command("chat", "[PATH]", "inline chat in the terminal", (RESUME, NO_MOUSE), most=1),
    _task(
        "ask",
        FILES,
        AUTO_FILES,
        EACH,
        CHECK,
        most=1,
        more=ASKING + ONE_SHOT,
    ),
    _task(
        "explain",
        FILES,
        LANGUAGE,
        OUTPUT,
        FORCE,
        more=MANY + ONE_SHOT,
    ),
    _task(
        "document",
        FILES,
        LANGUAGE,
        OUTPUT,
        FORCE,
        more=MANY + ONE_SHOT,
    ),
    _task("examples", FILES, LANGUAGE, most=1, more=ONE_SHOT),
    _task("run", FILES, more=FILLING + ONE_SHOT),
    Command(
        "files",
        "QUESTION [FOLDER]",
        "which files a question is about",
        (WORDS, SEND_SECRETS),
        most=2,
        more=SUGGESTING,
    ),
    Command(
        "check",
        "ANSWER.md|-",
        "what a text says of files",
        (LOOKED_INTO,),
        most=1,
        more=CHECKING,
    ),
    Command(
        "templates",
        "[list|show|copy|review] [NAME]",
        "what run fills",
        actions=("list", "show", "copy", "review"),
        most=2,
        more="show prints the file of one. copy NAME [AS] puts one among yours, the folder\n"
        "templates beside config.toml, as AS where that is given. review has you read one\n"
        "that a project offers, so that a script can run it.",
    ),
    Command(
        "sessions",
        "[list|search|show|…] [SESSION]",
        "saved conversations",
        (SHOW_THINKING, *OF_EXPORT),
        actions=("list", "search", "show", "export", "import", "rename", "delete"),
        more=SESSIONS,
    ),
    Command(
        "engine",
        "[list|status|stop|logs] [ENGINE]",
        "the loaded models that stay hot",
        (Option(("--all",), "stop every engine", "", {"action": "store_true"}),),
        actions=("list", "status", "stop", "logs"),
        most=1,
        more="ENGINE is the beginning of its id or model; needed where there are several.",
    ),
    Command(
        "index",
        "[status|clear] [FOLDER]",
        "what is kept of a project's files",
        (Option(("--all",), "of every project", "", {"action": "store_true"}),),
        actions=("status", "clear"),
        most=1,
        more="The app and files keep the words of a project's text files, to find the ones\n"
        "that a question is about. clear removes them; they are made again when needed,\n"
        'by the app only while the setting index is "auto".',
    ),
    Command(
        "models",
        "[list|pull|forget|…] [NAME]",
        "the models of this machine",
        (
            Option(("--hub",), "forget: also what the hub's cache has of it", "", {"action": "store_true"}),
            Option(("--yes",), "forget: without asking", "", {"action": "store_true"}),
        ),
        actions=("list", "pull", "convert", "inspect", "forget"),
        most=1,
        more="It has list, pull, convert, inspect and forget.\n"
        "forget NAME removes what is kept of a model: converted weights, the starter's\n"
        "file, measured speeds. It says what and how many bytes, and asks; without a\n"
        "terminal nothing is removed but with --yes. With --hub the hub's cache too,\n"
        "which other programs use: of NAME:QUANT only its files, with --revision only\n"
        "that one.",
    ),
    Command(
        "remotes",
        "[list|forget] [REMOTE|HOST]",
        "named servers, allowed hosts",
        actions=("list", "forget"),
        most=1,
        more="A [remote.NAME] of config.toml is a server: --remote NAME has it answer.\n"
        "After forget a host that is always allowed is asked about again: HOST is all\n"
        "of its ports, HOST:PORT or a URL one.\n"
        "No server is asked anything.",
    ),
    Command(
        "config",
        "[show|set|edit|…] [KEY [VALUE]]",
        "the settings and where they stand",
        actions=("show", "path", "set", "unset", "edit", "schema"),
        more="show            what is in force; path says where config.toml is\n"
        "set KEY VALUE   changes config.toml and keeps the rest of it; unset KEY too\n"
        "edit            opens it in $VISUAL or $EDITOR, takes what is understood\n"
        "schema          its JSON Schema, for editors\n"
        "A key of the keyboard is keys.ID, as in keys.main.tree; docs/keys.md has them.",
    ),
    Command(
        "completions",
        "[bash|zsh|fish]",
        "complete these words in a shell",
        actions=("bash", "zsh", "fish"),
        most=0,
        more="Where a shell looks for it:\n"
        "  bash  ~/.local/share/bash-completion/completions/docstra-tui\n"
        "  zsh   a folder of $fpath, as _docstra-tui\n"
        "  fish  ~/.config/fish/completions/docstra-tui.fish",
    ),
    Command("doctor", "", "what is wrong here, and what to do", (MEASURE,), most=0, more=LOOKING),
    Command("reset-terminal", "", "put a garbled terminal right", most=0),
)

TASKS = tuple(row.name for row in commands_of("shell"))
"""The commands that answer and end."""

NAMES = tuple(command.name for command in COMMANDS if command.name)


@dataclass(frozen=True)
class Invocation:
    """One command line, understood."""

    command: str
    """A name of `NAMES`, or `SCREEN`."""
    action: str
    """One of the command's actions; empty where it has none."""
    words: tuple[str, ...]
    """The positional arguments that are left."""
    flags: dict[str, Any]
    """Settings by their dotted key, only those that were given."""
    options: dict[str, Any]
    """The other flags by their name."""


def command_of(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The command and what follows it: the first argument when it is a command's name, else the screen.

    A folder that is called like a command is written `./ask`. Raises `UsageError` for a name that is neither
    a command nor there.
    """
    if arguments and arguments[0] in NAMES:
        return arguments[0], list(arguments[1:])
    # `~` comes unexpanded where no shell has seen it bare: from quotes, from `make run DIR='~/src'`.
    if (
        arguments
        and not arguments[0].startswith("-")
        and not os.path.lexists(os.path.expanduser(arguments[0]))
    ):
        near = nearest(arguments[0], NAMES)
        raise UsageError(
            f"There is no command and no folder {arguments[0]!r}.",
            f"Did you mean {PROGRAM} {near}?" if near else f"See {PROGRAM} --help.",
        )
    return SCREEN, list(arguments)


def parse(arguments: Sequence[str]) -> Invocation:
    """Understand a command line (without the program's name). Raises `UsageError`.

    Raises `SystemExit` after `--help` has been printed.
    """
    name, rest = command_of(arguments)
    command = next(row for row in COMMANDS if row.name == name)
    # argparse loses words behind `--` when flags and words are mixed, so they are taken off first.
    behind: list[str] = []
    if "--" in rest:
        cut = rest.index("--")
        rest, behind = rest[:cut], rest[cut + 1 :]
    found = vars(_parser(command).parse_intermixed_args(rest))
    words = [*found.pop("words"), *behind]
    flags = {
        option.key: found.pop(dest)
        for option in COMMON
        if option.key and (dest := option.flags[0].lstrip("-").replace("-", "_")) in found
    }
    flags = {key: value for key, value in flags.items() if value is not None}
    if name in (SCREEN, "chat"):
        words = _path_or_session(words, found)
    action = _action(command, words) if command.actions else ""
    _check_count(command, words)
    return Invocation(name, action, tuple(words), flags, found)


def nearest(word: str, known: Sequence[str]) -> str:
    """The known word that `word` was probably meant to be; empty when none is near."""
    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else ""


class _Parser(argparse.ArgumentParser):
    """argparse that raises our errors instead of printing its own."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")

    def print_help(self, file: Any = None) -> None:
        """argparse swallows a disk that is full."""
        (file or sys.stdout).write(self.format_help())


def _parser(command: Command) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=f"{PROGRAM} {command.name}".strip(),
        usage=f"{PROGRAM} {command.name} {command.words} [flags]".replace("  ", " "),
        description=f"{command.help[:1].upper()}{command.help[1:]}.",
        epilog=command.more or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    own = parser.add_argument_group("flags of this command") if command.options else parser
    for option in command.options:
        own.add_argument(*option.flags, help=option.help, **option.extra)
    common = parser.add_argument_group("flags of every command")
    for option in COMMON:
        common.add_argument(*option.flags, help=option.help, **option.extra)
    return parser


def _action(command: Command, words: list[str]) -> str:
    """Take the action off the words; without one it is the command's first."""
    if not words:
        return command.actions[0]
    word = words.pop(0)
    if word in command.actions:
        return word
    near = nearest(word, command.actions)
    raise UsageError(
        f"{PROGRAM} {command.name} has no action {word!r}.",
        f"Did you mean {near}?" if near else f"It has: {', '.join(command.actions)}.",
    )


def _path_or_session(words: list[str], options: dict[str, Any]) -> list[str]:
    """`--resume src` with a folder and no other word means: the last session, on that folder."""
    value = options.get("resume")
    if not words and value is not None and value != "last" and os.path.isdir(os.path.expanduser(value)):
        options["resume"] = "last"
        return [value]
    return words


def _check_count(command: Command, words: Sequence[str]) -> None:
    if command.name in ("ask", "examples"):  # standard input may be named beside the text
        words = [word for word in words if word != "-"]
    if command.most is None or len(words) <= command.most:
        return
    over = words[command.most]
    if command.name == SCREEN and (meant := [word for word in words if word in NAMES]):
        raise UsageError(f"The command comes first: {PROGRAM} {meant[0]} …", "Flags follow it, in any order.")
    if command.name in ("ask", "examples"):
        raise UsageError(
            f"{PROGRAM} {command.name} takes one text, and {over!r} is a second.",
            "Put the text in quotes; files go behind -f.",
        )
    raise UsageError(
        f"{over!r} is one word too many.", f"See {PROGRAM} {command.name} --help.".replace("  ", " ")
    )
