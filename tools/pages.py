"""The pages of docs/ and the parts of README.md that are made from the program, so that they cannot lie.

Usage: python tools/pages.py [--check]. Writes them; with --check it writes nothing, names what differs and
ends with 1. In README.md a part stands between `<!-- NAME: made by tools/pages.py -->` and `<!-- end -->`.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from textual.binding import Binding

from docstra_tui import settings
from docstra_tui.commands import arguments
from docstra_tui.commands.arguments import COMMON, PROGRAM, Option
from docstra_tui.commands.overview import overview
from docstra_tui.setting_sources import variable_of
from docstra_tui.tui.app import DocstraApp
from docstra_tui.tui.main.key_table import key_table
from docstra_tui.tui.main.screen import MainScreen
from docstra_tui.tui.screens.help import Section, shown_keys
from docstra_tui.workspace import commands

PROJECT = Path(__file__).resolve().parent.parent
MADE = "<!-- Made by tools/pages.py from the program: `make docs` writes it again. -->"
PART = re.compile(r"(<!-- (\w+): made by tools/pages\.py -->\n).*?(<!-- end -->\n)", re.DOTALL)

FIRST_KEYS = (
    *("main.tree", "main.back", "main.palette", "main.sessions", "main.conversation", "main.search"),
    *("main.prompt", "main.restart", "main.interrupt", "app.quit", "main.help"),
)
"""What the README shows of the keys, by their ids."""


def main(*, check: bool) -> int:
    """Write what differs, or only name it."""
    differing = 0
    for path, text in pages().items():
        before = path.read_text() if path.exists() else ""
        if before == text:
            continue
        if check:
            differing = 1
            names = f"{path.relative_to(PROJECT)}", "made from the program"
            lines = difflib.unified_diff(before.splitlines(), text.splitlines(), *names, lineterm="", n=0)
            sys.stdout.writelines(f"{line}\n" for line in lines)
        else:
            path.write_text(text)
    if differing:
        sys.stdout.write("\nThe program says something else: make docs writes these pages again.\n")
    return differing


def pages() -> dict[Path, str]:
    """Every file that is made, and what is to stand in it."""
    docs = PROJECT / "docs"
    readme = PROJECT / "README.md"
    parts = {"help": fenced(overview()), "keys": table(("key", "does"), first_keys())}
    return {
        docs / "commands.md": page("Commands", commands_page()),
        docs / "keys.md": page("Keys", keys_page()),
        docs / "settings.md": page("Settings", settings_page()),
        readme: PART.sub(lambda part: f"{part[1]}\n{parts[part[2]]}\n\n{part[3]}", readme.read_text()),
    }


def page(title: str, paragraphs: Iterable[str]) -> str:
    return "\n\n".join([f"# {title}", MADE, *paragraphs]) + "\n"


def commands_page() -> Iterator[str]:
    yield "What is typed in a shell; `docstra-tui COMMAND --help` says the same."
    yield fenced(overview())
    for command in arguments.COMMANDS:
        yield f"## `{f'{PROGRAM} {command.name}'.strip()}`"
        yield fenced(f"{PROGRAM} {command.name} {command.words} [FLAGS]".replace("  ", " "))
        yield f"{command.help[:1].upper()}{command.help[1:]}."
        if command.options:
            yield table(("flag", "means"), map(flag_row, command.options))
        if command.more:
            yield fenced(command.more)
    yield "## While a folder is open"
    yield (
        "Typed at the beginning of a line: in the composer of the full screen, where the palette (F4) has\n"
        "them too, and in `docstra-tui chat`."
    )
    faces = {"screen": "full screen", "chat": "chat"}
    yield table(
        ("command", "does", "where"),
        (
            (code(row.usage), row.help, "both" if len(row.faces) > 1 else faces[next(iter(row.faces))])
            for row in commands.COMMANDS
        ),
    )


def flag_row(option: Option) -> tuple[str, str]:
    return code(f"{', '.join(option.flags)} {option.value}".strip()), option.help


def sections() -> list[Section]:
    return key_table([*MainScreen.BINDINGS, *DocstraApp.BINDINGS])


def keys_page() -> Iterator[str]:
    yield "F1 shows the same. What tmux or screen takes for itself has another key too."
    for title, bindings in sections():
        yield f"## {title}"
        named = [key for key in bindings if isinstance(key, Binding) and key.tooltip]
        yield table(("key", "does"), ((shown_keys(key), key.tooltip) for key in named))


def first_keys() -> Iterator[tuple[str, str]]:
    known = {
        key.id: key for _, bindings in sections() for key in bindings if isinstance(key, Binding) and key.id
    }
    return ((shown_keys(known[name]), known[name].tooltip) for name in FIRST_KEYS)


def settings_page() -> Iterator[str]:
    yield (
        "The defaults, then `config.toml` (`docstra-tui config path` says where), then variables, then\n"
        "flags. `docstra-tui config show` prints what is in force; a key nobody knows is an error."
    )
    only = ", ".join(code(key) for key in sorted(settings.PROJECT_KEYS))
    yield f"A project's own `{settings.PROJECT_FILE}` may set only {only}."
    flags = {option.key: option.flags[0] for option in COMMON if option.key}
    values = defaults()
    yield table(
        ("key", "default", "variable, flag", "means"),
        (
            (
                code(key),
                code(msgspec.json.encode(values[key]).decode()) if values[key] is not None else "not set",
                ", ".join(map(code, filter(None, (variable_of(key), flags.get(key))))),
                words,
            )
            for key, words in meanings()
        ),
    )


def defaults() -> dict[str, object]:
    found: dict[str, object] = {}
    for key in settings.known_keys():
        value: object = settings.Settings()
        for part in key.split("."):
            value = getattr(value, part)
        found[key] = value
    return found


def meanings() -> Iterator[tuple[str, str]]:
    """Every key, and the sentence under it in the source."""
    said = {
        (node.name, name): words
        for node in ast.parse(inspect.getsource(settings)).body
        if isinstance(node, ast.ClassDef)
        for name, words in attributes(node).items()
    }
    groups = {field.name: field.type for field in msgspec.structs.fields(settings.Settings)}
    for key in settings.known_keys():
        group, _, name = key.rpartition(".")
        owner = groups[group].__name__ if group else "Settings"
        yield key, said[owner, name]


def attributes(node: ast.ClassDef) -> dict[str, str]:
    """The text under each attribute, on one line."""
    found: dict[str, str] = {}
    for statement, below in zip(node.body, node.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(below, ast.Expr):
            found[ast.unparse(statement.target)] = " ".join(str(ast.literal_eval(below.value)).split())
    return found


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The heads, a rule and the rows; a bar inside a cell does not end it."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


def fenced(text: str) -> str:
    return f"```\n{text}\n```"


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
