"""The saved conversations: list them, read one, forget one."""

from __future__ import annotations

from typing import Any

from docstra_tui import figures
from docstra_tui.commands.arguments import PROGRAM, Invocation
from docstra_tui.commands.console import Console
from docstra_tui.commands.printing import Quoting
from docstra_tui.errors import UsageError
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SavedTurn, StoredSession
from docstra_tui.workspace.wording import ENDED

ID_LENGTH = 8
"""So much of an id is shown; any beginning that is unique can be typed."""


def run(invocation: Invocation) -> int:
    """`sessions list | show | delete`."""
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
            case _:
                if not invocation.words:
                    raise UsageError(
                        "Which session?", f"{PROGRAM} sessions list shows them; give the beginning of an id."
                    )
                session = store.load(invocation.words[0])
                store.delete(session.id)
                store.flush()
                if as_json:
                    console.json({"deleted": session.id})
                else:
                    console.line(f"Deleted {session.id[:ID_LENGTH]} ({session.title}).")
                return 0
    finally:
        if store.notice:
            console.note(store.notice)
        store.close()


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
        "prompt_tokens": turn.usage.prompt_tokens,
        "completion_tokens": turn.usage.completion_tokens,
        "reused_tokens": turn.usage.reused_tokens,
        "thinking_tokens": turn.usage.thinking_tokens,
        "ttft_s": turn.ttft_s,
        "tokens_per_s": turn.tokens_per_s,
        "thinking_s": turn.thinking_s,
    }
