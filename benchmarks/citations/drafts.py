"""What a part of an answer claims, and all that the writers of claims draw from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random

from benchmarks.citations.sources import WORD, Source
from docstra_tui.llm.items import ContextItem

RIGHT = frozenset({"found", "repaired"})
WRONG = frozenset({"missing"})
OPEN = frozenset({"missing", "unchecked"})
ANY = frozenset({"found", "repaired", "moved", "missing", "ambiguous", "changed", "unchecked"})


@dataclass(frozen=True)
class Truth:
    """What has to be said of one claim."""

    kind: str
    """Which claim it is: figures are given by it."""
    group: str
    """Which target it counts for: `true`, `moved`, `false`, `proposed`, `changed`, `other`."""
    accepted: frozenset[str]
    """The statuses that are right."""
    path: str | None = None
    lines: frozenset[int] = frozenset()
    """Where it may be said to stand; empty for anywhere."""
    required: bool = True
    """Whether nothing at all is wrong too."""
    start: int = 0
    end: int = -1
    """In which characters of the draft, then of the answer, the citation begins; -1: to its end."""


@dataclass(frozen=True)
class Draft:
    """A part of an answer."""

    text: str
    truths: tuple[Truth, ...] = ()
    block: bool = False
    """Whether it stands by itself, and in no sentence."""
    one: bool = True
    """Whether each truth is one citation, no more."""


@dataclass
class Sent:
    """The files of a question, and chance."""

    rng: Random
    files: Sequence[Source]
    others: Sequence[Source]
    """Files that were not sent."""
    stale: Mapping[str, Source] = field(default_factory=dict)
    """Files that were changed after they were sent, as they are now, by path."""
    outlined: Source | None = None
    """A file of which only the outline was sent."""
    outline: ContextItem | None = None

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset().union(*(file.words for file in self.everything))

    @property
    def everything(self) -> list[Source]:
        return [*self.files, self.outlined] if self.outlined else [*self.files]

    @property
    def items(self) -> list[ContextItem]:
        """What the model gets."""
        return [file.item for file in self.files] + ([self.outline] if self.outline else [])

    def file(self, *, python: bool = False) -> Source | None:
        fit = [file for file in self.files if not python or file.definitions]
        return self.rng.choice(fit) if fit else None

    def name(self, file: Source) -> str:
        """The file's path as a model writes it: whole, or so much of its end as fits no other."""
        parts = file.path.split("/")
        ends = ["/".join(parts[at:]) for at in range(len(parts))]
        if self.rng.random() < 0.5:
            return file.path
        return self.rng.choice([end for end in ends if end == file.path or self.fitting(end) == 1])

    @property
    def now(self) -> dict[str, str | None]:
        """Files as they are now, whole, as far as they are other ones than were sent."""
        return {path: "\n" * (file.first - 1) + file.text for path, file in self.stale.items()}

    def fitting(self, end: str) -> int:
        return sum(file.path == end or file.path.endswith(f"/{end}") for file in self.everything)

    def line(self, file: Source, least: int = 12, most: int = 160) -> tuple[int, str] | None:
        """A line that is worth quoting: its number, and its text without the white space around it."""
        for _ in range(40):
            at = self.rng.randrange(len(file.lines))
            text = file.lines[at].strip()
            if least <= len(text) <= most and worth(text):
                return at + file.first, text
        return None

    def run(self, file: Source, least: int = 3, most: int = 12) -> tuple[int, list[str]] | None:
        """Lines one after the other, as they are: the first one's number, and all of them."""
        for _ in range(40):
            count = self.rng.randint(least, most)
            if len(file.lines) <= count + 1:
                return None
            at = self.rng.randrange(len(file.lines) - count)
            lines = file.lines[at : at + count]
            full = [line for line in lines if line.strip()]
            if (
                lines[0].strip()
                and lines[-1].strip()
                and len(full) >= 3
                and all(len(line) < 300 for line in lines)
                and sum(worth(line.strip()) for line in full) >= 2
                and lines[0].strip()[0] not in "#/~`"
            ):
                return at + file.first, lines
        return None

    def stands(self, quote: str, *, bounded: bool = False) -> bool:
        return any(file.places(quote, bounded=bounded) for file in self.files)

    def invented(self) -> str:
        """A name of two or three words that nothing sent has."""
        while True:
            name = "_".join(self.rng.sample(INVENTED, self.rng.choice((2, 3))))
            if not any(name in word for word in self.words):
                return name

    def wrong_line(self, file: Source, right: Iterable[int], count: int = 1) -> int | None:
        """A line of the file, near or far, that has none of `right` on it, nor have the `count` from it."""
        spots = sorted(right)
        for _ in range(30):
            near = self.rng.choice(spots) + self.rng.choice((-7, -4, -3, -2, -1, 1, 2, 3, 5, 9, 30))
            line = near if self.rng.random() < 0.7 else self.rng.randrange(file.first, file.last + 1)
            if file.first <= line <= file.last - count and not any(
                line - count < spot < line + count for spot in spots
            ):
                return line
        return None


def aged(sent: Sent, file: Source, quote: str, truth: Truth) -> Truth:
    """What has to be said of a claim if its file is another one now: that it is, if the quote is gone."""
    now = sent.stale.get(file.path)
    if now is None:
        return truth
    still = now.places(quote)
    elsewhere = not truth.path and any(one is not file and one.places(quote) for one in sent.everything)
    accepted = truth.accepted | {"changed", "moved"} if still or elsewhere else frozenset({"changed"})
    if truth.group != "true":
        accepted = truth.accepted | {"changed"}
    lines = truth.lines and truth.lines | still
    return replace(truth, kind=f"{truth.kind}, changed", group="changed", accepted=accepted, lines=lines)


def worth(text: str) -> bool:
    """Whether it is code or a sentence that somebody would quote, and no single word."""
    return (
        len(WORD.findall(text)) >= 2
        and any(char in text for char in " (=[.:")
        and text.isprintable()
        and not text.startswith(("```", "~~~"))
        and sum(char.isalnum() for char in text) >= 8
    )


INVENTED = (
    "resolve", "cache", "handler", "validate", "session", "flush", "payload", "manager", "rebuild", "pending",
    "token", "dispatch", "normalise", "registry", "fallback", "retry", "buffer", "lookup", "collect",
)  # fmt: skip
