"""Where the rest of an answer is joined to its beginning, by whatever a server sends of it."""

from __future__ import annotations

from docstra_tui.llm.answer import Event

SHORTEST = 16
"""Characters of a beginning that nobody writes twice by chance."""


class Seam:
    """Leaves the beginning out where a server says all of it again. Takes the place of `RawThinking`: behind
    the beginning of an answer nothing is thought."""

    def __init__(self, written: str) -> None:
        self._written = written
        self._held: str | None = "" if len(written) >= SHORTEST else None
        """What may become the beginning; None once that is known."""

    def heard_apart(self, thinking: str) -> list[Event]:
        """Servers that look for thinking where an answer begins take the rest of one for it."""
        return self.take(thinking)

    def take(self, text: str) -> list[Event]:
        """What is known of it by now."""
        if self._held is None:
            return [text]
        self._held += text
        return [] if self._written.startswith(self._held) else self._let_go(self._held)

    def flush(self, *, is_whole: bool) -> list[Event]:
        """The rest: nothing else comes."""
        return self._let_go(self._held or "")

    def _let_go(self, held: str) -> list[Event]:
        self._held = None
        rest = held.removeprefix(self._written)
        return [rest] if rest else []
