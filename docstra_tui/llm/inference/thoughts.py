"""What of an answer is thinking, found in its ids before any of them is dropped as a control token.

A mark that is a token of the vocabulary is matched by its id only: the same characters spelt out are text.
For that, each such id goes through `tags.Splitter` as one character that no text has, a lone surrogate; marks
that the vocabulary does not have are looked for in the text around them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

import torch
from transformers import LogitsProcessor

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.inference.control_tokens import control_ids, template_text
from docstra_tui.llm.inference.stopping import special_ids
from docstra_tui.llm.inference.streaming import PieceDecoder
from docstra_tui.llm.thinking import families
from docstra_tui.llm.thinking.families import Family
from docstra_tui.llm.thinking.tags import Piece, Splitter
from docstra_tui.llm.written import Written

FIRST_SURROGATE = 0xD800

TAIL = 64
"""Ids at the end of a prompt that are looked at: an opened block is a few."""

LONGEST_CHARACTER = 4
"""Tokens at most that a budget is exceeded by, so that no character is cut in two."""

BRACKETS = frozenset("<[◁|")
"""A token that marks something has one; a few vocabularies have words and space as added tokens too."""


class ThinkingMarks:
    """The marks that one model may think between, in its own vocabulary."""

    def __init__(self, tokenizer: Any, stops: Set[int] = frozenset()) -> None:
        """`stops` are ids that end an answer by themselves."""
        self._tokenizer = tokenizer
        template = template_text(tokenizer)
        self._has_template = bool(template)
        known = families.of_template(template)
        self.in_template = any(mark in template for family in known for mark in (*family.open, *family.close))
        """True where the model's chat template knows of thinking: the model thinks, or may."""
        ids = _tokens_of(tokenizer, known)
        chars = {text: chr(FIRST_SURROGATE + number) for number, text in enumerate(sorted(ids))}
        tokens = re.compile(
            "|".join(re.escape(text) for text in sorted(chars, key=len, reverse=True)) or "(?!)"
        )

        def spell(mark: str) -> str:
            return tokens.sub(lambda match: chars[match[0]], mark)

        spelt = [family.spelt(spell) for family in known]
        # Elsewhere the marks of messages mean something else: `<|end|>` ends an answer of Phi.
        self.families = tuple(
            family for family in spelt if not family.channels or BRACKETS.isdisjoint("".join(family.open))
        )
        """Theirs, with a character for each mark that is a token."""
        used = {char for family in self.families for mark in (*family.every, family.force) for char in mark}
        self.chars: Mapping[int, str] = {ids[text]: char for text, char in chars.items() if char in used}
        """The character for each id that is a mark, or part of one."""
        control = control_ids(tokenizer, stops)
        self.dropped = control - set(self.chars)
        """Ids that are no text, and no marks either."""
        whole = {mark for f in self.families if not f.channels for mark in (*f.open, *f.close)}
        self._texts = {
            ord(char): "" if ids[text] in control and char not in whole else text
            for text, char in chars.items()
        }
        ends = {mark for f in self.families if f.channels for mark in f.close if _has_token(mark)}
        self.dividing = frozenset(id_ for id_, char in self.chars.items() if char in ends)
        """Ids that end a message, which may be one of thinking: the answer ends with the next of them."""
        self._ids = {char: id_ for id_, char in self.chars.items()}
        opened = {family.name for family in known if any(mark in template for mark in family.open)}
        closed = {family.name for family in known if any(mark in template for mark in family.close)}
        spoken = {family.name for family in self.families if any(map(_has_token, family.open))}
        ranked = [f for names in (opened, closed, spoken) for f in self.families if f.name in names]
        self.usual = ranked[0] if ranked else None
        """Those that it thinks between, as far as its template or else its vocabulary says."""
        special = set(special_ids(tokenizer).values())
        control_chars = {char for id_, char in self.chars.items() if id_ in special}
        self._unspoken = {
            mark for f in self.families for mark in f.close if not control_chars.isdisjoint(mark)
        }

    def decoder(self) -> PieceDecoder:
        return PieceDecoder(self._tokenizer, self.dropped)

    def text(self, piece: str) -> str:
        """With the marks that are no marks there spelt out, and without control tokens."""
        return piece.translate(self._texts)

    def begin(self, prompt: Sequence[int]) -> Splitter:
        """What splits the answer to a prompt, by what stands at the prompt's end.

        A block that it opened has begun; one that it opened and closed is no thinking, and nothing was
        thought before that. Without a template all of it is what somebody said, and opens nothing.
        """
        if not self._has_template:
            return self._splitter(finds_lone=bool(self.chars))
        tail = self._tail(prompt)
        for family in self.families:
            if _ends_with(tail, family.open):
                return self._splitter(opened=family)
        for family in self.families:
            if _ends_with(tail, family.close):
                return self._splitter(finds_lone=False)
            if _ends_with(tail, tuple(mark for mark in family.headers if family.footers)):
                return self._splitter(answering=family, finds_lone=False)
        return self._splitter(finds_lone=self.in_template or bool(self.chars))

    def is_unframed(self, family: Family, prompt: Sequence[int]) -> bool:
        """True where messages of thinking and answer have headers, and the prompt ends before one."""
        headers = tuple(mark for mark in family.headers if family.force.endswith(mark))
        return family.channels and not _ends_with(self._tail(prompt), headers)

    def _tail(self, prompt: Sequence[int]) -> str:
        decoder = self.decoder()
        tail = "".join(self.read(decoder, id_) for id_ in prompt[-TAIL:]) + decoder.flush()
        return tail.rstrip()

    def _splitter(self, **how: Any) -> Splitter:
        return Splitter(self.families, unspoken=self._unspoken, **how)

    def read(self, decoder: PieceDecoder, id_: int) -> str:
        """An id as text for the splitter."""
        char = self.chars.get(id_)
        return decoder.step(id_) if char is None else decoder.flush() + char

    def closing(self, family: Family) -> list[int]:
        """The ids that close a block of this family by force."""
        return self.spelt(family.force, self._encode)

    def _encode(self, text: str) -> list[int]:
        return [int(id_) for id_ in self._tokenizer.encode(text, add_special_tokens=False)]

    def spelt(self, mark: str, encode: Callable[[str], list[int]]) -> list[int]:
        """The ids of a mark, spelt as those of `families` are; `encode` knows those of text."""
        ids: list[int] = []
        for part in re.split("([\ud800-\udfff])", mark):
            if part in self._ids:
                ids.append(self._ids[part])
            elif part:
                ids += encode(part)
        return ids


class ThoughtReader:
    """Ids in, thinking and text out. One for one answer."""

    def __init__(
        self,
        marks: ThinkingMarks,
        prompt: Sequence[int],
        budget: int | None = None,
        written: Written | None = None,
    ) -> None:
        """`budget` is the most tokens that may be thought; None is any number. `written` is what there is of
        the answer already: only what follows it is read."""
        self._marks = marks
        self._decoder = marks.decoder()
        self._splitter = marks.begin(prompt)
        if written is not None:
            self._splitter.go_on(marks.usual, is_thinking=written.is_thinking)
        self._budget = budget
        self._inside = 0
        """Tokens inside a block."""
        self._before = 0
        """Tokens since the last that belonged to a block, while nobody knows whether they do."""
        self.thinking_tokens = 0
        """Tokens so far that are no answer, marks included."""

    @property
    def in_answer(self) -> bool:
        """True while text of the answer comes."""
        return self._splitter.in_answer

    @property
    def is_settled(self) -> bool:
        """True where all that the ids say is out, and nothing waits for more of them."""
        return not (self._decoder.is_unfinished or self._splitter.is_holding)

    def step(self, id_: int) -> list[Piece]:
        """What this id completes."""
        splitter = self._splitter
        was_inside = splitter.inside is not None
        text = self._marks.read(self._decoder, id_)
        pieces = splitter.feed(text) if text else []
        self._before += 1
        self._inside += was_inside
        is_inside = splitter.inside is not None or (splitter.has_closed and not splitter.in_answer)
        if was_inside or is_inside or any(isinstance(piece, Reframed) for piece in pieces):
            self.thinking_tokens += self._before
            self._before = 0
        return self._spelt(pieces)

    def flush(self) -> list[Piece]:
        """The rest: nothing else comes."""
        return self._spelt([*self._splitter.feed(self._decoder.flush()), *self._splitter.flush()])

    def closing(self) -> list[int]:
        """The ids to close the block by force with, once its budget is spent; empty before and outside."""
        family, budget = self._splitter.inside, self._budget
        if family is None or budget is None or self._inside < budget:
            return []
        if self._decoder.is_unfinished and self._inside < budget + LONGEST_CHARACTER:
            return []
        return self._marks.closing(family)

    def _spelt(self, pieces: Sequence[Piece]) -> list[Piece]:
        marks = self._marks
        return [
            piece
            if isinstance(piece, Reframed)
            else Thought(marks.text(piece.text))
            if isinstance(piece, Thought)
            else marks.text(piece)
            for piece in pieces
        ]


class ClosedByForce(LogitsProcessor):
    """Writes what closes a block of thinking, once its budget is spent.

    As tokens of the answer like any other, so that cache and ids stay as one. Counts its own tokens: on
    some devices the reader hears of each one step late.
    """

    def __init__(self, reader: ThoughtReader) -> None:
        self._reader = reader
        self._ids: list[int] = []
        self._start = -1

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        length = input_ids.shape[1]
        if length > self._start + len(self._ids):
            self._ids, self._start = self._reader.closing(), length
        at = length - self._start
        if at >= len(self._ids):
            return scores
        forced = torch.full_like(scores, -torch.inf)
        forced[:, self._ids[at]] = 0.0
        return forced


def _tokens_of(tokenizer: Any, known: Sequence[Family]) -> dict[str, int]:
    """The tokens of the vocabulary that marks are made of."""
    texts = [text for family in known for text in (*family.every, family.force)]
    added = {token.content: id_ for id_, token in getattr(tokenizer, "added_tokens_decoder", {}).items()}
    added.update(special_ids(tokenizer))
    found = {
        token: id_
        for token, id_ in added.items()
        if len(token) > 1 and not BRACKETS.isdisjoint(token) and any(token in text for text in texts)
    }
    for mark in {mark for family in known for mark in family.every if not mark[-1].isspace()}:
        id_ = tokenizer.convert_tokens_to_ids(mark)
        if isinstance(id_, int) and tokenizer.convert_ids_to_tokens(id_) == mark:
            found.setdefault(mark, id_)
    return found


def _has_token(mark: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in mark)


def _ends_with(text: str, marks: Sequence[str]) -> bool:
    return any(text.endswith(mark.rstrip()) for mark in marks)
