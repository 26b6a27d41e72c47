"""A saved conversation as a Markdown document for people. Files are named, not repeated."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from docstra_tui import figures
from docstra_tui.llm.answer import Settings
from docstra_tui.session.citations.citation import Citation
from docstra_tui.session.citations.report import MARKS, lines, short, tally
from docstra_tui.session.sent_settings import NOT_RECORDED, news, same_for_all, shown, was_sent
from docstra_tui.session.turns import SavedTurn, StoredSession
from docstra_tui.text import sanitize_line, sanitize_text, shown_name

MOST_CITED = 100
"""Citations of one answer that are listed below it."""
NONE_CITED: Mapping[int, Sequence[Citation]] = MappingProxyType({})
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,80}[A-Za-z0-9]")
"""One that Markdown leaves as it is."""
ENDINGS = {
    "streaming": "This answer is still being written.",
    "cancelled": "Stopped here.",
    "interrupted": "The program ended here.",
}


def to_markdown(
    session: StoredSession,
    *,
    with_thinking: bool = True,
    settings: Settings | None = None,
    with_digests: bool = False,
    citations: Mapping[int, Sequence[Citation]] = NONE_CITED,
) -> str:
    """The whole conversation, oldest turn first; below it, `with_digests`, the files as they were sent.
    `citations` are those of the turns, by their numbers."""
    day = figures.moment(session.created).partition(" ")[0]
    head = [f"# {sanitize_line(session.title) or 'A conversation'}", f"{day}, about {_code(session.root)}"]
    is_same = same_for_all(session.turns)
    if session.turns and is_same:
        head.append(_sent(next(filter(was_sent, session.turns), session.turns[0]).settings))
    if settings and any(turn.settings is None for turn in filter(was_sent, session.turns)):
        head.append("Settings at the export: " + _listed(settings))
    forks = session.forks
    sent = {} if is_same else _sent_with(session.turns)
    turns = [
        _turn(turn, forks, citations.get(turn.id, ()), sent.get(turn.id, ()), with_thinking=with_thinking)
        for turn in session.turns
    ]
    files = _digests(session.turns) if with_digests else []
    return "\n\n".join([*head, *turns, *_unsent(session), *files]) + "\n"


def _listed(settings: Settings) -> str:
    named = ((name if NAME.fullmatch(name) else _plain(name), value) for name, value in settings.items())
    return ", ".join(f"{name} {_code(shown(value))}" for name, value in named)


def _sent(settings: Settings | None) -> str:
    return f"Sent with: {NOT_RECORDED if settings is None else _listed(settings)}"


def _sent_with(turns: Sequence[SavedTurn]) -> dict[int, list[str]]:
    """Of each turn that was sent with others than the one before it, and of what was gone on with."""
    before, found = None, {}
    for turn in turns:
        found[turn.id] = [_sent(turn.settings)] if news(turn, before) else []
        found[turn.id] += [f"Gone on with: {_listed(one)}" for one in turn.gone_on_with]
        before = turn if was_sent(turn) else before
    return found


def _digests(turns: Sequence[SavedTurn]) -> list[str]:
    """Which file was which text: the same name may have been sent twice, with a change in between."""
    sent = dict.fromkeys((item.label, item.sha256) for turn in turns for item in turn.files)
    rows = "\n".join(f"- {_code(label)}: sha256 {_code(digest)}" for label, digest in sent)
    return [f"---\n\nFiles as they were sent:\n\n{rows}"] if rows else []


def _unsent(session: StoredSession) -> list[str]:
    """What was accepted or typed and not asked yet."""
    words = [*(question.text for question in session.waiting), session.draft]
    return [f"---\n\n{_quoted(text)}\n\n*Not sent yet.*" for text in words if text.strip()]


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in sanitize_text(text).split("\n"))


def _turn(
    turn: SavedTurn,
    forks: Mapping[int, Sequence[int]],
    citations: Sequence[Citation],
    sent: Sequence[str],
    *,
    with_thinking: bool,
) -> str:
    parts = ["---", _quoted(turn.question)]
    if places := forks.get(turn.id):
        parts.append(f"*{places.index(turn.id) + 1} of {len(places)} in this place.*")
    if turn.files:
        parts.append("Files: " + ", ".join(_code(item.label) for item in turn.files))
    if turn.left_out:
        parts.append("Not sent: " + ", ".join(_code(name) for name in turn.left_out))
    parts += sent
    if turn.damage:
        parts.append("Damaged on disk: " + ", ".join(_code(name) for name in turn.damage))
    if turn.thinking and with_thinking:
        parts.append(_folded(turn))
    if turn.answer:
        parts.append(sanitize_text(turn.answer).strip("\n"))
    if citations:
        parts += _cited(citations)
    if turn.status == "failed":
        parts.append(f"*Failed: {sanitize_line(str(turn.error or 'for an unknown reason.'))}*")
    elif turn.status in ENDINGS:
        parts.append(f"*{ENDINGS[turn.status]}*")
    if turn.model:
        parts.append(f"*{sanitize_line(turn.model)}*")
    return "\n\n".join(parts)


def _cited(citations: Sequence[Citation]) -> list[str]:
    """What it says of the files, and what became of that when it was looked up."""
    rows = [f"- {_row(citation)}" for citation in citations[:MOST_CITED]]
    if (more := len(citations) - MOST_CITED) > 0:
        rows.append(f"- and {more:,} more")
    return [f"*{tally(citations)}*", "\n".join(rows)]


def _row(citation: Citation) -> str:
    text, where = short(citation.text), (citation.path or "") + lines(citation)
    at = f", {_code(where)}" if citation.path is not None and where != text else ""
    note = f" ({_plain(citation.note)})" if citation.note else ""
    return f"{MARKS[citation.status]} {_code(text)}{at}{note}"


def _plain(text: str) -> str:
    """Words that may hold some of an answer, with no mark in them that Markdown would read."""
    return re.sub(r"([\\`*_\[\]<>#|~!&])", r"\\\1", sanitize_line(text))


def _folded(turn: SavedTurn) -> str:
    """What was thought, folded where HTML is drawn; nothing in it opens it."""
    long = f" for {figures.seconds(turn.thinking_s)}" if turn.thinking_s is not None else ""
    thinking = _quoted(turn.thinking.strip("\n").replace("</details", "&lt;/details"))
    return f"<details>\n<summary>Thought{long}</summary>\n\n{thinking}\n\n</details>"


def _code(name: str) -> str:
    """A name as inline code, whatever it holds."""
    shown = shown_name(name)
    ticks = "`"
    while ticks in shown:
        ticks += "`"
    pad = " " if "`" in shown else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"
