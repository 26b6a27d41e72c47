"""What was sent, as it is looked through: which file a path means, and where in it a quote stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from docstra_tui.llm.items import OUTLINE, ContextItem
from docstra_tui.session.citations.passages import Text, joined, words_of
from docstra_tui.session.citations.places import is_absolute
from docstra_tui.session.citations.texts import Texts

SEARCHED = 200_000_000
"""Characters that are looked through for one answer; what comes after them is not checked."""


_CUT_WORD = re.compile(r"\w+$")


class Passage(NamedTuple):
    """Where a quote stands."""

    source: Source
    row: int
    last_row: int
    is_close: bool
    """True where no blank differs but for those at the ends and more of them."""

    @property
    def line(self) -> int | None:
        return self.source.text.number(self.row)

    @property
    def end_line(self) -> int | None:
        return self.source.text.number(self.last_row)


class Source:
    """One item, as it was sent."""

    def __init__(self, item: ContextItem, texts: Texts, *, is_old: bool) -> None:
        self.item = item
        self._texts = texts
        self.path = item.path
        self.is_old = is_old
        """True where the same lines were sent again later, and were others then."""
        self.is_whole = item.start_line is None and not item.detail

    @cached_property
    def text(self) -> Text:
        return self._texts.of(self.item)

    def is_around(self, name: str) -> bool:
        """True where the file says that it is, or has, a namespace of this name."""
        if name not in self.text.words:
            return False
        pattern = rf"\b(?:namespace|mod|module|package)\s+(?:[\w:.]+(?:::|\.))?{re.escape(name)}\b"
        return re.search(pattern, self.item.content) is not None

    @property
    def last_line(self) -> int | None:
        """The last line of the file, where that is known."""
        if self.item.detail == OUTLINE:
            return self.text.count
        return len(self.text.lines) if self.is_whole else None


class Sources:
    """All items of a conversation, in their order."""

    def __init__(
        self, items: Iterable[ContextItem], now: Mapping[str, str | None], texts: Texts | None = None
    ) -> None:
        texts = Texts() if texts is None else texts
        latest: dict[tuple[str | None, int | None, int | None], str] = {}
        kept: dict[tuple[str | None, int | None, int | None, str], ContextItem] = {}
        for item in items:
            kept[(*item.key, item.sha256)] = item
            latest[item.key] = item.sha256
        self.all = tuple(
            Source(item, texts, is_old=item.path is not None and latest[item.key] != item.sha256)
            for item in kept.values()
        )
        self._now = now
        self._by_path: dict[str, list[Source]] = {}
        for source in self.all:
            if source.path is not None:
                self._by_path.setdefault(source.path, []).append(source)
        self._by_word: dict[str, list[Source]] = {}
        self._found: dict[tuple[str, bool, bool], tuple[Passage, ...]] = {}
        self._mentions: dict[str, tuple[Source, int] | None] = {}
        self._now_texts: dict[str, Text | None] = {}
        self._room = SEARCHED

    # Files

    @cached_property
    def _by_ending(self) -> dict[str, list[str]]:
        """Paths by what they end with, from a part of them on."""
        known: dict[str, list[str]] = {}
        for path in self._by_path:
            parts = path.replace("\\", "/").split("/")
            for at in range(max(0, len(parts) - 40), len(parts)):
                known.setdefault("/".join(parts[at:]), []).append(path)
        return known

    def files(self, written: str) -> Sequence[str]:
        """The sent files that a path can mean: the one of this name, else all that end with it."""
        if written in self._by_path:
            return (written,)
        if is_absolute(written):
            return self._beyond(written)
        return self._by_ending.get(written.lstrip("/") if written.startswith("./") else written, ())

    def _beyond(self, written: str) -> Sequence[str]:
        """The sent file that the end of an absolute path names."""
        parts = written.split("/")
        for at in range(1, min(len(parts), 40)):
            if (tail := "/".join(parts[at:])) in self._by_path:
                return (tail,)
        return ()

    def is_folder(self, written: str) -> bool:
        """True for a folder of something that was sent."""
        name = written.rstrip("/") + "/"
        return any(path.startswith(name) or f"/{name}" in path for path in self._by_path)

    def of(self, path: str) -> Sequence[Source]:
        """The items of a file."""
        return self._by_path.get(path, ())

    def last_line(self, path: str) -> int | None:
        """The last line of a file, where what was sent tells."""
        known = [
            line for source in self.of(path) if not source.is_old and (line := source.last_line) is not None
        ]
        return max(known, default=None)

    def only_path(self) -> str | None:
        """The path of what was sent, where that is one file."""
        return next(iter(self._by_path)) if len(self._by_path) == 1 else None

    def mention(self, word: str) -> tuple[Source, int] | None:
        """Where a path or a name stands in what was sent."""
        if word not in self._mentions:
            passages = self.find(joined(word))
            self._mentions[word] = (passages[0].source, passages[0].row) if passages else None
        return self._mentions[word]

    # Quotes

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        return [source.text.words for source in self.all]

    def holding(self, words: Sequence[str]) -> Sequence[Source]:
        """The items that have all these words, in their order."""
        if not words:
            return self.all
        longest = words[0]  # and so the rarest
        if longest not in self._by_word:
            known = zip(self.all, self._words, strict=True)
            self._by_word[longest] = [one for one, there in known if longest in there]
        return [one for one in self._by_word[longest] if one.text.holds(words)]

    def has_line(self, line: str) -> bool:
        """True where a joined text is all of a line."""
        return any(line in source.text.rows for source in self.holding(words_of(line)))

    @property
    def is_tired(self) -> bool:
        """True where no more is looked up."""
        return self._room <= 0

    def find(self, quote: str) -> tuple[Passage, ...]:
        """All places where a joined quote stands; with blanks as they are, else with others."""
        return self._find(quote, is_close=True) or self._find(quote, is_close=False)

    def find_cut(self, quote: str) -> tuple[Passage, ...]:
        """The same for a joined quote that may end in the middle of a word."""
        return self._find(quote, is_close=True, is_cut=True)

    def _find(self, quote: str, *, is_close: bool, is_cut: bool = False) -> tuple[Passage, ...]:
        key = (quote, is_close, is_cut)
        if key not in self._found:
            words = words_of(_CUT_WORD.sub("", quote) if is_cut else quote)
            passages: list[Passage] = []
            for source in self.holding(words):
                text = source.text
                if self._room <= 0:
                    break
                self._room -= len(source.item.content)
                rows = text.find(quote, words, is_cut=is_cut) if is_close else text.find_loosely(quote, words)
                passages += [Passage(source, first, last, is_close) for first, last in rows]
            self._found[key] = tuple(passages)
        return self._found[key]

    # Now

    def is_changed(self, path: str | None) -> bool:
        """True where a file is another one now than it was when it was sent."""
        if path is None:
            return False
        if path not in self._now:
            return False
        text = self._now[path]
        if text is None:
            return True
        return not all(_is_in(source, text) for source in self.of(path) if not source.is_old)

    def now(self, path: str) -> Text | None:
        """A file as it is now; None where it is gone."""
        if path not in self._now_texts:
            content = self._now.get(path)
            self._now_texts[path] = None if content is None else Text(content)
        return self._now_texts[path]


def _is_in(source: Source, text: str) -> bool:
    if source.item.detail:
        return True  # what an outline or cells were made from is not known here
    if source.is_whole:
        return source.item.content == text
    first = source.item.start_line or 1
    lines = text.split("\n")[first - 1 : first - 1 + len(source.text.lines)]
    return lines == source.text.lines
