"""Text from outside, made safe to show: no character of it can command the terminal.

Characters are neutralised one by one and sequences are never parsed, so it does not matter where a
piece of a stream ends (only a CRLF split over two pieces shows its carriage return). This is for the
eye: what is stored and sent to the model stays as it came. Only what is pasted loses the characters
that act (`disarm`) before it is sent.
"""

from __future__ import annotations

import os
import re

TAB = "    "

_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Bidirectional controls: they reorder what is read."""
_LINE_ENDS = "\u2028\u2029"
_TAGS = "\U000e0000-\U000e007f"
"""A whole hidden ASCII."""

INVISIBLE = (
    f"{_DIRECTIONS}{_LINE_ENDS}{_TAGS}"
    "\u00ad\u034f\u17b4\u17b5\u180e\u200b\u2060\ufeff"  # no width
    "\u115f\u1160\u2800\u3164\uffa0"  # a blank that is a letter or a sign
    "\u2061-\u2064\u206a-\u206f\ufff9-\ufffb\U0001d173-\U0001d17a"  # hidden operators, notes, beams
    "\ufe00-\ufe0d\U000e0100-\U000e01ef"  # variants of a character, which can carry any byte
)
"""A character class of what the eye cannot see.

Joiners (ZWJ, ZWNJ) and the two signs for text or emoji (U+FE0E, U+FE0F) stay: scripts and emoji need them.
"""

_SHAPES = "\ufe0e\ufe0f"
"""The signs for text or emoji."""

UNSAFE = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{INVISIBLE}]")
"""Everything that is not drawn as it is; the last net (`docstra_tui.tui.driver.strips`) catches the same."""
_UNSAFE_IN_TEXT = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff{INVISIBLE}]")
_ACTING = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_DIRECTIONS}{_LINE_ENDS}{_TAGS}]")


def sanitize_text(text: str) -> str:
    """`text` over several lines: line feeds stay, a tab becomes four spaces, the rest becomes visible."""
    if _UNSAFE_IN_TEXT.search(text) is None:
        return text
    plain = text.replace("\r\n", "\n").replace("\t", TAB)
    return _UNSAFE_IN_TEXT.sub(_visible, plain)


def sanitize_line(text: str) -> str:
    """`text` as one line: as `sanitize_text`, and a line feed becomes `␊`."""
    if UNSAFE.search(text) is None:
        return text
    plain = text.replace("\r\n", "\n").replace("\t", TAB)
    return UNSAFE.sub(_visible, plain)


def reveal(text: str) -> str:
    """`text` where nothing may hide: as `sanitize_text`, and what that leaves for scripts and emoji, blanks
    that are no space and what no font has are visible too."""
    return "".join(map(_revealed, sanitize_text(text)))


def _revealed(character: str) -> str:
    is_seen = character.isprintable() and character not in _SHAPES
    return character if is_seen or character == "\n" else _code(character)


def disarm(text: str) -> str:
    """`text` to be passed on: what could act in a terminal or a shell, reorder what is read, end a line
    unseen or hide words becomes visible; tabs and other invisible characters stay.

    Not safe to show; `sanitize_text` is for that.
    """
    if _ACTING.search(text) is None:
        return text
    return _ACTING.sub(_visible, text.replace("\r\n", "\n"))


def shown_name(name: str | bytes) -> str:
    r"""A file's name or path as GNU ls shows it: as it is, or `$'bad\377.py'` where it holds odd bytes.

    Two different names never look the same.
    """
    text = os.fsdecode(name)
    # Most names are ASCII: that nothing of it is odd is told ten times as fast.
    if ((text.isascii() and text.isprintable()) or UNSAFE.search(text) is None) and not text.startswith("$'"):
        return text
    return "$'" + "".join(_shell_escape(character) for character in text) + "'"


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0x80 <= code <= 0x9F:
        return f"⟨{code:02x}⟩"
    if 0xD800 <= code <= 0xDFFF:
        return f"⟨{code:04x}⟩"
    return _code(character)


def _code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


_SHORT_ESCAPES = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\\": r"\\", "'": r"\'"}


def _shell_escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if UNSAFE.match(character) is None:
        return character
    code = ord(character)
    if code < 0xA0:  # a C1 control is a character of two bytes
        return "".join(f"\\{byte:03o}" for byte in character.encode())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as Python carries it
        return f"\\{code - 0xDC00:03o}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
