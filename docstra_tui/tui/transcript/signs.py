"""The signs of Markdown in a text, and the text without them, about as it is drawn."""

from __future__ import annotations

import re
from collections.abc import Generator

SIGNS_AT_ONCE = 2_000
"""Signs of Markdown that are looked at before others get their turn."""
LONGEST_INLINE = 1_000
"""Characters of inline code or of the words of a link, at most."""

_SIGN = re.compile(r"``*|~~*|\*\**|\\[*_`#|~+\-.!>]|!\[|\[|\]\(")  # every part begins with a literal: fast
_LINK = re.compile(rf"!?\[[^\[\]\n]{{0,{LONGEST_INLINE}}}\]\(")
_ALL_SIGNS = "`~*\\![]"


def bare(text: str) -> str:
    """`text` without any character that may be a sign of Markdown in a line."""
    for sign in _ALL_SIGNS:
        text = text.replace(sign, "")
    return text


def _is_first_in_line(text: str, at: int) -> bool:
    before = text[max(0, at - 40) : at]
    line = before.rpartition("\n")[2]
    return not line.strip(" \t>") and (len(line) < len(before) or at <= 40)


def _fence_end(text: str, start: int, signs: str) -> int:
    """Where the fence that begins at `start` ends; -1 where none begins."""
    line_end = text.find("\n", start)
    if line_end < 0 or (signs[0] == "`" and "`" in text[start + len(signs) : line_end]):
        return -1
    closing = re.compile(rf"^[ \t>]*{signs[0]}{{{len(signs)},}}[ \t]*$", re.MULTILINE)
    found = closing.search(text, line_end + 1)
    return len(text) if found is None else found.end()


def _code_end(text: str, at: int, signs: str) -> int:
    """Where the signs stand that end inline code; -1 where it does not end."""
    end = min(len(text), at + LONGEST_INLINE)
    found = text.find(signs, at, end)
    while found >= 0:
        after = found + len(signs)
        if text[found - 1] != "`" and text[after : after + 1] != "`":
            return found if "\n\n" not in text[at:found] else -1
        while text[after : after + 1] == "`":
            after += 1
        found = text.find(signs, after, end)
    return -1


def _is_emphasis(text: str, start: int, end: int) -> bool:
    """True for stars that may begin or end emphasis: not a bullet, not a product."""
    before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
    if before.isspace() and after.isspace():
        return False
    return not (before.isascii() and before.isalnum() and after.isascii() and after.isalnum())


class _Pieces:
    """A text without some of its parts, and where in it and in the text each piece begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._kept = 0
        self._size = 0
        self.pieces: list[str] = []
        self.heres: list[int] = []
        self.theres: list[int] = []

    def leave_out(self, start: int, end: int) -> None:
        """Take the text before `start`, leave out what is before `end`."""
        if start > self._kept:
            self._add(self._text[self._kept : start], self._kept)
        self._kept = end

    def put(self, start: int, end: int, words: str) -> None:
        """The same with `words` in the place of what is left out."""
        self.leave_out(start, end)
        self._add(words, start)

    def _add(self, piece: str, at: int) -> None:
        self.pieces.append(piece)
        self.heres.append(self._size)
        self.theres.append(at)
        self._size += len(piece)


def without_signs(text: str) -> Generator[None, None, tuple[str, list[int], list[int]]]:
    """`text` about as it is drawn, and where in it and in `text` each of its pieces begins."""
    pieces = _Pieces(text)
    at, count = 0, 0
    while (found := _SIGN.search(text, at)) is not None:
        count += 1
        if not count % SIGNS_AT_ONCE:
            yield
        start, at = found.span()
        signs = found[0]
        match signs[0]:
            case "`" | "~" if (
                at - start >= 3
                and _is_first_in_line(text, start)
                and (end := _fence_end(text, start, signs)) >= 0
            ):
                at = end
            case "`":
                end = _code_end(text, at, signs)
                if end >= 0:
                    pieces.leave_out(start, at)
                    at = end + len(signs)
                    pieces.leave_out(end, at)
            case "~":
                if len(signs) == 2:
                    pieces.leave_out(start, at)
            case "*":
                if _is_emphasis(text, start, at):
                    pieces.leave_out(start, at)
            case "\\":
                pieces.leave_out(start, start + 1)
            case "]":
                pieces.put(start, at, " (")
            case _:
                if _LINK.match(text, start) is not None:
                    pieces.leave_out(start, at)
    pieces.leave_out(len(text), len(text))
    return "".join(pieces.pieces), pieces.heres, pieces.theres
