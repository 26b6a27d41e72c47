"""Code in a sentence that says nothing of the files: commands, what every language has, examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from docstra_tui.session.citations.everyday import CAPITALS, COMMANDS, EVERYDAY, PLACEHOLDERS
from docstra_tui.session.citations.passages import WORD
from docstra_tui.session.citations.sources import Source

_ASSIGNMENT = re.compile(r"(?:[A-Za-z_]\w*=\S*\s+)+(?=\S)")
_FLAG = re.compile(r"(?:^|\s)--?[A-Za-z][\w-]*")
_PASSED = re.compile(r"\*{0,2}[A-Za-z_]\w*=[^=\s]")
"""`timeout=30`: an argument, an option, a variable of a shell."""
_STYLE = re.compile(r"(?:[a-z-]+\s?:\s?[^:;{}()=]+;\s?)+")
_TAG = re.compile(r"</?[A-Za-z][\w.-]*(?:\s[^<>]*)?/?>")
_PATTERN = re.compile(r"[\w./\\~{},*?\[\]-]*\*[\w./\\~{},*?\[\]-]*")
_SQL = re.compile(
    r"(?:SELECT\s.+?\sFROM|INSERT\s+INTO|UPDATE\s.+?\sSET|DELETE\s+FROM|"
    r"(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|VIEW|DATABASE))\s",
    re.IGNORECASE | re.DOTALL,
)
_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"})
_DECORATORS = re.compile(r"(?m)^[ \t]*@[A-Za-z]"), re.compile(r"(?m)^[ \t]*#!?\[")
"""Of Python, Java and their like, and of Rust."""
_STYLED = frozenset({"css", "scss", "less", "html", "vue", "svelte", "astro"})
_MARKED = _STYLED | {"jsx", "tsx", "xml", "markdown", "php", "javascript", "typescript", "jinja", "erb"}


def says_something(text: str) -> bool:
    """True for code with a word in it that somebody made up for something."""
    return any(len(word) > 2 and not word.isdigit() and not _is_everyday(word) for word in WORD.findall(text))


def _is_everyday(word: str) -> bool:
    return word in CAPITALS or word in EVERYDAY or word in PLACEHOLDERS


def is_command(text: str) -> bool:
    """True for a line that is typed into a shell."""
    line = text.strip().removeprefix("$ ").removeprefix("sudo ")
    line = line[match.end() :] if (match := _ASSIGNMENT.match(line)) else line
    first, _, rest = line.partition(" ")
    if "=" in rest[:2] or "(" in first:
        return False
    return first in COMMANDS or bool(match) or (bool(_FLAG.search(line)) and "(" not in line)


def is_example(text: str) -> bool:
    """True for a value as such: JSON, arguments, what is passed to something."""
    text = text.strip()
    if _PASSED.match(text):
        return True
    if text[:1] in "{[" and text[-1:] in "}]":
        try:
            return isinstance(json.loads(text), dict | list)
        except (ValueError, RecursionError):
            return False
    return False


class Shown:
    """What kinds of code the files have at all: no example of another kind is said to be in them."""

    def __init__(self, files: Sequence[Source]) -> None:
        self._files = files

    def lacks(self, text: str) -> bool:
        """True for a decorator, a statement of SQL or a tag where no file has any."""
        text = text.strip()
        for kind in _DECORATORS:
            if kind.match(text):
                return not any(kind.search(one.item.content) for one in self._files)
        if _SQL.match(text):
            return not self._has_sql
        return bool(_TAG.fullmatch(text)) and not self._has_tags

    @cached_property
    def _has_sql(self) -> bool:
        return any(one.item.language == "sql" or not _VERBS.isdisjoint(one.text.words) for one in self._files)

    @cached_property
    def _has_tags(self) -> bool:
        return any("</" in one.item.content or "/>" in one.item.content for one in self._files)


def is_remark(text: str, languages: Iterable[str]) -> bool:
    """True for what claims nothing where it stands nowhere; `languages` are those of the files."""
    text = text.strip()
    if not says_something(text) or is_command(text) or _PATTERN.fullmatch(text):
        return True
    known = frozenset(languages)
    if _STYLE.fullmatch(text):
        return known.isdisjoint(_STYLED)
    return bool(_TAG.fullmatch(text)) and known.isdisjoint(_MARKED)
