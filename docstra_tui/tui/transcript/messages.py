"""What the conversation tells the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.message import Message

if TYPE_CHECKING:
    from docstra_tui.session.citations.citation import Citation

Verb = Literal["retry", "edit", "continue", "walk", "delete", "undo"]


class CopyRequested(Message):
    """Someone pressed the key that copies; the app decides how the text leaves the screen."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what
        """`selection`, `code`, `answer` or `turn`."""


class BranchWanted(Message):
    """Someone pressed a key about a turn and those in its place."""

    def __init__(self, verb: Verb, turn_id: int, step: int = 0) -> None:
        super().__init__()
        self.verb = verb
        self.turn_id = turn_id
        self.step = step
        """To which of them, of `walk`."""


class CitationsWanted(Message):
    """An answer is in sight that nobody has looked up."""

    def __init__(self, turn_id: int) -> None:
        super().__init__()
        self.turn_id = turn_id


class CitationMarked(Message):
    """A citation is marked; without words, none is any more."""

    def __init__(
        self, words: str, number: int = 0, count: int = 0, *, note: str = "", has_place: bool = False
    ) -> None:
        super().__init__()
        self.words = words
        self.note = note
        self.number = number
        self.count = count
        """Of how many of its answer."""
        self.has_place = has_place
        """There is something to open."""


class NoCitation(Message):
    """Somebody wants to go to one, and there is none in that direction."""

    def __init__(self, *, is_any: bool) -> None:
        """`is_any` is True where there are others."""
        super().__init__()
        self.is_any = is_any


class CitationOpened(Message):
    """Somebody wants to see where a citation stands."""

    def __init__(self, citation: Citation) -> None:
        super().__init__()
        self.citation = citation


class SaveRequested(Message):
    """Someone pressed the key that saves; whoever hears it asks for the file's name."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what
        """As of what is copied."""


class OlderWanted(Message):
    """Someone is at the top, and there are earlier turns that are not shown."""


class SearchRequested(Message):
    """Someone pressed the key that asks for words to look for."""
