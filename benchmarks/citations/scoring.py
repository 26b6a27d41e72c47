"""What was said of an answer's references, held against the truth."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.citations.answers import Answer
from benchmarks.citations.drafts import RIGHT, Truth
from benchmarks.citations.sources import WORD, Source
from docstra_tui.session.citations.citation import Citation

NEAR = 400
"""Characters around a place in which the name stands that is defined there."""
BEFORE = 60
"""Characters before a claim that are shown of one that was judged wrongly."""
LEFT_OUT = re.compile(r"^\W*(?:\.\.\.|…|\(some lines left out\))\W*$")


@dataclass(frozen=True)
class Fault:
    """A claim, or a ✓, that was judged wrongly."""

    why: str
    kind: str
    text: str
    """The part of the answer."""
    said: tuple[Citation, ...]
    truth: Truth | None = None

    def __str__(self) -> str:
        wanted = (
            self.truth
            and f"\n  wanted {sorted(self.truth.accepted)} {self.truth.path} {sorted(self.truth.lines)}"
        )
        said = "".join(
            f"\n  said {one.kind} {one.status} {one.path}:{one.line} named {one.named} {one.note!r}: "
            f"{one.text[:80]!r}"
            for one in self.said
        )
        return (
            f"{self.why} · {self.kind}\n    "
            + "\n    ".join(self.text[:900].split("\n"))
            + (wanted or "")
            + said
        )


@dataclass
class Score:
    """Counts over all answers."""

    answers: int = 0
    claims: Counter[str] = field(default_factory=Counter)
    """By group, and by kind."""
    right: Counter[str] = field(default_factory=Counter)
    false_ticks: int = 0
    proposals_missing: int = 0
    single: int = 0
    """Claims that are one citation, of `counted`."""
    counted: int = 0
    citations: Counter[str] = field(default_factory=Counter)
    """By status."""
    faults: list[Fault] = field(default_factory=list)

    def add(self, answer: Answer, files: Sequence[Source], citations: Sequence[Citation]) -> None:
        """Count one answer in."""
        self.answers += 1
        self.citations.update(one.status for one in citations)
        by_path = {file.path: file for file in files}
        for one in citations:
            if one.status in RIGHT and not sound(one, by_path, answer.text):
                self.false_ticks += 1
                part = answer.text[max(0, one.start - 150) : one.end + 150]
                self.faults.append(Fault("✓ of what is not so", one.kind, part, (one,)))
        for truth in answer.truths:
            said = tuple(one for one in citations if truth.start <= one.start < truth.end)
            why = self._judge(truth, said)
            for name in (truth.group, truth.kind):
                self.claims[name] += 1
                self.right[name] += not why
            if why:
                self.faults.append(
                    Fault(why, truth.kind, answer.text[max(0, truth.start - BEFORE) : truth.end], said, truth)
                )
        for start, end, is_one in answer.claims:
            inside = [truth for truth in answer.truths if start <= truth.start < end and truth.required]
            if is_one and inside:
                self.counted += 1
                self.single += sum(start <= one.start < end for one in citations) == len(inside)

    def _judge(self, truth: Truth, said: Sequence[Citation]) -> str:
        """Why what was said is wrong; empty when it is right."""
        if truth.group == "proposed":
            missing = any(one.status == "missing" for one in said)
            self.proposals_missing += missing
            return "proposal marked ✗" if missing else ""
        fit = [one for one in said if one.status in truth.accepted]
        if truth.group in ("false", "moved"):
            ticks = [one for one in said if one.status in RIGHT and not _is_beside(one, truth)]
            if ticks:
                self.false_ticks += 1
                return "false ✓"
        if not fit:
            return "not said" if said or truth.required else ""
        others = {one.status for one in said} - truth.accepted - {"unchecked"}
        if others and not any(_plain_path(one, truth) for one in said if one.status in others):
            return "said twice, differently"
        if truth.lines and not any(_there(one, truth) for one in fit):
            return "wrong line"
        return ""

    def figures(self) -> dict[str, float]:
        """The sums."""

        def share(name: str) -> float:
            return round(self.right[name] / self.claims[name], 4) if self.claims[name] else 1.0

        proposed = self.claims["proposed"] or 1
        return {
            "answers": self.answers,
            "claims": sum(
                self.claims[group] for group in ("true", "moved", "false", "proposed", "changed", "other")
            ),
            "false_ticks": self.false_ticks,
            "true_ticked": share("true"),
            "moved_named": share("moved"),
            "proposals_missing": round(self.proposals_missing / proposed, 4),
            "false_labelled": share("false"),
            "changed_said": share("changed"),
            "one_citation": round(self.single / self.counted, 4) if self.counted else 1.0,
        }

    def kinds(self) -> dict[str, tuple[int, float]]:
        """How many claims of each kind there were, and which share of them was judged rightly."""
        groups = {"true", "moved", "false", "proposed", "changed", "other"}
        return {
            kind: (count, round(self.right[kind] / count, 4))
            for kind, count in sorted(self.claims.items())
            if kind not in groups
        }


def _is_beside(one: Citation, truth: Truth) -> bool:
    """Whether a ✓ is of something else that the sentence has, and does not judge what is wrong in it."""
    return _plain_path(one, truth) or (
        # Where it is defined is said, and the line beside it is not called right.
        truth.kind == "defined name moved" and one.kind == "symbol" and one.named.line is None
    )


def _plain_path(one: Citation, truth: Truth) -> bool:
    """Whether it is about a file as such, which may be right where what is said of it is not."""
    return one.kind == "path" and truth.kind != "invented file"


def _there(one: Citation, truth: Truth) -> bool:
    return one.line in truth.lines and (truth.path is None or one.path == truth.path)


def sound(one: Citation, files: Mapping[str, Source], answer: str) -> bool:
    """Whether a ✓ is right, by the slow way."""
    file = files.get(one.path or "")
    if file is None:
        return False
    named = one.named
    name = named.path.removeprefix("./")
    if name and not (name == file.path or file.path.endswith(f"/{name}")):
        return False
    if one.kind == "path":
        return True
    if one.line is None:
        return False
    last = one.end_line or one.line
    if named.line is not None and not (one.line <= (named.end_line or named.line) and last >= named.line):
        return False
    if one.kind == "place":
        near = set(WORD.findall(answer[max(0, one.start - NEAR) : one.end + NEAR]))
        return (
            any(
                one.line <= line <= last and key.rpartition(".")[2] in near
                for key, lines in file.definitions.items()
                for line in lines
            )
            or file.language != "python"
        )
    if one.kind == "symbol":
        return _is_named(one, file)
    return any(_stands(text, one.line, file) for text in _bodies(one.text))


def _is_named(one: Citation, file: Source) -> bool:
    key = re.sub(r"\(.*", "", one.text.strip("` ")).replace("::", ".").replace("#", ".")
    short = key.rpartition(".")[2]
    assert one.line is not None
    if file.language == "python" and file.definitions:
        fit = [lines for name, lines in file.definitions.items() if f".{name}".endswith(f".{key}")]
        if any(one.line in lines for lines in fit):
            return True
    row = file.lines[one.line - file.first] if 0 <= one.line - file.first < len(file.lines) else ""
    return short in WORD.findall(row)


def _bodies(text: str) -> Iterable[str]:
    """A quote, and the same without the first line, which may be a title."""
    yield text
    first, _, rest = text.partition("\n")
    if rest and re.match(r"\s*(?:#|//|/\*|--|;|<!--)", first):
        yield rest


def _stands(text: str, line: int, file: Source) -> bool:
    if line in file.places(text):
        return True  # dots may be the code's own
    parts: list[list[str]] = [[]]
    if "\n" not in text and text not in "".join(file.lines):
        text = re.sub(r"\s*(?:\.\.\.|…)\s*", "\n...\n", text)
    for row in text.replace("\r\n", "\n").split("\n"):
        if LEFT_OUT.match(row):
            parts.append([])
        else:
            parts[-1].append(row)
    bodies = [body for part in parts if (body := "\n".join(part)).strip()]
    if not bodies or line not in file.places(bodies[0]):
        return False
    return all(any(place >= line for place in file.places(body)) for body in bodies[1:])
