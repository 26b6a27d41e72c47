"""Words that were written and not asked yet: how several of them stand in one place.

A question is on the disk from the moment it is accepted (`ChatSession.accept`). When it is not asked
after all, because somebody takes it back, something fails or the program ends, it comes back to where
questions are written, together with whatever was begun there meanwhile. It is never sent unseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from docstra_tui.key_hints import press
from docstra_tui.workspace.commands import COMMANDS, TASKS

if TYPE_CHECKING:
    from docstra_tui.session.chat import ChatSession

FILE_TASKS = tuple(f"/{row.name} " for row in COMMANDS if row.name in TASKS and row.takes == "files")
"""What a task over one file is written as; several are one line."""


def joined(*texts: str) -> str:
    """All of these texts in one, each once, in their order; tasks over single files come together."""
    parts = dict.fromkeys(text for text in texts if text.strip())
    tasks: dict[str, list[str]] = {}
    for text in parts:
        start = next((start for start in FILE_TASKS if text.startswith(start) and "\n" not in text), "")
        tasks.setdefault(start, []).append(text.removeprefix(start))
    words = tasks.pop("", [])
    return "\n\n".join([*words, *(start + " ".join(files) for start, files in tasks.items())])


def not_sent_yet(count: int) -> str:
    """What to say of so many questions that came back."""
    what = "This question was" if count == 1 else f"These {count} questions were"
    return f"{what} not sent yet. {press('composer.send')} asks."


def bring_back(session: ChatSession, typed: Iterable[str] = ()) -> int:
    """Put what waited when a program ended into the session's draft, with what is `typed` already below
    it; how many questions that were."""
    waiting = list(session.waiting)
    text = joined(*(question.text for question in waiting), session.draft, *typed)
    if waiting or (text and not session.turns):  # the second: it is ours now
        session.take_back(waiting, text)
    else:
        session.draft = text
    return len(waiting)
