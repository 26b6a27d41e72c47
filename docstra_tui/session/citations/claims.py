"""What an answer claims, against what was sent: quotes, names, places and fences."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from docstra_tui.session.citations import fences
from docstra_tui.session.citations.citation import Named, Status
from docstra_tui.session.citations.passages import joined
from docstra_tui.session.citations.quotes import NOT_SENT, Verdict, compared, either
from docstra_tui.session.citations.sentences import Code, Sentence
from docstra_tui.session.citations.sources import Sources
from docstra_tui.session.citations.symbols import Definition, Definitions, Symbol, called, symbol

TOO_MUCH = Verdict("unchecked", note="too much to look up")
MOST = 0.5
"""Of a fence's lines that stand in a file, from which on it changes that file."""

_CODE = re.compile(
    r"[=(){}\[\];]| [<>] |->|::|:$|"
    r"^\s*(?:return|def|class|import|from|if|for|while|raise|throw|func|fn|let|const|var|await|"
    r"yield)\s"
)
"""What no words of a sentence have."""


@dataclass(frozen=True)
class Span:
    """A code span: a quote, a name, or neither."""

    code: Code
    plain: str
    is_quote: bool
    symbol: Symbol | None


class Claims:
    """Judges claims by what was sent."""

    def __init__(self, sources: Sources, definitions: Definitions) -> None:
        self._sources = sources
        self._definitions = definitions

    def span(self, code: Code, *, has_lines: bool) -> Span:
        """What a code span is. Beside lines, a name that is all of a line quotes it."""
        plain = joined(code.text)
        name = symbol(code.text)
        is_little = fences.says_little(plain)
        if name is None and not is_little:
            return Span(code, plain, True, None)
        is_line = has_lines and bool(plain) and self._sources.has_line(plain)
        is_part = has_lines and not is_line and name is not None and self._is_used(name, plain)
        return Span(code, plain, is_line or is_part, name)

    def _is_used(self, name: Symbol, plain: str) -> bool:
        """True for `self.queue.get`, which nothing defines: beside lines it is a quote of them."""
        if len(name.parts) < 2 or self._definitions.of(name):
            return False
        return bool(self._sources.find(plain))

    # Quotes

    def quote(self, span: Span, named: Named, sentence: Sentence) -> Verdict | None:
        """A quote in a line of text; None where nothing was claimed."""
        passages = self._sources.find(span.plain)
        if passages:
            return compared(span.code.text.strip(), named, passages, self._sources)
        if pieces := fences.in_pieces(span.code.text, self._sources, is_fence=False):
            return _shortened(compared(span.code.text, named, pieces, self._sources))
        if self._sources.is_tired:
            return TOO_MUCH
        where = self._nowhere(named, sentence)
        if named.path or named.line is not None:
            return where
        name = called(span.code.text)
        defined = self._definitions.of(name) if name is not None else []
        if defined:
            one = defined[0]
            note = "defined there; what it is called with stands nowhere"
            return Verdict("unchecked", one.source.path, one.line, one.end_line, note)
        return where if _CODE.search(span.plain) else None

    def _nowhere(self, named: Named, sentence: Sentence | None) -> Verdict:
        """What is said of something that was not found."""
        files = self._sources.files(named.path) if named.path else ()
        path = files[0] if len(files) == 1 else None
        if len(files) > 1:
            return Verdict("ambiguous", None, named.line, named.end_line, either(named.path, files))
        if sentence is not None and sentence.is_proposal:
            return Verdict(
                "unchecked", path, named.line, named.end_line, f"{NOT_SENT}, and may be meant as new"
            )
        if named.path and path is None:
            return self._not_sent(named, sentence)
        return Verdict("missing", path, named.line, named.end_line, NOT_SENT)

    def _not_sent(self, named: Named, sentence: Sentence | None) -> Verdict:
        """A file that was not sent: nothing of it can be looked up, but whether anything speaks of it."""
        note = f"{named.path} was not sent"
        known = self._sources.mention(named.path) or self._sources.mention(named.path.rpartition("/")[2])
        if known is not None or (sentence is not None and sentence.is_proposal):
            return Verdict("unchecked", None, named.line, named.end_line, note)
        return Verdict("missing", None, named.line, named.end_line, f"{note}, and nothing sent speaks of it")

    # Fences

    def fence(self, lines: Sequence[str], named: Named) -> Verdict | None:
        """A quotation between fences; None for code that is new, or as good as none."""
        code = "\n".join(lines)
        plain = joined(code)
        if fences.says_little(plain):
            return None
        if passages := self._sources.find(plain):
            return compared(code, named, passages, self._sources)
        if pieces := fences.in_pieces(code, self._sources, is_fence=True):
            return _shortened(compared(code, named, pieces, self._sources))
        return None

    def proposal(self, lines: Sequence[str], named: Named) -> Verdict:
        """Code under the name of a file in which it does not stand."""
        files = self._sources.files(named.path)
        share = fences.share(lines, (source for path in files for source in self._sources.of(path)))
        if share.lines and share.found >= MOST * share.lines:
            note = f"{share.found} of {share.lines} lines stand there, the others are changed or new"
            return Verdict("unchecked", share.path, share.line, None, note)
        return Verdict(
            "unchecked", files[0] if len(files) == 1 else None, named.line, named.end_line, "new code"
        )

    # Places

    def place(self, named: Named, symbols: Sequence[Symbol], sentence: Sentence) -> Verdict:
        """A file, or lines of one, without a quote."""
        files = self._sources.files(named.path) if named.path else ()
        if len(files) > 1:
            return Verdict("ambiguous", None, named.line, named.end_line, either(named.path, files))
        path = files[0] if files else self._sources.only_path() if not named.path else None
        if named.path and path is None:
            if self._sources.is_folder(named.path):
                return Verdict("found", named.path.rstrip("/"))
            return self._not_sent(named, sentence)
        if path is None:
            return Verdict("unchecked", None, named.line, named.end_line)
        since = "the file has changed since" if self._sources.is_changed(path) else ""
        if named.line is None:
            return Verdict("found", path, note=since)
        last = self._sources.last_line(path)
        if last is not None and max(named.line, named.end_line or 0) > last:
            note = f"{path} has {last} line{'' if last == 1 else 's'}"
            return Verdict("missing", path, named.line, named.end_line, note)
        return self._lines(path, named, symbols, since)

    def _lines(self, path: str, named: Named, symbols: Sequence[Symbol], since: str) -> Verdict:
        known = [
            (name, one)
            for name in symbols
            for one in self._definitions.of(name)
            if one.source.path == path and not one.source.is_old and one.line is not None
        ]
        for name, one in known:
            if one.line == named.line:
                verdict = Verdict("found", path, named.line, named.end_line, f"{name.last} is defined there")
                return self._since(verdict, one)
        note = f"{known[0][0].last} is defined at {known[0][1].line}" if known else ""
        note = "; ".join(filter(None, [note, since]))
        return Verdict("unchecked", path, named.line, named.end_line, note)

    # Names

    def name(
        self, name: Symbol, path: str, lines: Collection[int | None], sentence: Sentence
    ) -> Verdict | None:
        """A name of code; `path` is the only file that its sentence speaks of, `lines` are those of it."""
        files = self._sources.files(path) if path else ()
        defined = self._definitions.of(name)
        in_file = [one for one in defined if one.source.path in files]
        if in_file or defined:
            one = next((one for one in in_file if one.line in lines), (in_file or defined)[0])
            if path and not in_file and not self._uses(name, files):
                at = f"{one.source.path or 'the code'}:{one.line}"
                return Verdict(
                    "moved", one.source.path, one.line, one.end_line, f"not in {path}, but at {at}"
                )
            count = len({(each.source.path, each.row) for each in in_file or defined})
            note = "defined there" + (f", and {count - 1} more times" if count > 1 else "")
            return self._since(Verdict("found", one.source.path, one.line, one.end_line, note), one)
        if name.is_everyday:
            return None
        passages = self._sources.find(".".join(name.parts)) or self._sources.find("::".join(name.parts))
        passages = passages or self._sources.find("->".join(name.parts))
        if passages:
            here = [one for one in passages if one.source.path in files and not one.source.is_old]
            there = [one for one in here if one.line in lines]
            first = (there or here or [one for one in passages if not one.source.is_old] or passages)[0]
            where = first.source.path or "the code"
            at = f"{where}:{first.line}" if first.line is not None else where
            if first.source.is_old:
                return Verdict("changed", first.source.path, first.line, first.end_line, f"was used at {at}")
            is_elsewhere = bool(path) and first not in here
            note = f"not in {path}, but used at {at}" if is_elsewhere else f"used at {at}"
            status: Status = "moved" if is_elsewhere else "found"
            verdict = Verdict(status, first.source.path, first.line, first.end_line, note)
            if self._sources.is_changed(first.source.path):
                return replace(verdict, note=f"{verdict.note}; the file has changed since")
            return verdict
        if self._sources.is_tired:
            return TOO_MUCH
        return self._unknown(name, sentence)

    def _uses(self, name: Symbol, files: Sequence[str]) -> bool:
        """Whether one of these files has the name: it may be spoken of there, and defined elsewhere."""
        return any(name.last in source.text.words for source in self._sources.all if source.path in files)

    def _unknown(self, name: Symbol, sentence: Sentence) -> Verdict:
        """A name that stands nowhere as it is written."""
        alike = self._definitions.alike(name.last) if len(name.parts) > 1 else None
        if alike is not None:
            at = f"{alike.source.path or 'the code'}:{alike.line}"
            return Verdict("unchecked", note=f"{name.last} is defined at {at}, not under this name")
        if sentence.is_proposal:
            return Verdict("unchecked", note=f"{NOT_SENT}, and may be meant as new")
        return Verdict("missing", note=NOT_SENT)

    def _since(self, verdict: Verdict, definition: Definition) -> Verdict:
        """The verdict of a definition, where its file may be another one now."""
        path = verdict.path
        if definition.source.is_old:
            return replace(verdict, status="changed", note="in the file as it was sent before")
        if path is None or not self._sources.is_changed(path):
            return verdict
        text = definition.source.text
        header = text.lines[definition.row] if definition.row < len(text.lines) else ""
        return compared(
            header.strip(), Named(path, verdict.line), self._sources.find(joined(header)), self._sources
        )


def _shortened(verdict: Verdict) -> Verdict:
    if verdict.status in ("found", "repaired"):
        return replace(verdict, status="repaired", note="with parts left out")
    return verdict
