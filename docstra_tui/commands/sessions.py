"""The saved conversations: list, search, read and name them, give one away, take one in, forget one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from docstra_tui import figures
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.commands.printing import Quoting
from docstra_tui.commands.session_search import search
from docstra_tui.errors import StoreError, UsageError
from docstra_tui.session.search.finder import Finder
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn, StoredSession, title_of
from docstra_tui.workspace.wording import ENDED

ID_LENGTH = 8
"""So much of an id is shown; any beginning that is unique can be typed."""

MOST_WORDS = {"list": 0, "show": 1, "export": 1, "import": 1, "delete": 1}
"""Behind each action; any number behind the others."""


def run(invocation: Invocation) -> int:
    """`sessions list | search | show | export | import | rename | delete`."""
    most = MOST_WORDS.get(invocation.action)
    if most is not None and len(invocation.words) > most:
        over = invocation.words[most]
        raise UsageError(f"{over!r} is one word too many.", f"See {PROGRAM} sessions --help.")
    console = Console()
    as_json = bool(invocation.options["json"])
    store = SessionStore()
    try:
        match invocation.action:
            case "list":
                return _list(console, store, as_json)
            case "show":
                session = store.load(invocation.words[0] if invocation.words else "last")
                return _show(
                    console, session, as_json, show_thinking=bool(invocation.options["show_thinking"])
                )
            case "search":
                if not " ".join(invocation.words).strip():
                    raise UsageError("Look for what?", f"{PROGRAM} sessions search WORDS")
                return search(console, store, " ".join(invocation.words), as_json=as_json)
            case "rename":
                return _rename(console, store, invocation.words, as_json)
            case "export":
                from docstra_tui.commands import exchange  # no other one needs it

                return exchange.export(invocation, console, store)
            case "import":
                from docstra_tui.commands import exchange

                return exchange.take_in(invocation, console, store)
            case _:
                return _delete(console, store, _named(store, invocation.words), as_json)
    finally:
        if store.has_removed:
            _forget_deleted(store)
        if store.notice:
            console.note(store.notice)
        store.close()


def _named(store: SessionStore, words: Sequence[str]) -> StoredSession:
    """The session that the first word is about; `last` is typed, never meant."""
    if not words:
        raise UsageError(
            "Which session?", f"{PROGRAM} sessions list shows them; give the beginning of an id."
        )
    return store.load(words[0], characters=1)


def _forget_deleted(store: SessionStore) -> None:
    """What finds words has them no more."""
    finder = Finder(store)
    with suppress(StoreError):
        finder.forget_deleted()
    finder.close()


def _rename(console: Console, store: SessionStore, words: Sequence[str], as_json: bool) -> int:
    session = _named(store, words)
    title = title_of(" ".join(words[1:]))
    if not title:
        raise UsageError("Which title?", f"{PROGRAM} sessions rename SESSION TITLE")
    store.rename(session.id, title)
    if as_json:
        console.json({"renamed": session.id, "title": title})
    else:
        console.line(f"{session.id[:ID_LENGTH]} is {title} now.")
    return 0


def _delete(console: Console, store: SessionStore, session: StoredSession, as_json: bool) -> int:
    store.delete(session.id)
    store.flush()
    _forget_deleted(store)
    if as_json:
        console.json({"deleted": session.id})
    else:
        console.line(f"Deleted {session.id[:ID_LENGTH]} ({session.title}).")
    return 0


def _list(console: Console, store: SessionStore, as_json: bool) -> int:
    found = store.sessions()
    if as_json:
        rows = [
            {"id": s.id, "title": s.title, "root": s.root, "model": s.model, "updated": s.updated}
            | {"turns": s.turns}
            for s in found
        ]
        console.json({"sessions": rows})
        return 0
    for summary in found:
        when = figures.moment(summary.updated)
        turns = f"{summary.turns} turn" + ("" if summary.turns == 1 else "s")
        what = summary.title or f"(not sent) {summary.unsent}"
        facts = [summary.id[:ID_LENGTH], when, f"{turns:>8}", what]
        console.line("  ".join([*facts, summary.root]))
    if not found:
        console.note("Nothing is saved yet.")
    return 0


def _show(console: Console, session: StoredSession, as_json: bool, *, show_thinking: bool) -> int:
    if as_json:
        console.json(
            {
                "id": session.id,
                "title": session.title,
                "root": session.root,
                "model": session.model,
                "turns": [_turn(turn) for turn in session.turns],
                "unsent": _unsent(session),
                "elsewhere": session.elsewhere,
            }
        )
        return 0
    for turn in session.turns:
        files = f"  [{', '.join(item.label for item in turn.context)}]" if turn.context else ""
        console.answer(f"> {turn.question}{files}\n\n")
        if show_thinking and turn.thinking:
            long = f" for {figures.seconds(turn.thinking_s)}" if turn.thinking_s is not None else ""
            console.answer(f"Thought{long}:\n\n{Quoting().more(turn.thinking.strip())}\n\n")
        console.answer(turn.answer)
        if turn.status != "done":
            why = f": {turn.error.message}" if turn.error is not None else ""
            console.answer(f"\n({ENDED[turn.status]}{why})")
        if turn.damage:
            console.answer(f"\n(damaged on disk: {', '.join(turn.damage)})")
        console.answer("\n\n")
    if session.elsewhere:
        them = "turn stands" if session.elsewhere == 1 else "turns stand"
        console.note(f"{session.elsewhere:,} more {them} on other branches: > and < walk there.")
    for text in _unsent(session):
        console.answer(f"> {text}\n\n(not sent)\n\n")
    return 0


def _unsent(session: StoredSession) -> list[str]:
    """What was accepted and not asked, then what was only typed."""
    return [
        text for text in (*(question.text for question in session.waiting), session.draft) if text.strip()
    ]


def _turn(turn: SavedTurn) -> dict[str, Any]:
    return {
        "question": turn.question,
        "task": turn.task,
        "files": [
            {"path": item.path, "start_line": item.start_line, "end_line": item.end_line}
            for item in turn.context
        ],
        "answer": turn.answer,
        "thinking": turn.thinking or None,
        "status": turn.status,
        "finish_reason": turn.finish_reason,
        "model": turn.model,
        "settings": turn.settings,
        "gone_on_with": list(turn.gone_on_with),
        "prompt_tokens": turn.usage.prompt_tokens,
        "completion_tokens": turn.usage.completion_tokens,
        "reused_tokens": turn.usage.reused_tokens,
        "thinking_tokens": turn.usage.thinking_tokens,
        "ttft_s": turn.ttft_s,
        "tokens_per_s": turn.tokens_per_s,
        "thinking_s": turn.thinking_s,
    }
