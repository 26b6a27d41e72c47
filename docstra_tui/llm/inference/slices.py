"""Text becomes token ids in slices: each content once, within bounds of time and memory, and stoppable.

Encoding twelve megabytes at once takes gigabytes, for the library remembers of each token where it stood,
and nothing can stop it. A slice ends where no tokenizer joins what meets: behind the single end of a line,
in front of a character that no token of this vocabulary has behind an end of line. That is checked with the
tokenizer itself before it is relied on. A fence always begins a slice, so the same file is the same slices
whatever stands around it.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from typing import Any

from docstra_tui.llm.measure import TooLong

SLICE = 8192
"""Characters; a slice ends at the next good place."""

LARGEST = 262_144
"""Characters of a slice that has no good place, a minified file: it is cut where that may cost a token."""

TOGETHER = 65_536
"""Characters that are encoded in one go; after each, a stop is noticed."""

KEPT = 8_000_000
"""Token ids of slices that are remembered, four bytes each."""

NEWLINES = "\nĊ"
"""As a vocabulary spells the end of a line: itself, or its byte's stand-in."""

BEGINNINGS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_`\"'#@<([{*-+.:;$%&!?=|\\~^"

PROBE = (
    'File "a.py":\n```python\nimport os\nfrom a import b\n\n\nclass A:\n    def f(self):\n'
    "        return 1\nx = [1]\ny=2\n# word\nEnd.\n'quoted'\n```\n\nFile \"b.md\":\n````\n* one\n- two\n"
    "<a>\n(b)\n{c}\nGröße\n日本\n_x;\n@y)\nw ,\n```` \n\tz\r\nlast\n"
)
"""Has an end of line between all that meets there in code."""


class Slices:
    """Encodes for one tokenizer, and remembers. Not for two threads at once."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        self._known: OrderedDict[bytes, array[int]] = OrderedDict()
        self._size = 0
        self._newline = self._encode(["\n"])[0]
        self._places = _places(_beginnings(tokenizer))
        if self._places is not None and not self._fits(PROBE):
            self._places = None

    @property
    def is_exact(self) -> bool:
        """False for a tokenizer whose tokens may change with where a text is cut: it gets large slices."""
        return self._places is not None

    def encode(self, text: str, limit: Limit) -> list[int]:
        """The ids of `text` without special tokens added. Raises `TooLong` or what `limit` raises."""
        return self._ids(text, limit, begins=True)

    def behind(self, text: str, limit: Limit) -> list[int]:
        """The same of a text that stands behind another: nothing is put in front of its first word."""
        return self._ids(text, limit, begins=False)

    def _ids(self, text: str, limit: Limit, *, begins: bool) -> list[int]:
        ids: list[int] = []
        for batch in _batches(self._cut(text)):
            limit.check()
            for found in self._of(batch, begins=begins and not ids):
                ids.extend(found)
                limit.add(len(found))
        return ids

    def _of(self, batch: list[str], *, begins: bool) -> list[array[int]]:
        marks = [hashlib.sha256(part.encode("utf-8", "surrogatepass")).digest() for part in batch]
        if begins:
            marks[0] = b"first" + marks[0]
        missing = [at for at, mark in enumerate(marks) if mark not in self._known]
        # A first slice is encoded as it stands, the others behind the end of line that stands there: some
        # tokenizers put a space in front of whatever comes first.
        texts = [batch[at] if begins and at == 0 else "\n" + batch[at] for at in missing]
        found = {}
        for at, text, ids in zip(missing, texts, self._encode(texts), strict=True):
            if text is not batch[at]:
                size = len(self._newline)
                ids = ids[size:] if ids[:size] == self._newline else self._encode([batch[at]])[0]
            found[at] = self._keep(marks[at], array("I", ids))
        return [found[at] if at in found else self._again(mark) for at, mark in enumerate(marks)]

    def _again(self, mark: bytes) -> array[int]:
        self._known.move_to_end(mark)
        return self._known[mark]

    def _keep(self, mark: bytes, ids: array[int]) -> array[int]:
        if mark not in self._known and len(ids) <= KEPT // 8:
            self._known[mark] = ids
            self._size += len(ids)
        return ids

    def forget(self) -> None:
        """Hold to the bound: what was not needed for longest goes."""
        while self._size > KEPT:
            _, ids = self._known.popitem(last=False)
            self._size -= len(ids)

    def _encode(self, texts: list[str]) -> list[list[int]]:
        if self._backend is None:
            return [list(self._tokenizer.encode(text, add_special_tokens=False)) for text in texts]
        if self._backend.encode_special_tokens != self._tokenizer.split_special_tokens:
            self._backend.encode_special_tokens = self._tokenizer.split_special_tokens
        # Without the offsets: half the time and a tenth of the memory.
        found = self._backend.encode_batch_fast(texts, add_special_tokens=False) if texts else []
        return [encoding.ids for encoding in found]

    def _cut(self, text: str) -> Iterator[str]:
        start = 0
        places = self._places.finditer(text) if self._places is not None else ()
        for at in chain((place.start() for place in places), [len(text)]):
            while at - start > LARGEST:
                yield text[start : start + LARGEST]
                start += LARGEST
            if at == len(text) or text.startswith("```", at) or at - start >= SLICE:
                yield text[start:at]
                start = at

    def _fits(self, text: str) -> bool:
        """True when `text` has the same ids cut at every place and in one go."""
        assert self._places is not None
        cuts = [0, *(place.start() for place in self._places.finditer(text)), len(text)]
        parts = [text[one:other] for one, other in pairwise(cuts)]
        whole = self._encode([text])[0]
        return [id_ for ids in self._of(parts, begins=True) for id_ in ids] == whole


class Limit:
    """How many tokens are worth knowing, and whether anybody still wants to."""

    def __init__(self, most: int | None, is_stopped: Callable[[], bool]) -> None:
        self._most = most
        self._is_stopped = is_stopped
        self.tokens = 0

    def add(self, tokens: int) -> None:
        """So many more. Raises `TooLong`."""
        self.tokens += tokens
        if self._most is not None and self.tokens > self._most:
            raise TooLong(self.tokens)

    def check(self) -> None:
        """Raises `Stopped`."""
        if self._is_stopped():
            raise Stopped


class Stopped(Exception):
    """Nobody wants to know any more."""


def _batches(parts: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for part in parts:
        batch.append(part)
        size += len(part)
        if size >= TOGETHER:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _beginnings(tokenizer: Any) -> str:
    """Characters that no token has behind an end of line."""
    words = "\0".join([*tokenizer.get_vocab(), *getattr(tokenizer, "added_tokens_encoder", {})])
    joined = set(re.findall(f"(?<=[{NEWLINES}]).", words))
    return "".join(character for character in BEGINNINGS if character not in joined)


def _places(beginnings: str) -> re.Pattern[str] | None:
    """Behind one end of line that follows something, in front of one of these."""
    return re.compile(rf"(?<=\S\n)(?=[{re.escape(beginnings)}])") if beginnings else None
