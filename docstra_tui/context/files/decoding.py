"""Bytes of a file as text: which encoding, and whether it is text at all. Nothing is ever dropped.

Byte order mark, then strict UTF-8, then a guess that is named. Line ends are kept as they are, but for
those of a text whose lines all end with a bare CR: there it is an LF, which alone ends a line from here on.
"""

from __future__ import annotations

import codecs
import re

from docstra_tui.errors import UnreadableFile

HEAD = 8192
"""Bytes in which a NUL means: this is no text."""

UNDECODABLE = 0.10
"""The share of characters no text has, beyond which bytes are called binary."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL_BYTES = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")


def decode(data: bytes, shown: str) -> tuple[str, str, str]:
    """`(text, encoding, note)`; the note is a sentence when the encoding was guessed, else empty.

    `shown` is the file's name for sentences. Raises `UnreadableFile` when it is not text.
    """
    text, encoding, note = _decode(data, shown)
    return text if "\n" in text else text.replace("\r", "\n"), encoding, note


def _decode(data: bytes, shown: str) -> tuple[str, str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), encoding, ""
            except UnicodeDecodeError:
                break  # it only looked like a mark
    if b"\0" in data[:HEAD]:
        raise _binary(shown)
    try:
        return data.decode("utf-8"), "utf-8", ""
    except UnicodeDecodeError:
        pass
    if len(_CONTROL_BYTES.findall(data)) > len(data) * UNDECODABLE:
        raise _binary(shown)
    return _guess(data, shown)


def _guess(data: bytes, shown: str) -> tuple[str, str, str]:
    from docstra_tui.context.files.guessing import guess  # nearly every file is UTF-8

    encoding = guess(data)
    if encoding is None:
        raise _binary(shown)
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        raise _binary(shown) from None
    name = encoding.replace("_", "-")
    return text, name, f"{shown} is not UTF-8; it was read as {name}, which is a guess."


def _binary(shown: str) -> UnreadableFile:
    return UnreadableFile(f"{shown} is not text.", "Only text files can be given to the model.")
