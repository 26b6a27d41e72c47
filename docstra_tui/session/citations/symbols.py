"""Names of code: what a span must look like to be one, and where what was sent defines or uses it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from docstra_tui.background import begin
from docstra_tui.session.citations.definitions import Defined, definitions, is_quick
from docstra_tui.session.citations.passages import words_of
from docstra_tui.session.citations.sources import Source, Sources

LONGEST = 200
"""Characters of a name."""
PARSED = 4_000_000
"""Characters of files that are parsed for one answer."""

_PART = r"[^\W\d][\w$]*[!?]?"
_SYMBOL = re.compile(rf"[@&*]?(?P<name>[$~]?{_PART}(?:(?:\.|::|->|\#){_PART})*)(?:\(\s?(?:\.\.\.|…)?\s?\))?")
_CALL = re.compile(rf"(?P<name>{_PART}(?:(?:\.|::|->){_PART})*)\(.*\)", re.DOTALL)
_SEPARATOR = re.compile(r"::|->|\.|#")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


EVERYDAY = _set(
    "true false none null nil undefined nan self this cls super int str float bool bytes list dict set "
    "tuple object type string number boolean void char long short double byte any unknown never array map "
    "vec option result some ok err if else elif for while do switch case match break continue return "
    "yield try except catch finally raise throw with as import from export default class struct enum "
    "interface trait impl fn def func function let const var static public private protected async await "
    "lambda new delete in is not and or pass assert global nonlocal del print len range open main init "
    "args kwargs __init__ __main__ __name__ exception error valueerror typeerror keyerror indexerror "
    "attributeerror runtimeerror oserror ioerror stopiteration notimplementederror python python3 pip "
    "bash sh zsh git npm node yarn cargo rustc go java javac make cmake gcc clang docker curl sudo json "
    "yaml toml xml html css csv sql http https utf-8 utf8 ascii unicode stdin stdout stderr get post put "
    "patch head options localhost linux macos windows posix unix path size_t enter escape esc tab space "
    "backspace ctrl alt shift home end insert up down left right usize isize u8 u16 u32 u64 i8 i16 i32 "
    "i64 f32 f64"
)
"""Words that belong to no project; where no file defines them nobody claimed anything."""


@dataclass(frozen=True)
class Symbol:
    """A name, in its parts."""

    parts: tuple[str, ...]

    @property
    def last(self) -> str:
        return self.parts[-1]

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

    @property
    def end_line(self) -> int | None:
        if self.source.text.count is not None:
            return self.line
        return self.source.text.number(self.last_row)


def symbol(text: str) -> Symbol | None:
    """`Retry.sleep`, `sleep()`, `Vec::new`, `@cached`; None for anything else."""
    text = text.strip()
    if len(text) > LONGEST or (match := _SYMBOL.fullmatch(text)) is None:
        return None
    return Symbol(tuple(_SEPARATOR.split(match["name"].lstrip("$~"))))


def called(text: str) -> Symbol | None:
    """What a call calls: `sleep` of `sleep(3)`."""
    text = text.strip()
    if len(text) > LONGEST or (match := _CALL.fullmatch(text)) is None:
        return None
    return Symbol(tuple(_SEPARATOR.split(match["name"])))


class Definitions:
    """The definitions of what was sent, as far as somebody asked for them."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._known: dict[int, dict[str, list[Defined]]] = {}
        """Of each item by its place among all, by the last part of their names."""
        self._last = _first_beyond(sources, PARSED)
        """Items up to here are parsed, whatever is asked for."""
        self._coming: tuple[list[int], Future[list[tuple[Defined, ...]]]] | None = None
        """Items that are being parsed."""

    def prepare(self, names: frozenset[str]) -> None:
        """Have everything parsed that may define one of these, with one process, which nobody waits for
        here. Names are the last parts of what is asked for."""
        self._settle()
        words = {word for name in names for word in words_of(name)[:1]}
        sources = self._sources.all
        wanted = [
            number
            for number in range(self._last)
            if number not in self._known and not words.isdisjoint(sources[number].text.words)
        ]
        quick = [number for number in wanted if is_quick(sources[number].item)]
        slow = [number for number in wanted if not is_quick(sources[number].item)]
        if slow:
            items = [sources[number].item for number in slow]
            self._coming = slow, begin(lambda: definitions(items), "definitions")
        self._take(quick, definitions([sources[number].item for number in quick]))

    def _settle(self) -> None:
        """Have what comes. Blocks."""
        if self._coming is None:
            return
        (wanted, coming), self._coming = self._coming, None
        self._take(wanted, coming.result())

    def _take(self, wanted: Sequence[int], defined: Sequence[Sequence[Defined]]) -> None:
        for number, found in zip(wanted, defined, strict=True):
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
                if _fits(name.parts, _parts(one.name), source.path or ""):
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


def _fits(wanted: Sequence[str], defined: Sequence[str], path: str) -> bool:
    """True where a name is the end of what is defined, or all of it behind the name of its file."""
    if len(wanted) <= len(defined):
        return tuple(defined[-len(wanted) :]) == tuple(wanted)
    before, rest = wanted[: -len(defined)], wanted[-len(defined) :]
    if tuple(rest) != tuple(defined):
        return False
    if tuple(before) in (("self",), ("this",), ("cls",)):
        return True
    modules = path.rpartition(".")[0].split("/")
    if modules[-1] in ("__init__", "mod", "index", "lib"):
        modules.pop()
    return len(before) <= len(modules) and modules[-len(before) :] == list(before)


def _first_beyond(sources: Sources, room: int) -> int:
    for number, source in enumerate(sources.all):
        room -= len(source.item.content)
        if room < 0:
            return number
    return len(sources.all)
