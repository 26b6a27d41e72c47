"""Files that belong to others: who uses what they define, and what they use.

Personalised PageRank over the part of a project's graph that lies around some files, read from the index
when it is asked. An edge is a name that one file uses and another defines. A name that many define says
little, and so does a file that everybody uses: what flows to it is divided by how many that are.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from docstra_tui.context.search.spelling import parts

SEEDS = 16
"""Files that are started from, the best ones."""
DEFINERS = 5
"""Files that may define a name; one that more do is anybody's."""
USERS = 100
"""Of a name, that are counted."""
WEIGHED_USERS = 20
"""Users of a name up to which they are told one by one."""
NAMES = 60
"""Of one file that are followed to their users."""

ASKED = 5.0
"""How much more a name weighs that has a word of the question."""
MEMBER = 0.3
"""What stands in a class: without its type nobody knows whose `read` is called."""
PRIVATE = 0.1
IMPORTED = 2.0
"""For a definer whose module the user names in its imports, or whose package."""
CALM = 100
"""Users that every file is taken to have: few of them make nobody famous."""
DAMPING = 0.5
"""What of a file's weight goes on to those around it."""
ROUNDS = 3

_NO_WORDS: frozenset[str] = frozenset()
_STEM = re.compile(r"[\w-]+")


@dataclass
class Link:
    """How a file hangs together with those that were started from."""

    users: set[int] = field(default_factory=set)
    """Files among those that use what it defines."""
    name: str = ""
    """Of what it defines, that which weighs most."""
    weight: float = 0.0


@dataclass
class Related:
    """What was found around some files."""

    scores: dict[int, float] = field(default_factory=dict)
    """By file; of the one that belongs to them most 1."""
    links: dict[int, Link] = field(default_factory=dict)


def related(
    connection: sqlite3.Connection, seeds: Mapping[int, float], terms: Collection[str] = ()
) -> Related:
    """What belongs to these files, each with its weight; `terms` are words of the question, in lower case.

    Raises `sqlite3.Error` where the index cannot be read.
    """
    best = dict(sorted(seeds.items(), key=lambda seed: -seed[1])[:SEEDS])
    if not best:
        return Related()
    graph = _Graph(connection, best, terms)
    graph.read_used()
    graph.read_users()
    return graph.weighed()


class _Graph:
    """The edges around the seeds, in the making."""

    def __init__(
        self, connection: sqlite3.Connection, seeds: Mapping[int, float], terms: Collection[str]
    ) -> None:
        self._connection = connection
        self._seeds = seeds
        self._terms = frozenset(terms)
        self._listed = json.dumps(list(seeds))
        self._edges: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        self._fame: dict[int, dict[str, int]] = defaultdict(dict)
        """Of a file, how many use each of its names."""
        self._links: dict[int, Link] = defaultdict(Link)

    def _rows(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(question, values).fetchall()

    # Reading

    def read_used(self) -> None:
        """Edges from the seeds to what defines the names that they use."""
        users: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for file, name, count in self._rows(
            "SELECT file, name, count FROM uses WHERE file IN (SELECT value FROM json_each(?))", self._listed
        ):
            users[name].append((file, count))
        known = self._rare(users)
        definers, famous = self._definers(known), self._user_counts(known)
        modules = self._modules()
        for name, files in definers.items():
            if len(files) > DEFINERS:
                continue
            rarity = 1 / len(files) / (1 + famous[name]) ** 0.3 * self._weight(name)
            for file, (stems, is_member) in files.items():
                self._fame[file][name] = famous[name]
                for user, count in users[name]:
                    if user != file:
                        weight = rarity * math.sqrt(count) * (MEMBER if is_member else 1.0)
                        near = 1.0 if stems.isdisjoint(modules.get(user, _NO_WORDS)) else IMPORTED
                        self._edge(user, file, weight * near)
                        self._link(file, user, name, weight * near)

    def read_users(self) -> None:
        """Edges from the seeds to what uses the names that they define."""
        names: dict[int, set[str]] = defaultdict(set)
        for file, name in self._rows(
            "SELECT file, called FROM definitions WHERE file IN (SELECT value FROM json_each(?))"
            " AND kind NOT IN ('heading', 'key')",
            self._listed,
        ):
            if not name.startswith("_") and len(name) > 2 and len(names[file]) < NAMES:
                names[file].add(name)
        every = set().union(*names.values()) if names else set()
        famous = self._user_counts(every)
        definers = self._definers(self._rare(name for name in every if 0 < famous[name] <= WEIGHED_USERS))
        few = [name for name, files in definers.items() if len(files) <= DEFINERS]
        users: dict[str, list[int]] = defaultdict(list)
        for name, user in self._rows(
            "SELECT name, file FROM uses WHERE name IN (SELECT value FROM json_each(?))", json.dumps(few)
        ):
            users[name].append(user)
        for file, called in names.items():
            for name in called:
                self._fame[file][name] = famous[name]
                weight = self._weight(name) / max(1, len(definers.get(name, ()))) / (1 + famous[name])
                for user in users.get(name, ()):
                    if user != file:
                        self._edge(file, user, weight)

    def _definers(self, names: Iterable[str]) -> dict[str, dict[int, tuple[frozenset[str], bool]]]:
        """The files that define each name: what they are imported as, and whether in a class only."""
        rows = self._rows(
            "SELECT called, file, is_member FROM json_each(?) CROSS JOIN defined ON called = value",
            json.dumps(list(names)),
        )
        paths = self._rows(  # CROSS: else SQLite may walk through all files
            "SELECT files.id, files.path FROM json_each(?) CROSS JOIN files ON files.id = value",
            json.dumps(list({file for _, file, _ in rows})),
        )
        stems = {file: _stems(path) for file, path in paths}
        found: dict[str, dict[int, tuple[frozenset[str], bool]]] = defaultdict(dict)
        for name, file, is_member in rows:
            found[name][file] = (stems[file], bool(is_member))
        return found

    def _rare(self, names: Iterable[str]) -> list[str]:
        """Those that some files define, and not many."""
        rows = self._rows(
            "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM defined WHERE called = value"
            f" LIMIT {DEFINERS + 1})) FROM json_each(?)",
            json.dumps(list(names)),
        )
        return [name for name, count in rows if 0 < count <= DEFINERS]

    def _user_counts(self, names: Iterable[str]) -> dict[str, int]:
        return dict(
            self._rows(
                "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM uses WHERE name = value"
                f" LIMIT {USERS})) FROM json_each(?)",
                json.dumps(list(names)),
            )
        )

    def _modules(self) -> dict[int, frozenset[str]]:
        """The last words of what each seed imports."""
        found: dict[int, set[str]] = defaultdict(set)
        for file, module in self._rows(
            "SELECT file, module FROM imports WHERE file IN (SELECT value FROM json_each(?))", self._listed
        ):
            words = _STEM.findall(module)
            if len(words) > 1 and words[-1] in ("h", "hpp", "js", "ts", "py", "css"):
                words.pop()
            found[file].update(words[-1:])
        return {file: frozenset(words) for file, words in found.items()}

    # Weighing

    def _weight(self, name: str) -> float:
        asked = ASKED if self._terms and not self._terms.isdisjoint(_lowered(name)) else 1.0
        return asked * (PRIVATE if name.startswith("_") else 1.0)

    def _edge(self, source: int, target: int, weight: float) -> None:
        self._edges[source][target] += weight

    def _link(self, file: int, user: int, name: str, weight: float) -> None:
        link = self._links[file]
        link.users.add(user)
        if weight > link.weight:
            link.name, link.weight = name, weight

    def weighed(self) -> Related:
        """Weight that flows from the seeds along the edges, and stays nowhere for being famous."""
        flowing = dict(self._seeds)
        total: dict[int, float] = defaultdict(float)
        for _ in range(ROUNDS):
            arrived: dict[int, float] = defaultdict(float)
            for file, weight in flowing.items():
                edges = self._edges.get(file)
                if edges:
                    share = weight * DAMPING / (1 + sum(edges.values()))
                    for target, part in edges.items():
                        arrived[target] += share * part
            for file, weight in arrived.items():
                total[file] += weight
            flowing = arrived
        for file in total:
            total[file] /= CALM + sum(self._fame[file].values())
        most = max(total.values(), default=0.0)
        scores = {file: weight / most for file, weight in total.items()} if most else {}
        return Related(scores, dict(self._links))


@lru_cache(maxsize=20_000)
def _lowered(name: str) -> frozenset[str]:
    return frozenset(part.lower() for part in parts(name))


@lru_cache(maxsize=20_000)
def _stems(path: str) -> frozenset[str]:
    """The names under which a file may be imported: its own, and those of its folders."""
    *folders, name = path.split("/")
    return frozenset([*folders[-2:], name.split(".")[0]])
