"""Task templates as files: a text with places for values, and in front of it what is said of the two.

`review.md` is the template `review`: its text, where that begins with `+++` after a head in TOML that ends
with another `+++`. The user's own lie in the configuration's `templates/`; one that is called like a
built-in template takes its place. Nothing of what is read here was written by us, so an error names file,
line and field. Knows nothing of models.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docstra_tui import paths
from docstra_tui.errors import TemplateError

ENDINGS = (".txt", ".md")
FENCE = "+++"
MAX_BYTES = 100_000
"""A larger file is no template."""
NAME = re.compile(r"\w[\w .+-]*")
"""No name has a colon: what stands before one says whose template it is."""
PLACEHOLDER = re.compile(r"\{\{([A-Za-z_]\w*)\}\}|\{([A-Za-z_]\w*)\}")
FROM_FILES = ("context", "code", "language", "additional_context")
"""The values of a template that nobody has to give."""

COMMAND = "run"
"""What asks with one, behind a slash."""

_PLAIN = re.compile(r"[^\s\"]\S*")
_HEAD_KEYS = ("title", "description", "fields")
_FIELD_KEYS = ("asks", "default")
_TOML_LINE = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")


@dataclass(frozen=True)
class Field:
    """A value that somebody gives."""

    name: str
    asks: str = ""
    """What it is, in words."""
    default: str | None = None
    """None where it has to be given."""


@dataclass(frozen=True)
class Template:
    """One of them, and what is said of it."""

    name: str
    text: str
    title: str = ""
    description: str = ""
    fields: tuple[Field, ...] = ()
    """Those of the head, then others that the text wants, in its order."""
    source: str = ""
    """All of the file."""
    where: str = ""
    """The file, or who has it; not yet safe to show."""

    @property
    def sha256(self) -> str:
        """Of all that the file says."""
        return hashlib.sha256(self.source.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def defaults(self) -> dict[str, str]:
        """The values that nobody has to give."""
        return {field.name: field.default for field in self.fields if field.default is not None}

    def missing(self, values: Mapping[str, str]) -> list[Field]:
        """Those that have to be given and are not."""
        return [field for field in self.fields if field.default is None and field.name not in values]


def placeholders(text: str) -> list[str]:
    """The names a template wants, in order, each once."""
    names = (match[2] for match in PLACEHOLDER.finditer(text) if match[2])
    return list(dict.fromkeys(names))


def write_words(name: str, values: Mapping[str, str]) -> str:
    """What one types to ask with a template: `/run review focus="a b"`."""
    return " ".join(
        [f"/{COMMAND}", quoted(name), *(f"{key}={quoted(value)}" for key, value in values.items())]
    )


def quoted(word: str) -> str:
    """A name or a value as it stands in such a line."""
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def folder() -> Path:
    """Where the user's own are kept."""
    return paths.config_dir() / "templates"


def load_all(wrong: dict[str, TemplateError] | None = None) -> dict[str, Template]:
    """The user's own by name. One that cannot be used is told in `wrong`; without it, it is raised."""
    found: dict[str, Template] = {}
    for path in sorted(folder().glob("*")):
        if path.suffix not in ENDINGS or not path.is_file():
            continue
        try:
            found[path.stem] = read(path)
        except TemplateError as error:
            if wrong is None:
                raise
            wrong[path.stem] = error
    return found


def read(path: Path) -> Template:
    """A template file. Raises `TemplateError` that says where in it something is wrong."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise TemplateError(f"The template {path} cannot be read: it is no regular file.")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror or error}.") from error
    return parse(path.stem, decode(data, str(path)), str(path))


def decode(data: bytes, where: str) -> str:
    """The text of a template file. Raises `TemplateError`."""
    if len(data) > MAX_BYTES:
        raise TemplateError(f"The template {where} cannot be read: it has more than {MAX_BYTES:,} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TemplateError(
            f"The template {where} cannot be read: line {line} is not UTF-8.", "Save it as UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(name: str, source: str, where: str, *, prefix: str = "") -> Template:
    """What a file says; its template is called `prefix` and `name`. Raises `TemplateError`."""
    if not NAME.fullmatch(name):
        raise TemplateError(
            f"{where}: a template cannot be called {name!r}.", "Letters, digits, spaces and ._+- make a name."
        )
    head_text, text = _split(source, where)
    head = _Head(where, head_text)
    values = head.read()
    if not text.strip():
        raise TemplateError(f"{where}: there is no text below the head.", "It is what the model is asked.")
    wanted = placeholders(text)
    fields = head.fields(values.get("fields", {}), wanted)
    described = {field.name for field in fields}
    fields += [Field(key) for key in wanted if key not in FROM_FILES and key not in described]
    title, description = (head.text((key,), values.get(key, "")) for key in ("title", "description"))
    return Template(prefix + name, text, title, description, tuple(fields), source, where)


def _split(source: str, where: str) -> tuple[str, str]:
    """The head and the text."""
    first, _, rest = source.partition("\n")
    if first.rstrip() != FENCE:
        return "", source
    lines = rest.split("\n")
    for number, line in enumerate(lines):
        if line.rstrip() == FENCE:
            return "\n".join(lines[:number]), "\n".join(lines[number + 1 :])
    raise TemplateError(
        f"{where}:1: the head that begins here has no end.", f"A line {FENCE} ends it, and the text follows."
    )


class _Head:
    """What stands between the fences; every error says on which line."""

    def __init__(self, where: str, text: str) -> None:
        self._where = where
        self._text = text

    def read(self) -> dict[str, Any]:
        try:
            values = tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:  # ValueError: also a number too long to be one
            found = _TOML_LINE.search(str(error))
            line = int(found[1]) if found and found[1] else self._text.count("\n") + 1
            said = _TOML_LINE.sub("", str(error)).rstrip(".") or type(error).__name__
            said = "it is nested too deeply" if isinstance(error, RecursionError) else said
            raise TemplateError(
                f"{self._where}:{line + 1}: the head is no TOML: {said}.",
                'Text stands in quotes: title = "…"',
            ) from error
        self._know((), values, _HEAD_KEYS)
        return values

    def fields(self, table: Any, wanted: list[str]) -> list[Field]:
        """The fields in their order, each of them wanted by the text."""
        if not isinstance(table, dict):
            raise self._wrong(("fields",), "is a table", "Write [fields], and below it a line for each.")
        found = []
        for name, value in table.items():
            key = ("fields", name)
            if name == "context":
                raise self._wrong(key, "is what the files become", "Nobody gives it; leave the line out.")
            if name not in wanted:
                raise self._wrong(
                    key, "is not in the text", _meant(name, wanted) or f"Write {{{name}}} there."
                )
            found.append(self._field(key, value))
        return found

    def _field(self, key: tuple[str, ...], value: Any) -> Field:
        if isinstance(value, str):
            return Field(key[-1], default=value)
        if not isinstance(value, dict):
            raise self._wrong(key, f"takes text, not {value!r:.40}", "Its default in quotes, or a table.")
        self._know(key, value, _FIELD_KEYS)
        asks = self.text((*key, "asks"), value.get("asks", ""))
        default = value.get("default")
        return Field(key[-1], asks, None if default is None else self.text((*key, "default"), default))

    def text(self, key: tuple[str, ...], value: Any) -> str:
        if not isinstance(value, str):
            raise self._wrong(key, f"takes text, not {value!r:.40}", "Put it in quotes.")
        return value

    def _know(self, key: tuple[str, ...], table: dict[str, Any], known: tuple[str, ...]) -> None:
        for name in table:
            if name not in known:
                raise self._wrong(
                    (*key, name), "is unknown", _meant(name, known) or f"Known are {', '.join(known)}."
                )

    def _wrong(self, key: tuple[str, ...], what: str, hint: str) -> TemplateError:
        return TemplateError(f"{self._where}:{self._line(key)}: {'.'.join(key)} {what}.", hint)

    def _line(self, key: tuple[str, ...]) -> int:
        """Where a key stands in the file, as far as that can be seen without reading TOML again."""
        at, lines = 0, self._text.split("\n")
        for part in key:
            written = re.compile(rf"""(^|[\s\[.{{,"']){re.escape(part)}["']?\s*[\].=]""")
            at = next((row for row in range(at, len(lines)) if written.search(lines[row])), at)
        return at + 2  # the first line is the fence


def _meant(name: str, known: list[str] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""
