"""What a prompt for another machine would give away: files by their names, credentials by their shape.

Everything that is sent there is looked over, also what is only counted. A finding stops it until
somebody says that it may go as it is; nothing is masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from docstra_tui.context import credentials
from docstra_tui.context.credentials import LONGEST, Hit
from docstra_tui.context.secrets import may_hold_secrets
from docstra_tui.errors import NotAllowed
from docstra_tui.llm.base import Prompt
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Messages

BEFORE = 16
"""Characters in front of a credential that have a say in whether it is one."""

BLOCK = 65_536
"""Characters that are looked over at once, and not again while they are the same: a prompt only grows."""

MOST_BLOCKS = 4_096
"""Blocks that are remembered to be clean: some 270 MB of text."""

MOST = 20
"""Findings that are told at once."""


@dataclass(frozen=True)
class Finding:
    """One thing that somebody has to decide about."""

    what: str
    """`an AWS key`."""
    path: str | None = None
    """The file it is in; None where it is in no file."""
    line: int | None = None
    """From 1; None for a whole file, and where the lines are not the file's own."""
    place: str = ""
    """Where it is that is no file: `your question`."""
    value: str | None = None
    """What to know it by; None for a file that is told by its name. Never shown."""

    @property
    def where(self) -> str:
        """`src/a.py line 12`, not yet safe to show."""
        if self.path is None:
            return self.place
        return self.path if self.line is None else f"{self.path} line {self.line}"


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
        self._values |= {found.value for found in findings if found.value is not None}
        self.agree_to_names(found.path for found in findings if found.value is None and found.path)

    def agree_to_names(self, paths: Iterable[str]) -> None:
        """These files may be sent although their names say that they may hold secrets."""
        self._paths |= set(paths)

    def look(self, prompt: Prompt) -> None:
        """Raises `SecretsFound`. Takes some 40 ms a megabyte that was not looked over before."""
        items = prompt.items if isinstance(prompt, Messages) else []
        # Whether a file goes that is told by its name is one question, whatever is in it.
        named = dict.fromkeys(item.path for item in items if item.path and may_hold_secrets(item.path))
        findings = [
            Finding("by its name, it may hold secrets", path) for path in named if path not in self._paths
        ]
        texts = [prompt] if isinstance(prompt, str) else [str(message["content"]) for message in prompt]
        for number, text in enumerate(texts):
            place = "your question" if number == len(texts) - 1 else "what was said before"
            for hit in self._hits(text):
                known = {(found.where, found.value) for found in findings}  # a token may also be set as one
                found = [one for one in _places(hit, items, place) if one.path not in named]
                findings += [one for one in found if (one.where, one.value) not in known]
                if len(findings) >= MOST:
                    break
        if findings:
            first = findings[0]
            more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
            raise SecretsFound(
                f"Nothing was sent: {first.where} ({first.what}){more}.",
                "Leave it out, or say that it may be sent as it is.",
                findings,
                self,
            )

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


def _places(hit: Hit, items: Sequence[ContextItem], place: str) -> list[Finding]:
    """Every file that has it; else where it stands."""
    found = []
    for item in items:
        at = item.content.find(hit.text) if item.path is not None else -1
        if at >= 0:
            line = None if item.detail else (item.start_line or 1) + item.content.count("\n", 0, at)
            found.append(Finding(hit.what, item.path, line, value=hit.value))
    return found or [Finding(hit.what, place=place, value=hit.value)]
