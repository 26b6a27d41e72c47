"""A conversation from a file that somebody else may have made.

What comes of it is text to be read: its files and its folder are labels that open nothing, its model is a
name, what its templates were filled with is not taken, and what waited in it waits no more.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from docstra_tui.error_forms import from_wire
from docstra_tui.errors import DocstraError
from docstra_tui.llm.answer import Usage
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.prompt import PART
from docstra_tui.session.exchange.document import LARGEST, MOST_NAMED, Document, File, Turn
from docstra_tui.session.exchange.whole import WholeSession
from docstra_tui.session.sent_settings import clean, goings_on
from docstra_tui.session.tree import NO_TURN, Node
from docstra_tui.session.turn_request import PLAIN
from docstra_tui.session.turns import LABEL, Placed, SavedTurn, StoredSession, title_of
from docstra_tui.text import disarm, sanitize_line

STEP = 1e-5
"""Seconds between two turns, at least: their order is their time."""


class NotImported(DocstraError):
    """A file is no conversation of ours, or one that cannot be true; nothing was taken from it."""

    kind = "not_imported"


def read(data: bytes, root: Path) -> WholeSession:
    """The conversation in `data`, as a new one about the folder `root`, which is not looked at. Raises
    `NotImported`."""
    if len(data) > LARGEST:
        raise NotImported(f"The file has more than {LARGEST // 2**20} MB.", "No session is that long.")
    try:
        document = msgspec.json.decode(data, type=Document)
    except msgspec.ValidationError as error:
        raise NotImported(*_refusal(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotImported(f"The file is no JSON: {str(error)[:200]}.", EXPORT) from None
    _check(document)
    return _whole(document, root)


EXPORT = "What can be imported is written by: docstra-tui sessions export --format json"


def _refusal(said: str) -> tuple[str, str]:
    if said.endswith("`$.version`"):
        return "The file was written by a newer program.", "Bring this one up to date."
    if said.endswith("`$.format`") or "`format`" in said:
        return "The file is no exported session.", EXPORT
    return f"The file is no exported session: {said[:200]}.", EXPORT


def _check(document: Document) -> None:
    """What the shape does not say: a turn comes after the one it follows, and what is named is there."""
    if not document.turns and not any(text.strip() for text in document.unsent):
        raise NotImported("Nothing was said in it.")
    known = {0}
    named = 0
    for turn in document.turns:
        if turn.id in known:
            raise NotImported(f"Two turns have the number {turn.id}.")
        if turn.parent not in known:
            raise NotImported(f"Turn {turn.id} follows turn {turn.parent}, which is not before it.")
        known.add(turn.id)
        named += len(turn.files) + len(turn.earlier)
        if named > MOST_NAMED:
            raise NotImported(f"Its turns name more than {MOST_NAMED:,} files.")
        places = [*turn.files, *(place for _, place in turn.earlier)]
        if any(place >= len(document.files) for place in places):
            raise NotImported(f"Turn {turn.id} names a file that is not in the list.")
        if any(number not in known for number, _ in turn.earlier):
            raise NotImported(f"Turn {turn.id} has a file of a turn that is not before it.")
    if document.tip not in known:
        raise NotImported(f"The path ends at turn {document.tip}, which is not there.")


def _whole(document: Document, root: Path) -> WholeSession:
    now = time.time()
    numbers = {turn.id: secrets.randbits(62) or 1 for turn in document.turns}
    items = [_label(file) for file in document.files]
    turns: list[SavedTurn] = []
    for turn in document.turns:
        before = turns[-1].asked + STEP if turns else 0.0
        turns.append(_turn(turn, numbers, items, max(min(turn.asked, now), before)))
    session = StoredSession(
        secrets.token_hex(6),
        title_of(document.title) or title_of(document.turns[0].question if document.turns else ""),
        str(root),
        document.model.name,
        disarm("\n\n".join(text for text in document.unsent if text.strip())),
        min(document.created, now),
        min(max(document.updated, document.created), now),
        (),
        nodes=tuple(Node(turn.id, turn.parent, turn.asked) for turn in turns),
        tip=numbers.get(document.tip, NO_TURN),
        is_titled=document.titled,
    )
    return WholeSession(session, tuple(turns))


def _label(file: File) -> ContextItem:
    """A file's name and fingerprint. It is never read, counted or sent."""
    return ContextItem("", file.path, file.language, file.start_line, file.end_line, file.sha256, LABEL)


def _turn(turn: Turn, numbers: dict[int, int], items: Sequence[ContextItem], asked: float) -> SavedTurn:
    own = numbers[turn.id]
    error = turn.error
    made = SavedTurn(
        question=turn.question,
        # What a model hears of it later is what is shown, whatever its template was filled with.
        task=PART if turn.task == PART else PLAIN,
        fields={"question": turn.question},
        context=tuple(items[place] for place in turn.files),
        earlier=tuple(Placed(numbers.get(entered, 0), items[place]) for entered, place in turn.earlier),
        left_out=tuple(sanitize_line(name) for name in turn.left_out),  # is shown as it is
        answer=turn.answer,
        thinking=turn.thinking or "",
        thinking_s=turn.thinking_s if turn.thinking else None,
        status="interrupted" if turn.status == "streaming" else turn.status,
        finish_reason=turn.finish_reason,
        usage=Usage(turn.prompt_tokens, turn.completion_tokens, turn.reused_tokens, turn.thinking_tokens),
        ttft_s=turn.ttft_s,
        tokens_per_s=turn.tokens_per_s,
        model=turn.model,
        settings=clean(turn.settings),
        gone_on_with=tuple(filter(None, goings_on(turn.gone_on_with))),
        asked=asked,
        id=own,
        parent=numbers.get(turn.parent, NO_TURN),
    )
    if error is None:
        return made
    return replace(made, error=from_wire({"kind": error.kind, "message": error.message, "hint": error.hint}))
