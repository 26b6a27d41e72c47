"""What a prompt for another machine would give away: files by their names, credentials by their shape.

Everything that is sent there is looked over, also what is only counted. A finding stops it until
somebody says that it may go as it is; nothing is masked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from docstra_tui.context import credentials
from docstra_tui.context.credentials import LONGEST, Hit
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import NotAllowed
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.messages import Prompt
from docstra_tui.llm.prompt import Messages

BEFORE = 16
"""Characters in front of a credential that have a say in whether it is one."""

BLOCK = 65_536
"""Characters that are looked over at once, and not again while they are the same: a prompt only grows."""

MOST_BLOCKS = 4_096
"""Blocks that are remembered to be clean: some 270 MB of text."""


@dataclass(frozen=True)
class Finding:
    """What somebody has to decide about: of one kind, in one place."""

    what: str
    """`an AWS key`."""
    path: str | None = None
    """The file it is in; None where it is in no file."""
    line: int | None = None
    """Of the first one, from 1; None for a whole file, and where the lines are not the file's own."""
    place: str = ""
    """Where it is that is no file: `your question`, `the code`."""
    values: tuple[str, ...] = ()
    """What to know them by, each once; none for a file that is told by its name. Never shown."""

    @property
    def where(self) -> str:
        """`src/a.py line 12`, not yet safe to show."""
        name = self.place if self.path is None else self.path
        return name if self.line is None else f"{name} line {self.line}"


class SecretsFound(NotAllowed):
    """What is to be sent to another machine holds something that may be secret; nothing was sent."""

    kind = "secrets_found"

    def __init__(
        self,
        message: str,
        hint: str = "",
        findings: Sequence[Finding] = (),
        outgoing: Outgoing | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.findings = tuple(findings)
        self._outgoing = outgoing

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that could be left out, each once."""
        return tuple(dict.fromkeys(found.path for found in self.findings if found.path is not None))

    def agree(self) -> None:
        """From now on these may be sent as they are."""
        if self._outgoing is not None:
            self._outgoing.agree(self.findings)


class Outgoing:
    """What was agreed to, and what was looked over, for one server."""

    def __init__(self) -> None:
        self._paths: set[str] = set()
        self._values: set[str] = set()
        self._clean: set[tuple[int, int]] = set()

    def agree(self, findings: Sequence[Finding]) -> None:
        """These may be sent as they are, for as long as this process lives."""
        self._values.update(value for found in findings for value in found.values)
        self.agree_to_names(found.path for found in findings if found.path and not found.values)

    def agree_to_names(self, paths: Iterable[str]) -> None:
        """These files may be sent although their names say that they may hold secrets."""
        self._paths |= set(paths)

    def forget_names(self) -> None:
        """Another folder's files are meant from now on: what has the same name there is not the same."""
        self._paths.clear()

    def look(self, prompt: Prompt) -> None:
        """Raises `SecretsFound`. Takes some 40 ms a megabyte that was not looked over before."""
        items = prompt.items if isinstance(prompt, Messages) else []
        # Whether a file goes that is told by its name is one question, whatever is in it.
        named = dict.fromkeys(item.path for item in items if item.path and may_hold_secrets(item.path))
        findings = [
            Finding("by its name, it may hold secrets", path) for path in named if path not in self._paths
        ]
        findings += self._credentials(prompt, items, set(named))
        if findings:
            first = findings[0]
            count = sum(max(1, len(found.values)) for found in findings)
            more = f", and {count - 1} more" if count > 1 else ""
            raise SecretsFound(
                f"Nothing was sent: {first.where} ({first.what}){more}.",
                "Leave it out, or say that it may be sent as it is.",
                findings,
                self,
            )

    def _credentials(
        self, prompt: Prompt, items: Sequence[ContextItem], named: Collection[str]
    ) -> list[Finding]:
        """What stands in files that are told by their names is not told again, neither there nor where it
        was quoted."""
        texts = [prompt] if isinstance(prompt, str) else [str(message["content"]) for message in prompt]
        stretches: list[list[Stretch]] | None = None
        found: dict[tuple[str, str], Finding] = {}
        values: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        seen: set[tuple[str | None, str]] = set()
        in_named: set[str] = set()
        for number, text in enumerate(texts):
            place = "your question" if number == len(texts) - 1 else "what was said before"
            for hit in self._hits(text):
                stretches = stretches or _stretches(texts, items)
                stretch = _around(hit.start, stretches[number])
                path = None if stretch is None else stretch.item.path
                if path in named:
                    in_named.add(hit.value)
                    continue
                mark = (path, hit.value)  # a token may also be set as one, and stand there twice
                if mark in seen or (path is None and hit.value in in_named):
                    continue
                seen.add(mark)
                here = place if stretch is None else stretch.item.label
                kind = (path or here, hit.what)
                values[kind].append(hit.value)
                if kind not in found:
                    line = None if stretch is None else stretch.line(text, hit.start)
                    found[kind] = Finding(hit.what, path, line, "" if path is not None else here)
        return [replace(finding, values=tuple(values[kind])) for kind, finding in found.items()]

    def _hits(self, text: str) -> Iterator[Hit]:
        for start in range(0, len(text), BLOCK):
            end = min(len(text), start + BLOCK)
            seen = text[max(0, start - BEFORE) : end + LONGEST]
            mark = (hash(seen), len(seen))
            if mark in self._clean:
                continue
            hits = list(credentials.find(text, start, end))
            yield from (hit for hit in hits if hit.value not in self._values)
            if not hits:
                if len(self._clean) >= MOST_BLOCKS:
                    self._clean.clear()
                self._clean.add(mark)


@dataclass(frozen=True)
class Stretch:
    """Where an item stands in a text."""

    start: int
    """Of its header."""
    first_line: int
    """Of its own text."""
    end: int
    item: ContextItem

    def line(self, text: str, at: int) -> int | None:
        """The line of the file that `at` is in; None where its lines are not the file's own."""
        if self.item.detail or at < self.first_line:
            return None
        return (self.item.start_line or 1) + text.count("\n", self.first_line, at)


def _stretches(texts: Sequence[str], items: Sequence[ContextItem]) -> list[list[Stretch]]:
    """For each text those in it. Items stand in the texts in their order: what is behind one is not
    searched again."""
    found: list[list[Stretch]] = [[] for _ in texts]
    number = at = 0
    for item in items:
        rendered = item.render()
        for here in range(number, len(texts)):
            start = texts[here].find(rendered, at if here == number else 0)
            if start >= 0:
                place = rendered.index("\n") + 1 if item.path is not None else 0
                header = rendered.index("\n", place) + 1  # its place, and the fence
                number, at = here, start + len(rendered)
                found[here].append(Stretch(start, start + header, at, item))
                break
    return found


def _around(at: int, stretches: Sequence[Stretch]) -> Stretch | None:
    """The stretch that `at` is in."""
    index = bisect_right(stretches, at, key=lambda stretch: stretch.start) - 1
    return stretches[index] if index >= 0 and at < stretches[index].end else None
