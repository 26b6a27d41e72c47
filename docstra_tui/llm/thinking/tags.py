"""What of an answer is thinking, found by the marks around it, in text that comes in pieces.

Marks count only where they can stand: one that opens where an answer may begin, one that closes inside.
However the text is cut into pieces, the same comes out. Knows nothing of tokens: whoever has ids spells
those that are marks as characters that no text has (`inference/thoughts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.thinking.families import Family

Piece = str | Thought | Reframed

QUOTES = "`\"'"
"""A mark between two of the same is spoken of."""

LONGEST_INDENT = 3
"""Spaces in front of a mark that is alone on its line; behind more stands code."""

LONGEST_REST = 80
"""Characters behind such a mark that may be nothing but spaces."""

LONGEST_LINE = 1000
"""Characters of a line that are looked at for a fence."""

# In a list or a quotation a fence stands further in.
_FENCE = re.compile(r"(?:[ \t>]|[-*+] |\d{1,9}[.)] )*(`{3,}|~{3,})(.*)")


class _Mark(NamedTuple):
    text: str
    kind: Literal["open", "header", "footer", "lone", "mention"]
    family: Family


class Splitter:
    """Text in, what it is out. One for one answer."""

    def __init__(
        self,
        families: Sequence[Family],
        opened: Family | None = None,
        *,
        answering: Family | None = None,
        finds_lone: bool = True,
        unspoken: Collection[str] = (),
    ) -> None:
        """`opened` is the family whose thinking has begun already, in the prompt; `answering` that whose
        answer has.

        `finds_lone`: a mark that closes what nothing opened, alone on its line and in no code, says that
        all before it was thinking (the prompt opened it, and nobody here saw the prompt). `unspoken` are
        marks that nobody can speak of, whatever stands around them.
        """
        self._unspoken = unspoken
        self._starts = [
            *(_Mark(text, "open", family) for family in families for text in family.open),
            *(_Mark(text, "header", family) for family in families for text in family.headers),
        ]
        self._anywhere = [mark for mark in self._starts if mark.kind == "open" and mark.family.channels]
        self._lone = [
            *(
                _Mark(text, "lone", family)
                for family in families
                if not family.channels
                for text in family.close
            ),
            *(mark._replace(kind="mention") for mark in self._starts if mark.kind == "open"),
        ]
        if opened is not None or not finds_lone:
            self._lone = []
        self._footers: list[_Mark] = []
        self._closed = tuple(text for family in families if not family.channels for text in family.close)
        """What ends a block, and no text where none is: written twice, or where thinking is left out."""
        self._held = ""
        """What may be, or become, a mark."""
        self._is_start = True
        """True where an answer may begin."""
        self._keeps_space = True
        """False behind a mark: the space there belongs to it."""
        self._said = _Said()
        self.inside: Family | None = None
        """Whose block it is in."""
        self.has_closed = False
        """True once a block came to its end."""
        if answering is not None:
            self._expect_footers(answering)
        if opened is not None:
            self._open(opened)

    @property
    def in_answer(self) -> bool:
        """True while text of the answer comes."""
        return self.inside is None and not self._is_start

    @property
    def is_holding(self) -> bool:
        """True while some of what came is not out: a mark that is not whole, space that may be dropped."""
        return bool(self._held) or (self.inside is not None and self._said.has_space)

    def go_on(self, usual: Family | None, *, is_thinking: bool) -> None:
        """What comes follows other text: of a block, that of `usual` where the prompt opened none, or of the
        answer behind it."""
        family = self.inside or usual
        self._lone = []
        if is_thinking and family is not None:
            self._open(family)
            self._said.go_on()
            return
        self.inside, self._is_start = None, False
        if family is not None:
            self._expect_footers(family)

    def feed(self, text: str) -> list[Piece]:
        """What is known by now."""
        return self._run(text, is_last=False)

    def flush(self) -> list[Piece]:
        """The rest: nothing else comes."""
        return self._run("", is_last=True)

    def _run(self, text: str, is_last: bool) -> list[Piece]:
        self._held += text
        goes_on = bool(self._held)
        while goes_on:
            if self.inside is not None:
                goes_on = self._think(self.inside, is_last)
            elif self._is_start:
                goes_on = self._begin(is_last)
            else:
                goes_on = self._answer(is_last)
            goes_on = goes_on and bool(self._held)
        return self._said.take()

    # Each of these does one step and says whether there may be another.

    def _begin(self, is_last: bool) -> bool:
        """Where an answer may begin: a mark, or its first text."""
        rest = self._held.lstrip()
        marks = (*(mark.text for mark in self._starts), *self._closed)
        if not is_last and any(_is_begun(mark, rest) for mark in marks):
            return False
        found = max(
            (mark for mark in self._starts if rest.startswith(mark.text)),
            key=lambda mark: len(mark.text),
            default=None,
        )
        again = next((text for text in self._closed if rest.startswith(text)), "")
        if found is not None:
            self._held = rest[len(found.text) :]
            self._keeps_space = False
            if found.kind == "open":
                self._open(found.family)
            else:
                self._expect_footers(found.family)
        elif again:
            self._held = rest[len(again) :]
            self._keeps_space = False
            self._lone = []
        else:
            self._is_start = False
            self._held = self._held if self._keeps_space else rest
        return True

    def _think(self, family: Family, is_last: bool) -> bool:
        mark = self._up_to_mark(family.close, is_last, self._said.think)
        if not mark:
            return False
        behind = self._held[len(mark) :]
        quote = self._said.quote
        if quote and mark not in self._unspoken:
            if not behind and not is_last:
                return False
            if behind[:1] == quote:
                self._pass(len(mark), self._said.think)
                return True
        self._held = behind
        self._close(family.close)
        return True

    def _answer(self, is_last: bool) -> bool:
        marks = [*self._anywhere, *self._footers, *self._lone]
        text = self._up_to_mark([mark.text for mark in marks], is_last, self._said.say)
        if not text:
            return False
        mark = next(mark for mark in marks if mark.text == text)
        behind = self._held[len(text) :]
        if mark.kind == "open":
            self._held = behind
            self._open(mark.family)
            return True
        is_mark = self._is_last_footer(behind) if mark.kind == "footer" else self._is_lone(mark, behind)
        if is_mark is None and not is_last:
            return False
        if is_mark is False:
            self._pass(len(text), self._said.say)
            self._lone = [] if mark.kind == "mention" else self._lone
        elif mark.kind == "footer":
            self._held = ""
        else:
            self._held = behind
            self._said.reframe()
            self._close((text,))
        return True

    def _is_last_footer(self, behind: str) -> bool | None:
        """Does nothing but other footers follow? None while nobody knows."""
        for mark in self._footers:
            behind = behind.replace(mark.text, "")
        behind = behind.strip()
        return None if not behind or any(_is_begun(mark.text, behind) for mark in self._footers) else False

    def _is_lone(self, mark: _Mark, behind: str) -> bool | None:
        """Is it alone on its line, and no code? None while nobody knows."""
        line, newline, _ = behind.partition("\n")
        if mark.kind == "mention" or line.strip() or len(line) > LONGEST_REST:
            return False
        if not self._said.is_new_line or self._said.is_fenced:
            return False
        return True if newline else None

    def _open(self, family: Family) -> None:
        self.inside = family
        self._lone = []
        # Whoever thinks between these marks begins no block with those of others: they are text.
        self._starts = [mark for mark in self._starts if mark.family is family]
        self._expect_footers(family)
        self._said.begin_block()

    def _close(self, marks: tuple[str, ...]) -> None:
        self.inside = None
        self.has_closed = True
        self._is_start = True
        self._keeps_space = False
        self._closed = marks
        self._lone = []

    def _expect_footers(self, family: Family) -> None:
        self._footers = [_Mark(text, "footer", family) for text in family.footers]

    def _up_to_mark(self, marks: Sequence[str], is_last: bool, say: Callable[[str], None]) -> str:
        """Say what stands before the first mark, of several there the longest, and give it: what is held
        begins with it then. Empty where there is none; what may become one stays held."""
        if not any(mark[0] in self._held for mark in marks):
            self._pass(len(self._held), say)
            return ""
        found = min(
            ((at, -len(mark), mark) for mark in marks if (at := self._held.find(mark)) >= 0), default=None
        )
        at = len(self._held) if found is None else found[0]
        begun = len(self._held) if is_last else self._begun(marks)
        if begun < len(self._held) and begun <= at:  # what is not whole yet may become a longer one
            self._pass(begun, say)
            return ""
        self._pass(at, say)
        return "" if found is None else found[2]

    def _begun(self, marks: Iterable[str]) -> int:
        """Where the end of what is held may be the beginning of a mark; its length where it is not."""
        return len(self._held) - max(overlap(self._held, mark) for mark in marks)

    def _pass(self, size: int, say: Callable[[str], None]) -> None:
        text, self._held = self._held[:size], self._held[size:]
        if text:
            say(text)


class _Said:
    """What came out since it was last taken, and where the text stands."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._space = ""
        """At the end of what was thought: dropped where the block ends."""
        self._is_fresh = True
        self._blocks = 0
        self._line = ""
        """Of the answer, so far, as much as shows whether it is a fence."""
        self._fence = ""
        self._quotes = dict.fromkeys(QUOTES, 0)
        """How many of each are in the line of the thinking, so far."""
        self._sign = ""
        """The last of that line."""

    def take(self) -> list[Piece]:
        taken, self._pieces = self._pieces, []
        return taken

    def begin_block(self) -> None:
        self._is_fresh = True
        self._space = ""
        self._count_quotes("\n")

    def go_on(self) -> None:
        """In the middle of a block."""
        self._is_fresh = False
        self._blocks += 1

    @property
    def has_space(self) -> bool:
        return bool(self._space)

    def think(self, text: str) -> None:
        self._count_quotes(text)
        if self._is_fresh:
            text = text.lstrip()
            if not text:
                return
            self._is_fresh = False
            self._blocks += 1
            self._space = "\n\n" if self._blocks > 1 else ""
        text = self._space + text
        thought = text.rstrip() if text[-1].isspace() else text
        self._space = text[len(thought) :]
        if thought:
            self._pieces.append(Thought(thought))

    def say(self, text: str) -> None:
        self._pieces.append(text)
        *lines, line = (self._line + text).split("\n")
        self._line = line[:LONGEST_LINE]
        for line in lines:
            self._look_for_fence(line[:LONGEST_LINE])

    def reframe(self) -> None:
        self._pieces.append(Reframed())
        self._blocks += 1

    @property
    def quote(self) -> str:
        """The sign with which the thinking just began to quote something; empty where it did not."""
        return self._sign if self._quotes.get(self._sign, 0) % 2 else ""

    @property
    def is_new_line(self) -> bool:
        return len(self._line) <= LONGEST_INDENT and not self._line.strip(" ")

    @property
    def is_fenced(self) -> bool:
        return bool(self._fence)

    def _count_quotes(self, text: str) -> None:
        _, newline, rest = text.rpartition("\n")
        if newline:
            self._quotes, self._sign = dict.fromkeys(QUOTES, 0), ""
        for sign in QUOTES:
            self._quotes[sign] += rest.count(sign)
        self._sign = rest[-1:] or self._sign

    def _look_for_fence(self, line: str) -> None:
        match = _FENCE.match(line)
        if match is None:
            return
        mark, info = match.groups()
        if not self._fence:
            self._fence = "" if mark[0] == "`" and "`" in info else mark
        elif mark.startswith(self._fence) and not info.strip():
            self._fence = ""


def overlap(text: str, mark: str) -> int:
    """Length of the longest end of `text` that begins `mark` and is not all of it."""
    for size in range(min(len(text), len(mark) - 1), 0, -1):
        if mark.startswith(text[-size:]):
            return size
    return 0


def _is_begun(mark: str, text: str) -> bool:
    """True when more text might make `text` begin with this mark."""
    return len(text) < len(mark) and mark.startswith(text)
