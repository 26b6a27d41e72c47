"""What the lines of one `.gitignore` say about a path: ignored, taken back, or nothing.

The last rule that matches decides. Knows nothing about files that hold rules, nor about folders above.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from docstra_tui.context.files.wildcards import LONGEST, to_regex, without_trailing_spaces

_TOGETHER_RULES = 100
_TOGETHER_CHARS = 8000
"""What is searched for in one go, in which no other thread can run."""


@dataclass(frozen=True)
class _Rule:
    source: str
    """A regular expression that matches the whole of a path, or of its last part."""
    include: bool
    """False for a rule that takes back."""
    is_name: bool
    """True for a rule about the last part of a path."""

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.source)


class _Group:
    """Rules that are tried together: one look for the many paths that none of them mentions."""

    def __init__(self, rules: Sequence[_Rule]) -> None:
        self.rules = rules
        self.names = _any_of(rule.source for rule in rules if rule.is_name)
        self.paths = _any_of(rule.source for rule in rules if not rule.is_name)


class Patterns:
    """The rules of one file, for paths relative to its folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        rules = [rule for line in lines if (rule := _rule_of(_as_bytes(line))) is not None]
        self._groups = [_Group(rules) for rules in _grouped(rules[::-1])]  # the last that matches decides

    def verdict(self, path: str) -> bool | None:
        """True ignored, False taken back, None not mentioned. A folder's path ends with `/`.

        Only rules that match the path itself count: what lies in an ignored folder is decided by the
        folder, where a rule for a file would otherwise win over a rule that takes the folder back.
        """
        if not self._groups:
            return None
        if not path.isascii() or "\n" in path:
            path = _as_bytes(path)
        if len(path) > LONGEST:
            return None
        name = path[path.rfind("/", 0, -1) + 1 :]
        for group in self._groups:
            if (group.names is None or group.names(name) is None) and (
                group.paths is None or group.paths(path) is None
            ):
                continue
            for rule in group.rules:
                if rule.regex.match(name if rule.is_name else path) is not None:
                    return rule.include
        return None


def _rule_of(line: str) -> _Rule | None:
    """None for a line that rules nothing: a comment, or one that git cannot read either."""
    if line.startswith("#"):
        return None
    rule = without_trailing_spaces(line.partition("\0")[0])
    include = not rule.startswith("!")
    rule = rule.removeprefix("!")
    source = to_regex(rule)
    if source is None:
        return None
    return _Rule(source, include, is_name="/" not in rule.removesuffix("/"))


def _any_of(sources: Iterable[str]) -> Callable[[str], re.Match[str] | None] | None:
    joined = "|".join(sources)
    return re.compile(joined).match if joined else None


def _grouped(rules: Sequence[_Rule]) -> Iterator[Sequence[_Rule]]:
    group: list[_Rule] = []
    size = 0
    for rule in rules:
        size += len(rule.source)
        if group and (len(group) == _TOGETHER_RULES or size > _TOGETHER_CHARS):
            yield group
            group, size = [], len(rule.source)
        group.append(rule)
    if group:
        yield group


def _as_bytes(text: str) -> str:
    """One character for each byte, as git compares; a line end, which no rule can hold, is a NUL."""
    if not text.isascii():
        try:
            text = os.fsencode(text).decode("latin-1")
        except UnicodeEncodeError:  # no name on a disk
            text = text.encode("utf-8", "replace").decode("latin-1")
    return text.replace("\n", "\0")
