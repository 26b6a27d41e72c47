"""`sessions search`: where in the saved sessions words stand."""

from __future__ import annotations

import time

from docstra_tui import figures
from docstra_tui.commands.console import Console
from docstra_tui.session.search.finder import Finder, Found, Hit
from docstra_tui.session.store.sessions import SessionStore
from docstra_tui.session.turns import SessionSummary

PATIENCE_SECONDS = 0.5
"""Making the index for the first time may take longer, and is told then."""


def search(console: Console, store: SessionStore, words: str, *, as_json: bool) -> int:
    """The hits, the best first: of a session all together, or as one JSON object."""
    finder, began = Finder(store), time.monotonic()

    def tell(left: int) -> None:
        if time.monotonic() - began > PATIENCE_SECONDS:
            console.progress(f"Reading older sessions: {left:,} turns left…")

    try:
        found = finder.find(words, told=tell)
    finally:
        finder.close()
    if found.note:
        console.note(found.note)
    if as_json:
        console.json({"hits": [_fields(hit) for hit in found.hits], "has_more": found.has_more})
    else:
        _print(console, found, {one.id: one for one in store.sessions()})
    return 0


def _fields(hit: Hit) -> dict[str, object]:
    return {"session": hit.session, "turn": hit.turn, "line": hit.line, "text": hit.text, "part": hit.part}


def _print(console: Console, found: Found, sessions: dict[str, SessionSummary]) -> None:
    for session, hits in found.by_session.items():
        summary = sessions.get(session)
        facts = [session[:8]]
        if summary is not None:
            facts += [figures.moment(summary.updated), summary.title, summary.root]
        console.line("  ".join(facts))
        for hit in hits:
            console.line(f"    {hit.part} {hit.line}: {hit.text.strip()}")
    if found.has_more:
        console.note(f"These are the best {len(found.hits)}; there are more.")
    elif not found.hits:
        console.note("Nothing was found.")
