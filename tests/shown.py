"""What the pages show between fences: what is typed, what is run, what comes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    {*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")} - {PROJECT / "CHANGELOG.md", PROJECT / "docs/LOG.md"}
)
"""All but what tells of the past."""
FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    page: str
    line: int
    language: str
    """The first word behind the fence."""
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Typed:
    """One line that somebody is to type into a shell, and what is to come out where the page says it."""

    line: str
    output: str | None = None
    """`…` stands for anything; None where the page shows none."""


def blocks(*languages: str) -> list[Block]:
    """Those in one of the languages, or all."""
    found = []
    for page in PAGES:
        text = page.read_text()
        for fence in FENCE.finditer(text):
            language, _, _ = fence[1].strip().partition(" ")
            if not languages or language in languages:
                line = text.count("\n", 0, fence.start()) + 1
                found.append(Block(page.relative_to(PROJECT).as_posix(), line, language, fence[2]))
    return found


def typed(block: Block) -> Iterator[Typed]:
    """Every line of `sh`, and of `console` those behind a `$`."""
    if block.language == "sh":
        yield from map(Typed, filter(str.strip, block.text.replace("\\\n", " ").splitlines()))
        return
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE):
        line, _, output = part.partition("\n")
        if line:
            yield Typed(line, output)


def spans() -> Iterator[tuple[str, str]]:
    """Every piece of code within a sentence or a table, with its page."""
    for page in PAGES:
        text = FENCE.sub("", page.read_text())
        for span in re.findall(r"`([^`]+)`", text):
            yield page.relative_to(PROJECT).as_posix(), " ".join(span.replace("\\|", "|").split())
