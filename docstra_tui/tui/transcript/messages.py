"""What the conversation tells the app."""

from __future__ import annotations

from typing import Literal

from textual.message import Message

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
