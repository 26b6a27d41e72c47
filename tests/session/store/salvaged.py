"""What is found again of a damaged file."""

from __future__ import annotations

from pathlib import Path

from docstra_tui.session.exchange.markdown import to_markdown
from docstra_tui.session.store.sessions import SessionStore


def everything(path: Path) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """Answer and damage of every turn that is found, by its session and question; every face's words are
    made too."""
    store = SessionStore(path)
    try:
        found = {}
        for summary in store.sessions():
            session = store.load(summary.id)
            to_markdown(session)
            for turn in session.turns:
                key = session.id, turn.question
                is_its_own = turn.question.removeprefix("What is ").removesuffix("?") in turn.answer
                if is_its_own or key not in found:  # a flipped bit may make its question another's
                    found[key] = (turn.answer, turn.damage)
        assert store.problem is None
        return found
    finally:
        store.close()
