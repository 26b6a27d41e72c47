"""What a terminal of few characters gets in the place of others: signs as people type them, the rest by its
number."""

from __future__ import annotations

import codecs

PLAIN = "docstra-plain"
"""How a stream is told to do so with what it cannot encode."""
SIGNS = {
    "→": "->",
    "…": "...",
    "·": "-",
    "×": "x",
    "─": "-",
    "“": '"',
    "”": '"',
    "’": "'",
    "‘": "'",
    "—": "-",
    "–": "-",
    "≈": "~",
    "≤": "<=",
    "▸": ">",
    "▾": "v",
    "●": "*",
    "•": "*",
    "│": "|",
    "↑": "Up",
    "↓": "Down",
    "←": "Left",
    "✓": "ok",
    "✗": "wrong",
}
IN_A_CELL = {sign: typed[0] for sign, typed in SIGNS.items()} | {
    "→": ">",
    "↑": "^",
    "↓": "v",
    "✓": "+",
    "✗": "x",
}
"""The same where each has its place."""


def is_wide(encoding: str | None) -> bool:
    """True where every character can be written."""
    return (encoding or "utf-8").lower().startswith("utf")


def spelled(text: str, encoding: str | None) -> str:
    """`text` as it will be written, so that its length is known."""
    if text.isascii() or is_wide(encoding):
        return text
    return text.encode(encoding or "ascii", PLAIN).decode(encoding or "ascii")


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError) and (sign := SIGNS.get(error.object[error.start])):
        return sign, error.start + 1
    if isinstance(error, UnicodeEncodeError):  # one at a time: a sign may be the next
        error.end = error.start + 1
    return codecs.backslashreplace_errors(error)


codecs.register_error(PLAIN, _plain)
