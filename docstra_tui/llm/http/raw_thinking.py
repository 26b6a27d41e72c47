"""Thinking that a server leaves in the text of its answer, told by the marks around it.

Where the server's template opened the block, only its end comes: all before it was thinking after all, and
the server's next answer begins with thinking at once.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from docstra_tui.llm.answer import Event, Reframed, Thought
from docstra_tui.llm.http.manners import Manners
from docstra_tui.llm.thinking import families
from docstra_tui.llm.thinking.families import Family
from docstra_tui.llm.thinking.tags import Splitter
from docstra_tui.llm.thinking.wish import Think

COMPARED = 40
"""Characters by which thinking in a text is known as what was told already."""


@functools.cache
def unseen() -> Family:
    """A block whose beginning nobody here saw: any mark that ends one ends it."""
    every = families.of_any_model()
    closing = dict.fromkeys(mark for family in every for mark in family.close)
    return Family(name="unseen", open=every[0].open, close=tuple(closing), force=every[0].force)


class RawThinking:
    """Takes the thinking out of one answer's text, to a question with this wish."""

    def __init__(self, manners: Manners, think: Think) -> None:
        self._manners = manners
        self._think = think
        self._has_field = False
        self._told = ""
        """The beginning of what came in that field."""
        self._undecided: str | None = None
        """The beginning of the text behind it; None once it is known whether thinking stands there again."""
        self._is_plain = False
        """True where it does not, although a mark does: an answer about such marks."""
        self._unclosed: list[str] | None = [] if manners.opens_thinking(think) else None
        """What was taken for thinking because the last answer began so."""
        opened = unseen() if self._unclosed is not None else None
        self._splitter = Splitter(families.of_any_model(), opened)

    def heard_apart(self, thinking: str) -> list[Event]:
        """The server has a field of its own for thinking: what of it still stands in the text was told."""
        self._told = (self._told + thinking).lstrip()[:COMPARED]
        if self._has_field:
            return []
        self._has_field, rest = True, self._taken(self._splitter.flush())
        self._undecided = ""
        self._unclosed = None
        self._splitter = Splitter(families.of_any_model(), finds_lone=False)
        return rest

    def take(self, text: str) -> list[Event]:
        """What is known of it by now."""
        if self._undecided is not None:
            self._undecided += text
            if not self._decide(self._undecided):
                return []
            text, self._undecided = self._undecided, None
        if self._is_plain:
            return [text]
        events = self._taken(self._splitter.feed(text))
        return [event for event in events if isinstance(event, str)] if self._has_field else events

    def flush(self, *, is_whole: bool) -> list[Event]:
        """The rest, at the end of an answer; `is_whole` where the model itself ended it."""
        rest, self._undecided = self._undecided or "", None
        events: list[Event] = [*self.take(rest), *self._taken(self._splitter.flush())]
        if is_whole and self._unclosed:  # it was none: this time nothing closed it
            events.append("".join(self._unclosed))
            self._unclosed = None
            self._manners.forget_opened(self._think)
        return events

    def _decide(self, text: str) -> bool:
        """Whether it is known by now what the text behind a field begins with."""
        text = text.lstrip()
        openings = [mark for family in families.of_any_model() for mark in family.open]
        mark = max((mark for mark in openings if text.startswith(mark)), key=len, default="")
        if not mark:
            return not any(opening.startswith(text) for opening in openings)
        behind = text[len(mark) :].lstrip()[: len(self._told)]
        self._is_plain = not self._told.startswith(behind)
        return self._is_plain or len(behind) == len(self._told)

    def _taken(self, pieces: Sequence[Event]) -> list[Event]:
        for piece in pieces:
            if isinstance(piece, Reframed):
                self._manners.remember_opened(self._think)
            elif self._unclosed is not None and isinstance(piece, Thought):
                self._unclosed.append(piece.text)
        if self._splitter.has_closed:
            self._unclosed = None
        return list(pieces)
