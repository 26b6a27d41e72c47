"""From an answer and what was sent to citations: a reference is found, looked up and judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations import fences, places
from docstra_tui.session.citations.blocks import Block, Blocks, Fence, Paragraph
from docstra_tui.session.citations.citation import Citation, Kind, Named
from docstra_tui.session.citations.claims import Claims
from docstra_tui.session.citations.pairing import Mention, pair, with_lines, without_twins
from docstra_tui.session.citations.passages import Text, joined, words_of
from docstra_tui.session.citations.quotes import Verdict
from docstra_tui.session.citations.sentences import Code, Sentence, Spans, Spoken, codes, sentences, spans_of
from docstra_tui.session.citations.sources import Sources
from docstra_tui.session.citations.symbols import Definitions, Symbol, symbol, within
from docstra_tui.session.citations.texts import Texts

NOTHING: Mapping[str, str | None] = MappingProxyType({})
CITATIONS = 5_000
"""Of one answer; what comes after them is not looked at."""
PROPOSED = 200_000
"""Characters of new code that are remembered."""


class Checker:
    """Checks an answer while it streams; `items` are what was sent, in their order.

    `now` has the files that are others by now, by their paths: their text, None where one is gone; `texts`
    are those of other answers about these items. Runs beside a face, never in its thread: names may be
    looked up by a process.
    """

    def __init__(
        self,
        items: Iterable[ContextItem],
        now: Mapping[str, str | None] = NOTHING,
        texts: Texts | None = None,
    ) -> None:
        self._sources = Sources(items, now, texts)
        self._definitions = Definitions(self._sources)
        self._claims = Claims(self._sources, self._definitions)
        self._blocks = Blocks()
        self._lead: list[tuple[Sentence, Mention, list[Symbol]]] = []
        """The place that led to what comes next: a fence's, or one of its own."""
        self._about = ""
        """The file that was spoken of last."""
        self._proposed: list[str] = []
        self._proposed_size = 0
        self._found: list[Citation] = []
        self._is_cut = False

    @property
    def shortfall(self) -> str:
        """Why not all of what was fed is looked up, a sentence; empty where all is. Holds names of files:
        sanitise it."""
        if self._is_cut:
            return f"Only the first {CITATIONS:,} references were looked up."
        if self._sources.is_tired:
            return "There was too much to look up: not all of it was."
        if unknown := sorted(self._definitions.unknown):
            more = f" and {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
            return f"Not all names could be looked up: no parser came to an end with {unknown[0]}{more}."
        return ""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Of what was fed so far, in the order of the answer."""
        return tuple(sorted(self._found, key=lambda one: (one.start, one.end)))

    def get_ready(self) -> None:
        """Have what takes longest and needs no answer, while the model still reads. Blocks."""
        self._definitions.get_ready()

    def feed(self, piece: str) -> None:
        """Take the next piece of the answer."""
        if blocks := [*self._blocks.feed(piece)]:
            self._take(blocks)

    def finish(self) -> tuple[Citation, ...]:
        """The citations of the whole answer, which has ended."""
        self._take([*self._blocks.finish()])
        self._settle_lead()
        self._spare_proposed()
        return self.citations

    def _take(self, blocks: Sequence[Block]) -> None:
        apart = [(block, spans_of(block.text) if isinstance(block, Paragraph) else []) for block in blocks]
        written = {code for block, spans in apart for code in codes(block.text, spans)}
        spoken = (name for code in written if (name := symbol(code) or within(code)) is not None)
        names = (part for name in spoken for part in (*name.parts[-2:], name.parts[0]))
        self._definitions.prepare(frozenset(names))
        read = [(block, self._read(block, spans)) for block, spans in apart]
        for block, said in read:
            if len(self._found) >= CITATIONS:
                self._is_cut = True
                return
            if isinstance(block, Fence):
                self._fence(block)
                continue
            self._settle_lead()
            if block.text.lstrip("> \t").startswith("#"):
                self._about = ""
            for number, sentence in enumerate(said):
                self._sentence(sentence, is_last=number == len(said) - 1)

    def _read(self, block: Block, spans: Spans) -> list[Sentence]:
        if isinstance(block, Paragraph):
            return [one for one in sentences(block.text, block.start, spans) if one.text.strip()]
        return []

    # Sentences

    def _sentence(self, sentence: Sentence, *, is_last: bool) -> None:
        files = [
            Mention(one.named, one.text, one.start, one.end) for one in sentence.places if self._is_said(one)
        ]
        lines = [Mention(one.named, one.text, one.start, one.end) for one in sentence.lines]
        spans: list[Code] = []
        for code in sentence.codes:
            named = self._place(code.text)
            if named is not None:
                files.append(Mention(named, code.text, code.start, code.end))
            else:
                spans.append(code)
        outside = [one for one in files if self._is_outside(one.named.path)]
        files = [one for one in files if one not in outside]
        mentions = with_lines(without_twins(files, sentence), lines, sentence)
        has_lines = any(one.named.line is not None for one in mentions)
        read = [self._claims.span(code, has_lines=has_lines) for code in spans]
        quotes = [one for one in read if one.is_quote]
        symbols = [one for one in read if not one.is_quote and one.symbol is not None]
        named_for, used = pair([_mention(one.code) for one in quotes], mentions)
        judged = set()
        for one, named in zip(quotes, named_for, strict=True):
            verdict = self._claims.quote(one, named, sentence.about(one.code, named))
            if verdict is not None and verdict.status == "moved" and named.line is None and has_lines:
                # The file is that of another quote, which has a line of it: nobody said that this is in it.
                named = Named()
                verdict = self._claims.quote(one, named, sentence.about(one.code, named))
            self._add("quote", one.code, verdict, named)
            judged |= {named, Named(named.path)} if verdict is not None else set()
        used = {number for number in used if mentions[number].named in judged}
        known = [one.symbol for one in symbols if one.symbol is not None]
        paths = {one.named.path for one in mentions if one.named.path}
        path = next(iter(paths)) if len(paths) == 1 else ""
        said = frozenset(one.named.line for one in mentions)
        for one in symbols:
            verdict = self._claims.name(one, path, said, sentence.about(one.code, Named()))
            self._add("symbol", one.code, verdict, Named(path))
        self._remember(mentions)
        own = [mention for number, mention in enumerate(mentions) if number not in used] + outside
        if is_last and sentence.is_lead and own and not quotes:
            self._lead = [(sentence, own.pop(), known)]
        for mention in own:
            self._place_alone(sentence, mention, known)

    def _is_outside(self, path: str) -> bool:
        """True for a file that no project has, and that none of what was sent is."""
        return places.is_absolute(path) and not self._sources.files(path)

    def _remember(self, mentions: Sequence[Mention]) -> None:
        """The file that is spoken of: lines that are named after it without one are likely its."""
        files = {file for one in mentions if one.named.path for file in self._sources.files(one.named.path)}
        if len(files) == 1:
            self._about = files.pop()
        elif files:
            self._about = ""

    def _is_said(self, spoken: Spoken) -> bool:
        """True for what means a file, also without marks around it: `Node.js` does not."""
        named = spoken.named
        if spoken.is_remote:
            return bool(self._sources.files(named.path))
        if self._sources.files(named.path):
            return True
        return places.is_path(named.path) and (named.line is not None or "/" in named.path)

    def _place(self, text: str) -> Named | None:
        named = places.whole(text)
        if named is None or not named.path:
            return None
        if self._sources.files(named.path) or places.is_path(named.path):
            return named
        is_folder = named.path.endswith("/") and self._sources.is_folder(named.path)
        return named if is_folder else None

    def _place_alone(self, sentence: Sentence, mention: Mention, symbols: Sequence[Symbol]) -> None:
        kind: Kind = "path" if mention.named.line is None else "place"
        verdict = self._claims.place(mention.named, symbols, sentence, self._about)
        self._add(kind, Code(mention.text, mention.start, mention.end), verdict, mention.named)

    def _settle_lead(self) -> None:
        for sentence, mention, symbols in self._lead:
            self._place_alone(sentence, mention, symbols)
        self._lead = []

    def _add(self, kind: Kind, code: Code, verdict: Verdict | None, named: Named) -> None:
        if verdict is not None:
            self._found.append(
                Citation(
                    code.text,
                    kind,
                    verdict.path,
                    verdict.line,
                    verdict.end_line,
                    verdict.status,
                    code.start,
                    code.end,
                    named,
                    verdict.note,
                )
            )

    # Fences

    def _fence(self, fence: Fence) -> None:
        titled = fences.titled(fence, self._sources)
        named = titled.named
        lead = self._lead[0][1].named if self._lead else Named()
        if not named.path or (named.line is None and lead.path and self._is_same(named.path, lead.path)):
            named = lead if lead != Named() else named
        verdict = self._claims.fence(titled.lines, named)
        if verdict is None:
            self._settle_lead()
            self._propose(titled.code)
            if titled.named.path:
                verdict = self._claims.proposal(titled.lines, titled.named)
                self._add("fence", _body(fence), verdict, titled.named)
            return
        if named is lead:
            self._lead = []
        else:
            self._settle_lead()
        self._add("fence", _body(fence), verdict, named)

    def _is_same(self, one: str, other: str) -> bool:
        return one == other or tuple(self._sources.files(one)) == tuple(self._sources.files(other))

    # What is new

    def _propose(self, code: str) -> None:
        if self._proposed_size < PROPOSED:
            self._proposed.append(code)
            self._proposed_size += len(code)

    def _spare_proposed(self) -> None:
        """What stands in code that the answer proposes is not missing: it is new."""
        if not self._proposed or all(one.status != "missing" for one in self._found):
            return
        text = Text("\n".join(self._proposed))
        self._found = [self._spared(one, text) for one in self._found]

    def _spared(self, citation: Citation, proposed: Text) -> Citation:
        if citation.status != "missing" or citation.kind not in ("quote", "symbol"):
            return citation
        name = symbol(citation.text)
        wanted = joined(citation.text) if name is None else name.last
        words = words_of(wanted)
        if not proposed.holds(words):
            return citation
        if not any(proposed.find(wanted, words)) and not any(proposed.find_loosely(wanted, words)):
            return citation
        return replace(citation, status="unchecked", note="only in code that the answer proposes")


def _mention(code: Code) -> Mention:
    return Mention(Named(), code.text, code.start, code.end)


def _body(fence: Fence) -> Code:
    return Code(fence.text, fence.start, fence.start + len(fence.text))


def verify(
    answer: str,
    items: Iterable[ContextItem],
    now: Mapping[str, str | None] = NOTHING,
    texts: Texts | None = None,
) -> tuple[Citation, ...]:
    """What a whole answer says of `items`, looked up in them: its citations in their order, 5,000 at most.

    `items` are what was sent, in their order. `now` has, by their paths, the files that are others by now:
    their text, None where one is gone. `texts` is shared between answers about the same files. Asks no model,
    and raises nothing for what an answer says. Blocks while a process parses the files.
    """
    return looked_up(answer, items, now, texts).citations


class LookedUp(NamedTuple):
    """What came of an answer."""

    citations: tuple[Citation, ...]
    shortfall: str = ""
    """As that of a `Checker`."""


def looked_up(
    answer: str,
    items: Iterable[ContextItem],
    now: Mapping[str, str | None] = NOTHING,
    texts: Texts | None = None,
) -> LookedUp:
    """As `verify`, for who has to know whether all was looked up."""
    checker = Checker(items, now, texts)
    checker.feed(answer)
    return LookedUp(checker.finish(), checker.shortfall)
