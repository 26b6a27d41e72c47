"""What the conversation tells the app."""

from __future__ import annotations

from textual.message import Message


class CopyRequested(Message):
    """Someone pressed the key that copies; the app decides how the text leaves the screen."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text = text
        self.what = what
        """`selection`, `code`, `answer` or `turn`."""


class OlderWanted(Message):
    """Someone is at the top, and there are earlier turns that are not shown."""


class SearchRequested(Message):
    """Someone pressed the key that asks for words to look for."""
