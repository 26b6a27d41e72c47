"""Why a prompt cannot be reused from its beginning to its end: the first place where it differs.

Compares what was sent last with what would be sent next, as names and fingerprints. Pure: knows no
model, no cache and no screen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import Turn
from docstra_tui.llm.thinking.wish import Think

Kind = Literal["system", "item", "question", "answer"]

SLACK = 16
"""Tokens at the end of a prompt that may be read again: marks of the template, joined letters."""


@dataclass(frozen=True)
class Part:
    """One piece of a prompt."""

    kind: Kind
    name: str
    """For the eye, not yet safe to show: a file's label, or `turn 3`."""
    mark: str
    """The same for the same text."""
    place: object = None
    """The same for the same thing, whatever its text is."""
    detail: str = ""
    """How an item is sent: `outline`, some lines, or empty for whole."""
    is_thinking: bool = False
    """True for an answer that the model thought about first."""


@dataclass(frozen=True)
class Shot:
    """A prompt as it was or would be sent."""

    parts: tuple[Part, ...]
    model: str = ""
    start: int = 0
    """How often the engine had been started again."""
    think: Think = "auto"
    """How much to think was wished."""


def shot_of(
    system: str,
    history: Sequence[Turn],
    waiting: Sequence[ContextItem],
    question: tuple[str, Mapping[str, Any]],
    *,
    model: str = "",
    start: int = 0,
    think: Think = "auto",
    thought: Collection[int] = (),
) -> Shot:
    """The prompt in its parts, in the order in which the model reads them. `thought` are the turns of the
    history, from 1, whose answers the model thought about first."""
    parts = [Part("system", "the system text", _mark(system))]
    for number, turn in enumerate(history, 1):
        items = turn.context if not isinstance(turn.context, str) else ()
        parts += [_item(item) for item in items]
        name = f"turn {number}"
        parts.append(Part("question", name, _mark(turn.task + repr(sorted(turn.fields.items())))))
        is_thinking = number in thought or "</think>" in turn.answer
        parts.append(Part("answer", name, _mark(turn.answer), is_thinking=is_thinking))
    parts += [_item(item) for item in waiting]
    task, fields = question
    name = f"turn {len(history) + 1}"
    parts.append(Part("question", name, _mark(task + repr(sorted(fields.items())))))
    return Shot(tuple(parts), model, start, think)


def first_break(sent: Shot | None, following: Shot) -> str:
    """Where `following` first departs from what was sent, and why; empty where it only goes on."""
    if sent is None:
        return ""
    if sent.model != following.model:
        return (
            f"another model answers: {following.model or 'unknown'}, before it was {sent.model or 'unknown'}"
        )
    if sent.start != following.start:
        return "the engine was started again"
    for index, old in enumerate(sent.parts):
        new = following.parts[index] if index < len(following.parts) else None
        if new is not None and (old.kind, old.place, old.mark) == (new.kind, new.place, new.mark):
            continue
        return _why(sent.parts[index:], following.parts[index:])
    return ""


def why_new(sent: Shot | None, following: Shot, *, cached: int | None, reusable: int | None) -> str:
    """One sentence on what is not cached; empty where that is only what was added.

    `cached` are the next prompt's tokens in the cache, `reusable` those of the last prompt. Both None
    where unknown.
    """
    if sent is None:
        if cached is None or cached > 0:
            return ""
        if any(part.kind == "answer" for part in following.parts):  # a session from before
            return "nothing of this session is held any more: it is read once again"
        return "nothing was sent or read ahead yet"
    reason = first_break(sent, following)
    if reason or cached is None or reusable is None or cached + SLACK >= reusable:
        return reason
    if sent.think != following.think:
        return f"thinking was switched to {following.think}, which the model's template puts before the files"
    if any(part.is_thinking for part in following.parts):
        return "the thinking of earlier answers is not sent again"
    return "the engine let it go: its memory went to other prompts, or it was started again"


def _why(old: Sequence[Part], new: Sequence[Part]) -> str:
    """The first parts of both differ."""
    was = old[0]
    now = new[0] if new else None
    if was.kind == "system":
        return "the system text is another one"
    if was.kind == "item":
        again = next((part for part in new if part.kind == "item" and part.place == was.place), None)
        if again is None:
            return f"{was.name} was removed"
        if again.mark == was.mark:
            if now is not None and now.kind == "item" and all(now.place != part.place for part in old):
                return f"{now.name} stands in front of {was.name} now"
            return f"the order changed: {was.name} stands further back"
        if again.detail != was.detail:
            return f"{was.name} is sent as {again.detail or 'the whole file'} now"
        return f"{was.name} was edited"
    if now is not None and now.kind == "item":
        return f"{now.name} stands in front of {was.name} now"
    if was.kind == "question":
        if len(old) == 1:  # the last one asked: it came to nothing, and another one stands there
            return f"{was.name} came to nothing and is not sent again"
        return f"{was.name} is left out or summarised"
    return f"the answer of {was.name} is sent in another form"


def _item(item: ContextItem) -> Part:
    # A part of a file stands for the file: its place is the path.
    detail = item.detail or (f"lines {item.start_line}-{item.end_line}" if item.start_line else "")
    return Part("item", item.label, item.sha256, item.path, detail)


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
