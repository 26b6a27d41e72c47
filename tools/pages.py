"""The pages of docs/ and the parts of others that are made from the program, so that they cannot lie.

Usage: python tools/pages.py [--check]. Writes them; with --check it writes nothing, names what differs and
ends with 1. A part of a page that is written by hand stands between `<!-- NAME: made by tools/pages.py -->`
and `<!-- end -->`.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import json
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from textual.binding import Binding
from textual.dom import DOMNode

import docstra_tui
from docstra_tui import errors, settings, tui
from docstra_tui.commands import arguments
from docstra_tui.commands.arguments import PROGRAM
from docstra_tui.commands.flags import COMMON, Option
from docstra_tui.commands.overview import overview
from docstra_tui.key_names import known_key, shown_keys
from docstra_tui.keymap import TABLE
from docstra_tui.remotes import Remote
from docstra_tui.repl.keys import KEYS as CHAT_KEYS
from docstra_tui.setting_sources import variable_of
from docstra_tui.setting_words import default_of, meanings, of_remotes
from docstra_tui.tui.main.key_table import key_table
from docstra_tui.tui.main.main_keys import APP_KEYS, MAIN_KEYS
from docstra_tui.tui.screens.help import Section
from docstra_tui.workspace import commands

PROJECT = Path(__file__).resolve().parent.parent
MADE = "<!-- Made by tools/pages.py from the program: `make docs` writes it again. -->"
PART = re.compile(r"(<!-- (\w+): made by tools/pages\.py -->\n).*?(<!-- end -->\n)", re.DOTALL)

FIRST_KEYS = (
    *("main.tree", "main.back", "main.palette", "main.sessions", "main.conversation", "main.search"),
    *("main.find", "main.prompt", "main.restart", "main.interrupt", "app.quit", "main.help"),
)
"""What the README shows of the keys, by their ids."""


TYPED = (errors.UsageError, errors.SettingsError, errors.TemplateError)
"""Errors of what somebody wrote just now, which they name."""
KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, errors.DocstraError)
    and kind is not errors.DocstraError
    and kind not in TYPED
]
"""All others, as they stand there."""

KEYS_WORDS = """\
Each has an id, by which `config.toml` gives it other keys; `""` is none:

```toml
[keys]
main.tree = "f2, ctrl+e"
transcript.copy = ["c", "ctrl+y"]
main.restart = ""
```

A key that is given to something is taken from what came with it; two that are given the same one are an
error, and so is an id that nobody knows. A letter or a sign is no key where text is written. In the inline
chat the same ids mean the same, as far as it has them; Ctrl+C stays the signal that it is."""


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
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    if differing:
        sys.stdout.write("\nThe program says something else: make docs writes these pages again.\n")
    return differing


def pages() -> dict[Path, str]:
    """Every file that is made, and what is to stand in it."""
    docs = PROJECT / "docs"
    readme, troubleshooting = PROJECT / "README.md", docs / "troubleshooting.md"
    parts = {"help": fenced(overview()), "keys": table(("key", "does"), first_keys())}
    made = {
        docs / "commands.md": page("Commands", commands_page()),
        PROJECT / "docstra_tui" / TABLE.name: key_rows(),
        docs / "keys.md": page("Keys", keys_page()),
        docs / "settings.md": page("Settings", settings_page()),
        readme: with_parts(readme, parts),
    }
    if troubleshooting.exists():
        made[troubleshooting] = with_parts(troubleshooting, {"errors": "\n\n".join(error_parts())})
    return made


def with_parts(path: Path, parts: dict[str, str]) -> str:
    return PART.sub(lambda part: f"{part[1]}\n{parts[part[2]]}\n\n{part[3]}", path.read_text())


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
    return key_table([*MAIN_KEYS, *APP_KEYS], {})


def key_rows() -> str:
    """Every binding of both faces, a line each, as `docstra_tui/keymap.py` reads it."""
    rows: dict[str, list[Any]] = {}
    for binding in all_bindings():
        words = binding.tooltip or binding.description
        row = rows.setdefault(binding.id or "", [binding.id, "", words, ["screen"], binding.priority])
        row[1] = ",".join(
            dict.fromkeys((*filter(None, row[1].split(",")), *map(known_key, binding.key.split(","))))
        )
        row[2] = row[2] or words
    for key in CHAT_KEYS:
        rows.setdefault(key.id, [key.id, key.keys, key.words, [], False])[3].append("chat")
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows.values())
    return f"[\n{lines}\n]\n"


def all_bindings() -> Iterator[Binding]:
    """Those with an id, of every widget and screen there is; what comes first on the screen comes first."""
    for module in pkgutil.walk_packages(tui.__path__, "docstra_tui.tui."):
        importlib.import_module(module.name)
    kinds: list[type] = [DOMNode]
    for kind in kinds:
        kinds += kind.__subclasses__()
    ours = {
        f"{kind.__module__} {kind.__qualname__}": kind for kind in kinds if kind.__module__.startswith("docs")
    }
    found = [key for _, bindings in sections() for key in bindings]
    found += [key for name in sorted(ours) for key in ours[name].__dict__.get("BINDINGS", ())]
    return (key for key in found if isinstance(key, Binding) and key.id)


def keys_page() -> Iterator[str]:
    yield (
        "F1 shows the same but for the last part. What tmux or screen takes for itself has another key\n"
        "too, and where nothing is written `h` `j` `k` `l` are arrows."
    )
    yield KEYS_WORDS
    for title, bindings in sections():
        yield f"## {title}"
        named = [key for key in bindings if isinstance(key, Binding) and key.tooltip]
        rows = ((shown_keys(key.key), key.tooltip, code(key.id or "")) for key in named)
        yield table(("key", "does", "id"), rows)
    yield "## The rest"
    yield "Editing, dialogs, and what only the inline chat has."
    told = {key.id for _, keys in sections() for key in keys if isinstance(key, Binding) and key.tooltip}
    rest = [row for row in json.loads(key_rows()) if row[0] not in told]
    yield table(
        ("key", "does", "id"), ((shown_keys(keys), words, code(name)) for name, keys, words, *_ in rest)
    )


def first_keys() -> Iterator[tuple[str, str]]:
    known = {
        key.id: key for _, bindings in sections() for key in bindings if isinstance(key, Binding) and key.id
    }
    return ((shown_keys(known[name].key), known[name].tooltip) for name in FIRST_KEYS)


def settings_page() -> Iterator[str]:
    yield (
        "The defaults, then `config.toml` (`docstra-tui config path` says where), then variables, then\n"
        "flags. `docstra-tui config show` prints what is in force; a key nobody knows is an error."
    )
    yield (
        "`config set KEY VALUE` and `config unset KEY` write it and keep what stands in it; `config edit`\n"
        "opens it in your editor and takes only what is understood; `config schema` prints its JSON Schema,\n"
        "for editors; `/settings` shows and changes all of it while a folder is open.\n"
        "`[keys]` gives bindings other keys: [keys.md](keys.md)."
    )
    only = ", ".join(code(key) for key in sorted(settings.PROJECT_KEYS))
    yield f"A project's own `{settings.PROJECT_FILE}` may set only {only}."
    flags = {option.key: option.flags[0] for option in COMMON if option.key}
    yield table(
        ("key", "default", "variable, flag", "means"),
        (
            (
                code(key),
                code(json_of(default_of(key))) if default_of(key) is not None else "not set",
                ", ".join(map(code, filter(None, (variable_of(key), flags.get(key))))),
                words,
            )
            for key, words in meanings().items()
            if key != "keys"
        ),
    )
    yield "## Other servers by name"
    yield (
        "`[remote.NAME]` says where a server is and how it is asked; `--remote NAME`, `/remote NAME` and\n"
        "`remote.name` have it answer. `config set remote.NAME.base_url URL` begins one. No key stands\n"
        "here: a remote has its own file or variable for it, and no other server is ever sent it."
    )
    remote = Remote()
    yield table(
        ("below `[remote.NAME]`", "default", "means"),
        (
            (
                code(field),
                code(json_of(value)) if (value := getattr(remote, field)) is not None else "not set",
                words,
            )
            for field, words in of_remotes().items()
        ),
    )


def error_parts() -> Iterator[str]:
    """Every kind of error with what it is, and each sentence of it that comes with something to do."""
    told = said_errors()
    for kind in KINDS:
        rows = list(dict.fromkeys(told.get(kind.__name__, ())))
        if not rows and kind.__subclasses__():
            continue
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__)
        yield f"### {words.capitalize()}"
        about = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        yield f"{about} Exit code {kind.exit_code}."
        if rows:
            yield table(
                ("it says", "to do"), ([re.sub(r"([*<\[])", r"\\\1", words) for words in row] for row in rows)
            )


def said_errors() -> dict[str, list[tuple[str, str]]]:
    """What is raised, by the name of its class: sentence and hint, `…` where a value is filled in."""
    sources = {
        path: path.read_text() for folder in docstra_tui.__path__ for path in Path(folder).rglob("*.py")
    }
    trees = {path: ast.parse(text) for path, text in sorted(sources.items()) if "errors import" in text}
    names = {kind.__name__ for kind in KINDS}
    rows: dict[str, list[tuple[str, str]]] = {}
    for tree in trees.values():
        known = constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                said = [literal(word, known) for word in node.args]
                if len(said) == 2 and all(len(re.findall(r"[A-Za-z]{2,}", words)) > 1 for words in said):
                    rows.setdefault(node.func.id, []).append((said[0], said[1]))
    return rows


def constants(tree: ast.Module) -> dict[str, str]:
    """Texts that a module names."""
    known = {"PROGRAM": PROGRAM}
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(str(text))):
                known[name] = text
    return known


def literal(node: ast.expr, known: dict[str, str]) -> str:
    """The text that an expression makes, as far as it is known before it runs."""
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.JoinedStr():
            return re.sub("…[…]+", "…", "".join(literal(part, known) for part in node.values))
        case ast.FormattedValue():
            return literal(node.value, known)
        case ast.BinOp(op=ast.Add()):
            return literal(node.left, known) + literal(node.right, known)
        case ast.Name():
            return known.get(node.id, "…")
        case _:
            return "…"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """The heads, a rule and the rows; a bar inside a cell does not end it."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def json_of(value: object) -> str:
    return msgspec.json.encode(value).decode()


def code(text: str) -> str:
    return f"`{text}`"


def fenced(text: str) -> str:
    return f"```text\n{text}\n```"


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
