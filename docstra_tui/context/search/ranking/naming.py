"""Files that a question names: `lexing.py`, `search/lexing`, the lexing module, the makefile.

How surely one is meant is found out of the question alone. What is written as only a file's name is
(with its ending, behind its folder, as an identifier) means that file. A mere word means the file that is
called so as far as the question speaks of nothing else: all that it says, in "What does the makefile do?",
and next to nothing where "index" is one word of many.
"""

from __future__ import annotations

import json
import posixpath
import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from docstra_tui.context.search.filenames import name_of
from docstra_tui.context.search.ranking.everyday import SILENT
from docstra_tui.context.search.ranking.vocabulary import stem

MOST_WORDS = 200
"""Of a question in which names are looked for."""
LONGEST = 5
"""Words of a name."""
DEEPER = 0.7
"""What a file is meant less by for each folder that it lies deeper than another one of its name."""
LIKELY = 0.5
"""How surely one is meant that the question calls a file, or that is spelled as `README` or `Makefile` is."""
LEAST = 1 / 3
"""Of what a question speaks of: a mere word that is less of it means no file."""

_WORD = re.compile(r"[^\W_]+")
_APART = re.compile(r"[_ ./\\-]{1,3}")
"""What may stand between two words of a name."""
_WITHIN = re.compile(r"[^\W_][_-]+[^\W_]")
_FOLDER = re.compile(r"(?<![\w-])([\w-]++)[/\\.]+_*$")
_MORE = re.compile(r"[/\\.]+\w")
_FOLDERS = 200
"""Characters in which they are looked for."""


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SORTS = _set("module script package page document guide stylesheet")
"""Behind a name they say that a file is meant."""
_ASKS = frozenset(
    map(
        stem,
        _SORTS
        | _set(
            "class code contain contents define definition describe explain export file function import "
            "inside list method overview purpose responsible show step summarise summarize summary walk"
        ),
    )
)
"""What any file may be asked: says nothing of which."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Some words of a question that may be the name of a file."""

    name: str
    words: tuple[str, ...]
    """In small letters."""
    written: str
    """As it is in the question."""
    place: tuple[int, int]
    """Its first word and the one behind its last."""
    folders: tuple[str, ...]
    """Those that are written in front of it, the last one first, in small letters."""
    is_file: bool
    """The question says so: the settings module."""
    is_likely: bool
    """The same, but that may as well be a file of another: the lock file."""
    has_more: bool
    """Behind it the path goes on: it is a folder there, or what has a member."""


def mentions_of(text: str) -> list[Mention]:
    """All that may be one, longer ones first."""
    found = [*_WORD.finditer(text)][:MOST_WORDS]
    words = [one[0].lower() for one in found]
    mentions = []
    for first, begin in enumerate(found):
        folders = _folders(text[max(0, begin.start() - _FOLDERS) : begin.start()])
        for after in range(first + 1, min(first + LONGEST, len(found)) + 1):
            end = found[after - 1]
            if after - first > 1 and not _APART.fullmatch(text, found[after - 2].end(), end.start()):
                break
            following = words[after] if after < len(words) else ""
            mentions.append(
                Mention(
                    name_of("".join(words[first:after])),
                    tuple(words[first:after]),
                    text[begin.start() : end.end()],
                    (first, after),
                    folders,
                    following in _SORTS,
                    following == "file",
                    _MORE.match(text, end.end()) is not None,
                )
            )
    return sorted(mentions, key=lambda one: one.place[0] - one.place[1])


def _folders(before: str) -> tuple[str, ...]:
    """`search`, `context` of `context/search/`."""
    found = []
    while (one := _FOLDER.search(before)) is not None:
        found.append(one[1].lower())
        before = before[: one.start()]
    return tuple(found)


def meant(
    connection: sqlite3.Connection, mentions: Sequence[Mention], worth: Mapping[str, float]
) -> list[dict[int, float]]:
    """For each name, how surely each file called so is meant, 1 where nothing else can be; `worth` is what
    each word of the question counts in it."""
    called = _called(connection, mentions)
    share_of = _Shares(worth)
    found: list[dict[int, float]] = []
    taken: set[int] = set()
    for mention in mentions:
        files = called[mention.name]
        if files and taken.isdisjoint(range(*mention.place)):
            unsure = max(0.0, (share_of(mention.words) - LEAST) / (1 - LEAST))
            is_other = _is_other(connection, mention.written, [file for file, *_ in files])
            least = min(path.count("/") for _, path, _ in files)
            group = {
                file: _sure(mention, path, kind, unsure, is_other) * DEEPER ** (path.count("/") - least)
                for file, path, kind in files
            }
            if any(group.values()):
                taken.update(range(*mention.place))
                found.append(group)
    return found


def _called(
    connection: sqlite3.Connection, mentions: Sequence[Mention]
) -> dict[str, list[tuple[int, str, str]]]:
    """The files of each name that has any, with their paths and kinds."""
    rows = connection.execute(
        "SELECT name, file, files.path, kind FROM json_each(?) CROSS JOIN named ON name = value"
        " CROSS JOIN files ON files.id = file",
        (json.dumps([*{one.name for one in mentions}]),),
    ).fetchall()
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for name, *row in rows:
        found[name].append((row[0], row[1], row[2]))
    return found


def _is_other(connection: sqlite3.Connection, written: str, files: Collection[int]) -> bool:
    """Whether a file of another name defines what is written so."""
    rows = connection.execute("SELECT file FROM defined WHERE called = ? LIMIT 20", (written,)).fetchall()
    return any(file not in files for (file,) in rows)


class _Shares:
    """How much of what the question speaks of some of its words are."""

    def __init__(self, worth: Mapping[str, float]) -> None:
        self._worth = {stem(word): value for word, value in worth.items()}
        self._every = sum(value for one, value in self._worth.items() if one not in _ASKS)

    def __call__(self, words: Sequence[str]) -> float:
        if len(words) == 1 and stem(words[0]) not in self._worth and words[0] not in SILENT:
            return 1.0  # no file says it, and one is called so
        said = {*map(stem, words)}
        every = self._every + sum(self._worth.get(one, 0.0) for one in said & _ASKS)
        return sum(self._worth.get(one, 0.0) for one in said) / (every or 1.0)


def _sure(mention: Mention, path: str, kind: str, unsure: float, is_other: bool) -> float:
    """How sure it is that this file is meant, where a mere word of the question were it so much."""
    folder, name = posixpath.split(path)
    begin, ending = posixpath.splitext(name)
    folders = folder.lower().split("/")[::-1] if folder else []
    if mention.name not in (name_of(begin), name_of(name)):  # it opens the folder that is called so
        if folders[1 : 1 + len(mention.folders)] != [*mention.folders] or mention.has_more:
            return 0.0
        return 1.0 if mention.folders or mention.is_file else unsure
    if mention.folders:
        return float(folders[: len(mention.folders)] == [*mention.folders])
    is_name = _WITHIN.search(mention.written) or not mention.written.islower()
    if mention.written in (name, begin) and is_name and not is_other:
        return 1.0
    if mention.name == name_of(name) and ending and mention.written.lower().endswith(ending.lower()):
        return 1.0
    if mention.name != name_of(begin):
        return 0.0
    if mention.is_file:
        return 1.0
    is_usual = kind in ("docs", "config") and (not ending or not begin.islower())
    return max(LIKELY, unsure) if mention.is_likely or is_usual else unsure
