"""A document's lines as they are drawn: a sign stands for each character that cannot be shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import overload

from textual.document._document import DocumentBase
from textual.document._wrapped_document import WrappedDocument

from docstra_tui.tui.driver.strips import clean, is_clean


def drawn(line: str) -> str:
    """`line` as it is drawn: as long as it is, with a sign for each character that cannot be shown."""
    return line if is_clean(line) else "\t".join(clean(part) for part in line.split("\t"))


class Wrapped(WrappedDocument):
    """A wrapped document that knows how high it is: Textual adds up all lines, for each row that it draws,
    and with 10 MB of text a key then takes a third of a second."""

    @property
    def height(self) -> int:
        return len(self._offset_to_line_info)  # one for each row


class DrawnLines:
    """What a document's lines are wrapped by: a sign has a width where an invisible character has none."""

    def __init__(self, document: DocumentBase) -> None:
        self._document = document

    @property
    def lines(self) -> DrawnLines:
        return self

    @property
    def line_count(self) -> int:
        return self._document.line_count

    def get_line(self, index: int) -> str:
        return drawn(self._document.get_line(index))

    def __iter__(self) -> Iterator[str]:
        return map(drawn, self._document.lines)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [drawn(line) for line in self._document.lines[index]]
        return self.get_line(index)
