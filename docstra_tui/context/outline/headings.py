"""What a text is about, line by line: headings of Markdown, top-level keys of TOML, YAML and JSON.

Reads lines instead of parsing, so a broken file has an outline too and nothing nests too deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable

KEYS = 24
"""Names that are listed below one key."""
WIDTH = 120

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
_NO_TITLE = re.compile(r"\s*(?:$|[>|+*\-]|\d+[.)]|<!--)")
_TABLE = re.compile(r"\s*(\[\[?[^\[\]]+\]\]?)\s*(?:#.*)?$")
_TOML_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
# Where a string has no end it takes the rest of the line: what is in it would be begun with one by one.
_STRING = re.compile(r'"(?>(?:[^"\\]|\\.)*)"?|\'[^\']*\'')
_YAML_KEY = re.compile(r"""( *)(?:- +)?("[^"]*"|'[^']*'|[^\s#:'"\-\[{&*!|>%@][^:#]*|[^\s#:]+?)\s*:(?:\s|$)""")
_JSON_TOKEN = re.compile(r'"(?>(?:[^"\\\n]|\\.)*)(?P<end>"?)|//[^\n]*+|[\[\]{},:\n]|[^\s\[\]{},:"/]++')

Section = tuple[str, int, int, list[str]]
"""A title, its first and last line from 1, and what it holds."""


def headings(content: str, language: str, first_line: int = 1) -> str | None:
    """The outline of a text; None for a language not known here, or when there is nothing to say."""
    found = sections(content, language)
    if not found:
        return None
    lines = []
    for title, start, end, names in found:
        listed = ", ".join(names[:KEYS]) + (f", … {len(names) - KEYS} more" if len(names) > KEYS else "")
        place = (
            f"line {start + first_line - 1}"
            if start == end
            else (f"lines {start + first_line - 1}-{end + first_line - 1}")
        )
        lines.append(f"{_cut(title)}  ({place}){': ' + listed if names else ''}")
    return "\n".join(lines) + "\n"


def sections(content: str, language: str) -> list[Section] | None:
    """The parts of a text in their order; None for a language not known here."""
    reader = _READERS.get(language)
    return None if reader is None else reader(content)


def _markdown(content: str) -> list[Section]:
    titles: list[tuple[str, int]] = []
    lines = content.split("\n")
    fence = ""
    for number, line in enumerate(lines, 1):
        opened = _FENCE.match(line)
        if fence:
            closes = opened is not None and opened[1].startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closes else fence
        elif opened is not None:
            fence = opened[1]
        elif _HEADING.match(line):
            titles.append((line.strip(), number))
        elif number > 1 and _UNDERLINE.match(line) and not _NO_TITLE.match(lines[number - 2]):
            marks = "#" if "=" in line else "##"
            titles.append((f"{marks} {lines[number - 2].strip()}", number - 1))
    return _until_next([(title, number, []) for title, number in titles], len(lines))


def _toml(content: str) -> list[Section]:
    found: list[tuple[str, int, list[str]]] = []
    lines = content.split("\n")
    quotes, depth, is_table = "", 0, False
    for number, line in enumerate(lines, 1):
        if quotes:
            quotes = "" if quotes in line else quotes
            continue
        if depth == 0:
            table = _TABLE.match(line)
            key = None if table else _TOML_KEY.match(line)
            if table is not None:
                found.append((table[1], number, []))
                is_table = True
            elif key is not None and is_table:
                found[-1][2].append(key[1])
            elif key is not None:
                found.append((key[1], number, []))
        for mark in ('"""', "'''"):
            if line.count(mark) == 1:
                quotes = mark
        plain = _STRING.sub("", line).partition("#")[0]
        if depth or "=" in plain:  # the brackets of a table's name close on their own line
            depth = max(0, depth + plain.count("[") + plain.count("{") - plain.count("]") - plain.count("}"))
    return _until_next(found, len(lines))


def _yaml(content: str) -> list[Section]:
    found: list[tuple[str, int, list[str]]] = []
    lines = content.split("\n")
    inner = -1
    for number, line in enumerate(lines, 1):
        key = _YAML_KEY.match(line) if len(line) < 2000 else None
        if key is None:
            continue
        indent = len(key[1])
        if indent == 0 and not line.startswith("-"):
            found.append((key[2], number, []))
            inner = -1
        elif indent and found:
            inner = indent if inner < 0 else inner
            if indent == inner and not line[indent:].startswith("-"):
                found[-1][2].append(key[2])
    return _until_next(found, len(lines))


def _json(content: str) -> list[Section]:
    """The keys of the outermost object, and those of the objects in it. Comments are passed over."""
    found: list[tuple[str, int, int, list[str]]] = []
    line, depth, last = 1, 0, ""
    kinds: list[str] = []
    for match in _JSON_TOKEN.finditer(content):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in ("{", "["):
            depth += 1
            if depth <= 2:
                kinds[depth - 1 :] = [token]
        elif token in ("}", "]"):
            depth -= 1
            if depth == 1 and found:
                title, start, _, names = found[-1]
                found[-1] = (title, start, line, names)
        elif token == ":" and last.startswith('"'):
            if depth == 1 and kinds[:1] == ["{"]:
                found.append((last, line, line, []))
            elif depth == 2 and kinds == ["{", "{"] and found:
                found[-1][3].append(_cut(last[1:-1]))
        if not token.isspace():
            last = "" if match["end"] == "" else token
    return found


def _until_next(found: list[tuple[str, int, list[str]]], count: int) -> list[Section]:
    """Each section ends where the next begins."""
    ends = [*(number - 1 for _, number, _ in found[1:]), count][: len(found)]
    return [
        (title, start, max(start, end), names) for (title, start, names), end in zip(found, ends, strict=True)
    ]


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else text[:WIDTH] + "…"


_READERS: dict[str, Callable[[str], list[Section]]] = {
    "markdown": _markdown,
    "rmarkdown": _markdown,
    "toml": _toml,
    "yaml": _yaml,
    "json": _json,
}
