"""Names of code: what a span must look like to be one, and where what was sent defines or uses it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docstra_tui.session.citations.definitions import Defined, definitions, is_quick
from docstra_tui.session.citations.everyday import EVERYDAY
from docstra_tui.session.citations.passages import words_of
from docstra_tui.session.citations.places import PACKAGES
from docstra_tui.session.citations.sources import Source, Sources

if TYPE_CHECKING:
    from concurrent.futures import Future

LONGEST = 200
"""Characters of a name."""
PARSED = 4_000_000
"""Characters of files that are parsed for one answer."""

_PART = r"[^\W\d][\w$]*[!?]?"
_NAME = rf"{_PART}(?:(?:\.|::|->|\#){_PART})*"
_SYMBOL = re.compile(rf"[@&*.]?(?P<name>[$~]?{_NAME})(?:\(\s?(?:\.\.\.|…)?\s?\))?")
_CALL = re.compile(rf"[@&*.!]?(?P<name>{_NAME})\((?P<given>.*)\)(?:\s?(?:->|:)[^()]*)?", re.DOTALL)
_RECEIVER = re.compile(r"\((?:\w+ )?[*&]?(\w+)\)\s?\.?(?=\w)")
"""Go's `(*Server).Start`."""
_PARAMETERS = re.compile(r"(?:\*{0,2}[^\W\d]\w*\??(?:,\s?(?!$)|$))+")
_TYPED = re.compile(r"(?:::)?<[^<>()=]*>|(?<=\w)\[[^\[\]()=]*\]")
_DEFINED = re.compile(rf"(?P<name>{_NAME})\b")
_HEAD = re.compile(
    r"(?:(?:async|await|return|raise|throw|new|yield|defer|go|export|default|pub|public|private|protected|static|"
    r"abstract|final|override|virtual|inline|const|(?P<defines>def|function|fn|func|class|struct|interface|enum|"
    r"trait|impl|mod|module|namespace|type))\s+)+"
)
"""What stands before a name where it is defined or used."""
_DECORATORS = ("@", "#[")
_SEPARATOR = re.compile(r"::|->|\.|#")
_BEFORE = frozenset({"self", "this", "cls", "crate", "super", "Self", "root"})
"""What a name may begin with that stands for where it is."""


@dataclass(frozen=True)
class Symbol:
    """A name, in its parts."""

    parts: tuple[str, ...]
    is_called: bool = False
    """True where it has brackets."""

    @property
    def is_word(self) -> bool:
        """True for one word of small letters and nothing else, which may be any word."""
        return len(self.parts) == 1 and not self.is_called and self.last.isalpha() and self.last.islower()

    @property
    def last(self) -> str:
        return self.parts[-1]

    @property
    def owner(self) -> Symbol | None:
        """What it belongs to: `Retry` of `Retry.sleep`."""
        return Symbol(self.parts[:-1]) if len(self.parts) > 1 else None

    @property
    def is_everyday(self) -> bool:
        return len(self.parts) == 1 and (self.last.lower() in EVERYDAY or len(self.last) < 3)


@dataclass(frozen=True)
class Definition:
    """Where a name is defined."""

    source: Source
    row: int
    last_row: int

    @property
    def line(self) -> int | None:
        return self.source.text.number(self.row)

    def is_at(self, first: int | None, last: int | None) -> bool:
        """True where these lines begin with it, with what decorates it, or have it among them."""
        if self.line is None or first is None:
            return False
        return first <= self.line <= (first if last is None else last) or first in self._decorated

    @property
    def _decorated(self) -> range:
        """The lines above it that belong to it: `@cached`, `#[test]`."""
        lines, row = self.source.text.lines, self.row
        while row and lines[row - 1].lstrip().startswith(_DECORATORS):
            row -= 1
        return range((self.line or 0) - (self.row - row), self.line or 0)

    @property
    def end_line(self) -> int | None:
        if self.source.text.count is not None:
            return self.line
        return self.source.text.number(self.last_row)


def symbol(text: str) -> Symbol | None:
    """`Retry.sleep`, `sleep()`, `Vec::new`, `@cached`; None for anything else."""
    if len(text) > LONGEST or (match := _SYMBOL.fullmatch(_bare(text))) is None:
        return None
    return replace(_named(match["name"]), is_called="(" in text)


def called(text: str) -> Symbol | None:
    """What a call calls: `sleep` of `sleep(3)`."""
    if len(text) > LONGEST or (match := _CALL.fullmatch(_bare(text))) is None:
        return None
    return _named(match["name"])


def parameters(text: str) -> frozenset[str] | None:
    """The names in the brackets of `load(path, limit)`; None where anything else stands there."""
    match = _CALL.fullmatch(_bare(text)) if len(text) <= LONGEST else None
    if match is None or _PARAMETERS.fullmatch(match["given"]) is None:
        return None
    return frozenset(part.strip(" *?") for part in match["given"].split(","))


def within(text: str) -> Symbol | None:
    """The name that some code is about: what it calls or defines, a type without what it holds."""
    if len(text) > LONGEST:
        return None
    bare = _bare(text)
    head = _HEAD.match(bare)
    bare = _bare(bare[head.end() :]) if head is not None else bare
    for _ in range(4):
        bare = _TYPED.sub("", bare)
    bare = bare.rstrip(" :{;")
    match = _CALL.fullmatch(bare) or _SYMBOL.fullmatch(bare)
    if match is None and head is not None and head["defines"]:
        match = _DEFINED.match(bare)
    return _named(match["name"]) if match is not None else None


def _bare(text: str) -> str:
    return _RECEIVER.sub(r"\1.", text.strip(), count=1) if "(" in text else text.strip()


def _named(name: str) -> Symbol:
    return Symbol(tuple(_SEPARATOR.split(name.lstrip("$~"))))


class Definitions:
    """The definitions of what was sent, as far as somebody asked for them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[int, dict[str, list[Defined]]] = {}
        """Of each item by its place among all, by the last part of their names."""
        self._last = _first_beyond(sources, PARSED)
        """Items up to here are parsed, whatever is asked for."""
        self._coming: tuple[list[int], Future[list[tuple[Defined, ...] | None]]] | None = None
        """Items that are being parsed."""
        self.unknown: set[str] = set()
        """Files of which nobody knows what they define, since no parser came to an end with them."""

    def get_ready(self) -> None:
        """Have all parsed, before anybody asks. Blocks."""
        definitions([source.item for source in self._sources.all[: self._last]])

    def prepare(self, names: frozenset[str]) -> None:
        """Have everything parsed that may define one of these, with one process, which nobody waits for
        here. Names are the last parts of what is asked for."""
        self._settle()
        words = {word for name in names for word in words_of(name)[:1]}
        sources = self._sources.all

        def having(are_quick: bool) -> list[int]:
            return [
                number
                for number in range(self._last)
                if number not in self._known
                and is_quick(sources[number].item) == are_quick
                and not words.isdisjoint(sources[number].text.words)
            ]

        # A process takes a while to start: the others are looked through meanwhile.
        if slow := having(are_quick=False):
            from docstra_tui.background import begin

            items = [sources[number].item for number in slow]
            self._coming = slow, begin(lambda: definitions(items), "definitions")
        quick = having(are_quick=True)
        self._take(quick, definitions([sources[number].item for number in quick]))

    def _settle(self) -> None:
        """Have what comes. Blocks."""
        if self._coming is None:
            return
        (wanted, coming), self._coming = self._coming, None
        self._take(wanted, coming.result())

    def _take(self, wanted: Sequence[int], defined: Sequence[Sequence[Defined] | None]) -> None:
        for number, found in zip(wanted, defined, strict=True):
            if found is None:
                self.unknown.add(self._sources.all[number].path or "the code")
                found = ()
            by_last: dict[str, list[Defined]] = {}
            for one in found:
                by_last.setdefault(_last(one.name), []).append(one)
            self._known[number] = by_last

    def of(self, name: Symbol) -> list[Definition]:
        """Where a name is defined: all that it can mean, nothing for one of another class or module."""
        self._settle()
        found = []
        for number, source in enumerate(self._sources.all):
            for one in self._known.get(number, {}).get(name.last, ()):
                if _fits(name.parts, _parts(one.name), source):
                    found.append(Definition(source, one.row, one.last_row))
        return sorted(found, key=lambda one: one.source.is_old)

    def alike(self, last: str) -> Definition | None:
        """Somewhere that something with this last part is defined."""
        self._settle()
        for number, source in enumerate(self._sources.all):
            for one in self._known.get(number, {}).get(last, ()):
                return Definition(source, one.row, one.last_row)
        return None


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in _SEPARATOR.split(name) if part) or (name,)


def _last(name: str) -> str:
    """The same as the last of `_parts`, for most names at once."""
    return name if name.isidentifier() else _parts(name)[-1]


def _fits(wanted: Sequence[str], defined: Sequence[str], source: Source) -> bool:
    """True where a name is the end of what is defined, or all of it behind what it stands in."""
    if len(wanted) <= len(defined):
        return tuple(defined[-len(wanted) :]) == tuple(wanted)
    before, rest = wanted[: -len(defined)], wanted[-len(defined) :]
    if tuple(rest) != tuple(defined):
        return False
    while before and before[0] in _BEFORE:
        before = before[1:]
    modules = (source.path or "").rpartition(".")[0].split("/")
    if modules[-1] in PACKAGES:
        modules.pop()
    return modules[len(modules) - len(before) :] == list(before) or all(map(source.is_around, before))


def _first_beyond(sources: Sources, room: int) -> int:
    for number, source in enumerate(sources.all):
        room -= len(source.item.content)
        if room < 0:
            return number
    return len(sources.all)
