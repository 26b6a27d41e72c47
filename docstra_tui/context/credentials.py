"""Keys and tokens in text, by their shapes: private keys, well-known tokens, passwords that are set.

Nothing is changed or hidden: whoever sends decides. Linear in the text: each shape is looked for by the
letters it begins with, and reads at most `LONGEST` characters from there.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

LONGEST = 2048
"""Characters that one match may take."""

LEAST_ENTROPY = 3.2
"""Bits a character, of Shannon's measure: words and placeholders have less, random text of this length
more. Chosen on the sources of this project's own dependencies, see docs/LOG.md."""

PLAIN = re.compile(
    r"(?i)example|sample|dummy|fake|changeme|change_me|placeholder|redacted|xxxx|1234567|abcdef|test|your[_-]?"
    r"|\*{3}|\.{3}|<[\w|]|\$[({A-Za-z_]|\{\w*\}|%[(sdr]|\bnone\b|a-z|\b(?:urn|https?|file):"
)
"""Made to be read: never a credential."""


@dataclass(frozen=True)
class Hit:
    """Something that looks like a credential."""

    what: str
    """`a private key`."""
    value: str
    """The text itself: never shown, kept to know it again."""
    start: int
    """Where in the text it begins, with what it was recognised by."""


@dataclass(frozen=True)
class Shape:
    """A kind of credential: where to look, and what it looks like from there."""

    what: str
    marks: tuple[str, ...]
    """One of these begins it."""
    pattern: re.Pattern[str]
    """Matched at the mark; the group `value`, where there is one, is the credential."""
    is_likely: Callable[[str], bool] = lambda value: True


def _is_random(value: str) -> bool:
    """True for letters and digits in no order that a person would write."""
    kinds = sum(any(map(is_kind, value)) for is_kind in (str.isdigit, str.islower, str.isupper))
    is_mixed = kinds >= 2 and sum(map(str.isdigit, value)) >= 2
    least = min(LEAST_ENTROPY, math.log2(len(value)) - 0.5)
    return is_mixed and PLAIN.search(value) is None and _entropy(value) >= least


def _is_varied(value: str) -> bool:
    """False for a row of the same few letters."""
    return len(set(value)) > 8


def _is_no_example(value: str) -> bool:
    return PLAIN.search(value) is None and _is_varied(value)


def _is_mixed(value: str) -> bool:
    """True for letters of both cases, as no name in a program has them without an underscore."""
    return _is_no_example(value) and len({letter.isupper() for letter in value[3:] if letter.isalpha()}) == 2


def _entropy(text: str) -> float:
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _cases(*words: str) -> tuple[str, ...]:
    return tuple(form for word in words for form in (word, word.upper(), word.title()))


def _token(pattern: str) -> re.Pattern[str]:
    """A token stands by itself: nothing of its own letters in front of it."""
    return re.compile(rf"(?<![A-Za-z0-9_-])(?:{pattern})")


SHAPES = (
    Shape(
        "a private key",
        ("-----BEGIN ",),
        # The bytes follow, in lines of their own or as \n in a string; a header alone is source about keys.
        re.compile(
            r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            # A header ends where its line does, and in one way only: others would be tried one by one.
            r"(?:\s|\\[nr]){1,8}"
            r"(?>(?:[A-Z][A-Za-z-]{1,20}: [^\r\n\\]{1,100}(?:[\r\n]|\\[nr])(?:\s|\\[nr]){0,8})*)"
            r"[\"'+,\s]{0,16}"
            r"(?P<value>[A-Za-z0-9+/]{40})"
        ),
        _is_varied,
    ),
    Shape("an AWS key", ("AKIA", "ASIA"), _token(r"A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"), _is_no_example),
    Shape(
        "a GitHub token",
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        _token(r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{40,251}"),
        _is_no_example,
    ),
    Shape("a GitLab token", ("glpat-",), _token(r"glpat-[A-Za-z0-9_-]{20,100}"), _is_no_example),
    Shape(
        "a Slack token",
        ("xoxa-", "xoxb-", "xoxe", "xoxp-", "xoxr-", "xoxs-", "xapp-"),
        _token(r"(?:xox[abeprs](?:\.xox[bp])?|xapp)-[A-Za-z0-9-]{16,251}"),
        _is_random,
    ),
    Shape(
        "a Slack address",
        ("hooks.slack.com/services/",),
        re.compile(r"hooks\.slack\.com/services/T[A-Za-z0-9]{6,20}/B[A-Za-z0-9]{6,20}/[A-Za-z0-9]{18,40}"),
        _is_no_example,
    ),
    Shape("an API key", ("sk-",), _token(r"sk-[A-Za-z0-9_-]{20,251}"), _is_random),
    Shape("a Hugging Face token", ("hf_",), _token(r"hf_[A-Za-z0-9]{30,60}(?![A-Za-z0-9_])"), _is_mixed),
    Shape("a Google key", ("AIza",), _token(r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"), _is_no_example),
    Shape(
        "a Stripe key",
        ("sk_live_", "rk_live_"),
        _token(r"[rs]k_live_[A-Za-z0-9]{20,100}"),
        _is_no_example,
    ),
    Shape("an npm token", ("npm_",), _token(r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"), _is_random),
    Shape("a PyPI token", ("pypi-AgE",), _token(r"pypi-AgE[A-Za-z0-9_-]{50,251}"), _is_no_example),
    Shape(
        "a web token",
        ("eyJ",),
        _token(r"eyJ[A-Za-z0-9_-]{16,900}\.eyJ[A-Za-z0-9_-]{16,900}\.[A-Za-z0-9_-]{16,200}"),
        _is_no_example,
    ),
    Shape(
        "a password or key that is set",
        _cases("password", "passwd", "secret", "token", "api_key", "api-key", "apikey", "access_key")
        + _cases("private_key", "accountkey", "auth_key")
        + ("apiKey", "accessKey", "privateKey", "authKey", "AccountKey", "ApiKey"),
        re.compile(
            r"(?<![Nn]ext)(?<![Ll]ock)(?<![Pp]age)"  # a place in a list is no secret
            r"(?i:password|passwd|secret(?:[_-]?key)?|token|(?:api|access|private|auth|account)[_-]?key)"
            r"(?:[\"']\])?[\"']?[ \t]{0,8}(?::=|=>|[:=])[ \t]{0,8}"
            r"(?:[\"'](?P<quoted>[!-~]{8,200}?)[\"']|(?P<bare>[A-Za-z0-9+/_=-]{16,200})(?=[\s;\"']|\Z))"
        ),
        _is_random,
    ),
    Shape(
        "a bearer token",
        ("Bearer ", "bearer "),
        re.compile(r"[Bb]earer (?P<value>[A-Za-z0-9._~+/-]{20,900}=?=?)"),
        _is_random,
    ),
    Shape(
        "a registry's login",
        ('"auth"', '"_auth"', "_auth"),
        re.compile(r"\"?_?auth\"? ?[:=] ?\"?(?P<value>[A-Za-z0-9+/]{20,400}=?=?)(?=[\s\"]|\Z)"),
        _is_random,
    ),
    Shape(
        "a password in a URL",
        ("://",),
        re.compile(r"://[A-Za-z0-9._~-]{1,64}:(?P<value>[A-Za-z0-9!$&*+=._~%-]{8,128})@[A-Za-z0-9\[]"),
        _is_random,
    ),
)


@dataclass(frozen=True, eq=False)
class _Mark:
    """A beginning, by the word that is in every text that has it."""

    shape: int
    mark: str
    part: str
    """Empty where there is no word in it."""
    is_first: bool
    """The word begins with the part."""
    is_last: bool
    """The word ends with it."""

    def may_be_by(self, word: str) -> bool:
        return (
            self.part in word
            and (not self.is_first or word.startswith(self.part))
            and (not self.is_last or word.endswith(self.part))
        )


def _mark(shape: int, mark: str) -> _Mark:
    found = max(re.finditer(r"\w+", mark), key=lambda one: len(one[0]), default=None)
    if found is None:
        return _Mark(shape, mark, "", False, False)
    return _Mark(shape, mark, found[0], found.start() > 0, found.end() < len(mark))


_MARKS = [_mark(number, mark) for number, shape in enumerate(SHAPES) for mark in shape.marks]
_EVERY = {mark.part for mark in _MARKS} - {""}
_PARTS = re.compile(
    "|".join(sorted(part for part in _EVERY if not any(one in part for one in _EVERY - {part})))
)


def may_begin(word: str) -> bool:
    """False for a word that is in no beginning. A word is all letters, digits and underscores in a row."""
    return _PARTS.search(word) is not None and bool(_begun_by(word))


@lru_cache(10_000)
def _begun_by(word: str) -> tuple[_Mark, ...]:
    return tuple(mark for mark in _MARKS if mark.part and mark.may_be_by(word))


def shapes_in(text: str, words: Iterable[str]) -> list[Shape]:
    """Those whose beginnings are somewhere in the text, for `find` in all of it: quicker where there are many
    texts. `words` are all those of the text that `may_begin` one."""
    likely = {mark for mark in _MARKS if not mark.part}.union(*map(_begun_by, set(words)))
    there: dict[int, list[str]] = {}
    for one in likely:
        if one.mark in text:
            there.setdefault(one.shape, []).append(one.mark)
    return [replace(SHAPES[number], marks=tuple(marks)) for number, marks in sorted(there.items())]


def without_credentials(text: str, words: Iterable[str] | None = None) -> str:
    """The same, with blanks where a key or a token stands; `words` as for `shapes_in`."""
    parts: list[str] = []
    at = 0
    shapes = SHAPES if words is None else shapes_in(text, words)
    for hit in sorted(find(text, shapes=shapes), key=lambda hit: hit.start):
        start = text.find(hit.value, max(at, hit.start))
        if start >= 0:
            parts += [text[at:start], _NO_BREAK.sub(" ", hit.value)]
            at = start + len(hit.value)
    return "".join([*parts, text[at:]]) if parts else text


_NO_BREAK = re.compile(r"[^\n]")


def find(
    text: str, start: int = 0, end: int | None = None, shapes: Sequence[Shape] = SHAPES
) -> Iterator[Hit]:
    """What begins in `text[start:end]`: shape by shape, and each in the order of the text."""
    end = len(text) if end is None else end
    for shape in shapes:
        for at in sorted(_begins(text, shape.marks, start, end)):
            match = shape.pattern.match(text, at, at + LONGEST)
            if match is not None:
                value = next((found for found in match.groups() if found), match[0])
                if shape.is_likely(value):
                    yield Hit(shape.what, value, at)


def _begins(text: str, marks: tuple[str, ...], start: int, end: int) -> Iterator[int]:
    for mark in marks:
        at = text.find(mark, start, end + len(mark) - 1)
        while at >= 0:
            yield at
            at = text.find(mark, at + len(mark), end + len(mark) - 1)
