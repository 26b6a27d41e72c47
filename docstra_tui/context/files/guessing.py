"""Which old encoding a text that is not UTF-8 may have.

A short text tells little: to charset-normalizer dozens of encodings are then equally good. So only those
that people have are looked at, Western Europe's comes first wherever the text reads as such, and East
Asia's are told by how common the characters are that come out.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

_WESTERN = "cp1252"
_ALPHABETS = (
    *("cp1250", "cp1251", _WESTERN, "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2"),
    *("iso8859_7", "iso8859_8", "koi8_r", "koi8_u", "cp874", "cp437", "cp850", "cp852", "cp866", "mac_roman"),
)
_LATIN = ("cp1250", "cp1254", "cp1257", "iso8859_2")
_COMMON = {
    # What the first byte of a character is, of those that people use every day: codec, from, to.
    "cp949": ("euc_kr", 0xB0, 0xC8),  # first: other readings of Korean are made of common characters too
    "cp932": ("euc_jp", 0xB0, 0xCF),
    "euc_jp": ("euc_jp", 0xB0, 0xCF),
    "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5": ("big5", 0xA4, 0xC6),
}
_SAMPLE = 2000
"""Places beyond ASCII that are enough to know."""

_EAST_ASIAN = 0.75
"""The share of common characters in what is beyond ASCII."""

_STRAY = 0.3
"""The share of what is beyond ASCII that may stand where a Western text has nothing like it."""

_SURE_LETTERS = 8
_SURE_COHERENCE = 0.3
_NEAR = 0.05
"""Likeness to a language, and mess, as charset-normalizer counts them: what is convincing, what a tie."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\W\d_ƒªºµ]+")
_SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])(?:[^\w\x00-\x7f’´·×\xa0\xad—–…]|[²³¹¼½¾])+(?=[^\W\d_])")
_SELDOM = re.compile(r"[ƒˆ˜¤¦¬¯¸]")
_IN_LISTS = frozenset("äöüßÄÖÜáéíóúñÁÉÍÓÚÑ")
"""Programs list these letters one after the other."""

_CYRILLIC_WORD = re.compile(r"(?<!\w)[А-яЁёЄєІіЇїҐґ]+(?!\w)")
_KANA = re.compile(r"[\u3040-\u30ff]")
_SYMBOLS = re.compile(r"[\u3000-\u303f\uff00-\uff5e]")
_IN_A_ROW = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uff5e]+")


def guess(data: bytes) -> str | None:
    """Python's name of the likeliest encoding; None when `data` is not likely to be text at all."""
    from charset_normalizer import from_bytes  # its tables of languages take a while to import

    matches = list(from_bytes(data, cp_isolation=list(_ALPHABETS)))
    is_language = (
        bool(matches) and matches[0].coherence >= _SURE_COHERENCE and _is_long(_start(str(matches[0])))
    )
    western = _read(data, _WESTERN)
    if western is not None and _stray_share(western) > _STRAY:
        western = None
    if not is_language:
        encoding = (_cyrillic(data) if western is None else None) or _east_asian(data)
        if encoding is not None:
            return encoding
    if western is not None and not (is_language and _is_better(matches, western)):
        return _WESTERN
    if matches:
        return _likeliest(matches).encoding
    rare = list(from_bytes(data))
    return rare[0].encoding if rare else None


def _read(data: bytes, encoding: str) -> str | None:
    """As much of the text as is enough to know; None when not all of `data` can be read so."""
    try:
        return _start(data.decode(encoding))
    except UnicodeDecodeError:
        return None


def _start(text: str) -> str:
    last = next(islice(_BEYOND_ASCII.finditer(text), _SAMPLE, None), None)
    return text if last is None else text[: last.start()]


def _is_better(matches: list[CharsetMatch], western: str) -> bool:
    """True when the first of `matches` reads as a language, and more so than as cp1252."""
    best = matches[0]
    if _start(str(best)) == western or (best.encoding not in _LATIN and _stray_share(western) <= _NEAR):
        return False
    own = next((match for match in matches if _start(str(match)) == western), None)
    return own is None or own.chaos > best.chaos + _NEAR or own.coherence < best.coherence - 2 * _NEAR


def _likeliest(matches: list[CharsetMatch]) -> CharsetMatch:
    """Of those that are as good as the first, the one whose words look like words."""
    best = matches[0]

    def looks(match: CharsetMatch) -> tuple[float, float]:
        text = _start(str(match))
        beyond = _beyond_ascii(text)
        small = sum(char.islower() for char in beyond)
        return round(_stray_share(text), 1), -small / max(1, len(beyond))

    ties = [
        match
        for match in matches
        if match.chaos <= best.chaos + _NEAR and match.coherence >= best.coherence - 3 * _NEAR
    ]
    return min(ties, key=looks)


def _stray_share(text: str) -> float:
    """How much of what is beyond ASCII stands where a text has nothing like it.

    In Latin script most letters of a word are ASCII, and in any no capital follows a small letter and no
    sign stands within a word. Text read in a wrong encoding breaks one of these in nearly every word.
    """
    stray = len(_SELDOM.findall(text)) + sum(map(len, _SIGN_IN_WORD.findall(text)))
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        foreign = [char for char in word if "\x7f" < char < "\u0250"]
        if len(foreign) > 2 and len(foreign) > 0.6 * len(word) and not _IN_LISTS.issuperset(foreign):
            stray += len(foreign)
        elif not _IN_LISTS.issuperset(word):
            pairs = pairwise(word)
            stray += sum(after > "\x7f" and before.islower() and after.isupper() for before, after in pairs)
    return stray / max(1, len(_beyond_ascii(text)))


def _cyrillic(data: bytes) -> str | None:
    """Words of nothing else, in small letters but for the first: a few of them are enough."""
    for encoding in ("cp1251", "koi8_r"):
        text = _read(data, encoding) or ""
        beyond = _beyond_ascii(text)
        letters = sum(len(word) for word in _CYRILLIC_WORD.findall(text))
        if (
            letters >= max(_SURE_LETTERS, (1 - _NEAR) * len(beyond))
            and sum(map(str.islower, beyond)) >= 0.6 * letters
            and _stray_share(text) <= _NEAR
        ):
            return encoding
    return None


def _east_asian(data: bytes) -> str | None:
    """Such characters are common ones and stand in a row; where two Western letters pass for one they are
    seldom ones, and alone."""
    best, share = None, _EAST_ASIAN
    for encoding in _COMMON:
        text = _read(data, encoding)
        if text is not None and (found := _common_share(text, encoding)) > share:
            best, share = encoding, found
    return best


def _common_share(text: str, encoding: str) -> float:
    codec, first, last = _COMMON[encoding]
    runs = _IN_A_ROW.findall(text)
    if sum(map(len, runs)) < 2 * len(runs):
        return 0.0
    beyond = _SYMBOLS.sub("", _beyond_ascii(text))
    common = 0
    for char in beyond:
        if _KANA.match(char):
            common += codec == "euc_jp"
        elif encoded := char.encode(codec, "ignore"):
            common += len(encoded) == 2 and first <= encoded[0] <= last
    return common / max(1, len(beyond))


def _is_long(text: str) -> bool:
    return sum(map(str.isalpha, _beyond_ascii(text))) >= _SURE_LETTERS


def _beyond_ascii(text: str) -> str:
    return "".join(_BEYOND_ASCII.findall(text))
