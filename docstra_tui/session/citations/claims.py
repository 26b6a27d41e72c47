"""What an answer claims, against what was sent: quotes, names, places and fences."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from docstra_tui.session.citations import fences, places, remarks
from docstra_tui.session.citations.citation import Named
from docstra_tui.session.citations.names import Names
from docstra_tui.session.citations.passages import joined
from docstra_tui.session.citations.quotes import NOT_SAID, NOT_SENT, TOO_MUCH, Verdict, compared, either
from docstra_tui.session.citations.sentences import About, Code, Sentence
from docstra_tui.session.citations.sources import Sources
from docstra_tui.session.citations.symbols import Definitions, Symbol, symbol

MOST = 0.5
"""Of a fence's lines that stand in a file, from which on it changes that file."""

_CODE = re.compile(
    r"[=(){}\[\];]| [<>] |->|::|:$|"
    r"^\s*(?:return|def|class|import|from|if|for|while|raise|throw|func|fn|let|const|var|await|"
    r"yield)\s"
)
"""What no words of a sentence have."""
_WITH_COMMANDS = frozenset(
    {"bash", "zsh", "fish", "powershell", "batch", "dockerfile", "makefile", "just", "markdown", "rst"}
    | {"text", "yaml", "toml", "json", "ini", ""}
)
_STRAIGHT = str.maketrans("“”„‟«»‘’‚‛", '""""""' + "'" * 4)


class Span(NamedTuple):
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
        self._languages = frozenset(source.item.language for source in sources.all)
        self._shown = remarks.Shown(sources.all)
        self.names = Names(sources, definitions)

    def span(self, code: Code, *, has_lines: bool) -> Span:
        """What a code span is. Beside lines, a name that is all of a line quotes it."""
        plain = joined(code.text)
        name = symbol(code.text)
        is_little = fences.says_little(plain)
        if name is None and not is_little:
            mentioned = None if self._sources.find(plain) else self.names.mentioned(code.text)
            return Span(code, plain, mentioned is None, mentioned)
        is_line = has_lines and bool(plain) and self._sources.has_line(plain)
        is_part = has_lines and not is_line and name is not None and self._is_used(name, plain)
        return Span(code, plain, is_line or is_part, name)

    def _is_used(self, name: Symbol, plain: str) -> bool:
        """True for `self.queue.get`, which nothing defines: beside lines it is a quote of them."""
        if len(name.parts) < 2 or self._definitions.of(name):
            return False
        return bool(self._sources.find(plain))

    # Names

    def name(self, span: Span, path: str, lines: Collection[int | None], sentence: About) -> Verdict | None:
        """A name; `path` is the only file that its sentence speaks of, `lines` are those of it."""
        assert span.symbol is not None
        verdict = self.names.judge(span.symbol, path, lines, sentence)
        is_placed = bool(path) or any(lines)
        if verdict is None or verdict.status != "missing" or is_placed:
            return verdict
        if self._shown.lacks(span.code.text):
            return replace(verdict, status="unchecked", note=NOT_SAID)
        return verdict

    # Quotes

    def quote(self, span: Span, named: Named, sentence: About) -> Verdict | None:
        """A quote in a line of text; None where nothing was claimed."""
        text = span.code.text
        if (found := self._found(text, span.plain, named)) is not None:
            return found
        if self._sources.is_tired:
            return TOO_MUCH
        where = self._nowhere(named, sentence)
        if named.line is not None and remarks.is_command(text) and not self._has_commands(named):
            return None
        if named.line is not None or where.status == "ambiguous":
            return where
        if remarks.is_remark(text, self._languages) or not _CODE.search(span.plain):
            return None
        if where.status != "missing":
            return where
        if remarks.is_example(text) or (not named.path and self._shown.lacks(text)):
            return replace(where, status="unchecked", note=NOT_SAID)
        about = self.names.about(text, named.path, sentence)
        if about is None or about.status != "missing":
            return about
        return where

    def _has_commands(self, named: Named) -> bool:
        """True for lines of a script, a recipe or a text, in which commands stand."""
        files = self._sources.files(named.path) if named.path else ()
        found = [source for path in files for source in self._sources.of(path)]
        found = found if named.path else list(self._sources.all)
        return not found or any(source.item.language in _WITH_COMMANDS for source in found)

    def _found(self, text: str, plain: str, named: Named) -> Verdict | None:
        """A quote that stands somewhere, as a whole or with parts left out."""
        if passages := self._sources.find(plain):
            return compared(text.strip(), named, passages, self._sources)
        if named == Named() and not remarks.says_something(plain):
            return None
        if pieces := fences.in_pieces(text, self._sources, is_fence=False):
            return _altered(compared(text, named, pieces, self._sources), "with parts left out")
        straight = plain.translate(_STRAIGHT)
        if straight == plain or not (passages := self._sources.find(straight)):
            return None
        verdict = compared(straight, named, passages, self._sources)
        return _altered(verdict, "but for the form of its quotation marks")

    def _nowhere(self, named: Named, sentence: About | Sentence | None) -> Verdict:
        """What is said of something that was not found."""
        files = self._sources.files(named.path) if named.path else ()
        path = files[0] if len(files) == 1 else None
        if len(files) > 1:
            return Verdict("ambiguous", None, named.line, named.end_line, either(named.path, files))
        if sentence is not None and sentence.is_proposal:
            return Verdict("unchecked", path, named.line, named.end_line, NOT_SAID)
        if named.path and path is None:
            return self._not_sent(named, sentence)
        return Verdict("missing", path, named.line, named.end_line, NOT_SENT)

    def _not_sent(self, named: Named, sentence: About | Sentence | None) -> Verdict:
        """A file that was not sent: nothing of it can be looked up, but whether anything speaks of it."""
        note = f"{named.path} was not sent"
        name = named.path.rpartition("/")[2]
        known = self._sources.mention(named.path) or self._sources.mention(name)
        is_known = known is not None or (
            not self._sources.files(name) and self.names.is_imported(_module(named.path))
        )
        if is_known or (sentence is not None and sentence.is_proposal):
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
            return _altered(compared(code, named, pieces, self._sources), "with parts left out")
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

    def place(self, named: Named, symbols: Sequence[Symbol], sentence: Sentence, about: str = "") -> Verdict:
        """A file, or lines of one, without a quote. `about` is the file that was spoken of before."""
        files = self._sources.files(named.path) if named.path else ()
        if len(files) > 1:
            return Verdict("ambiguous", None, named.line, named.end_line, either(named.path, files))
        path = files[0] if files else self._sources.only_path() if not named.path else None
        if places.is_absolute(named.path):
            note = f"may be {path}" if path else f"{named.path} was not sent"
            if path is None or named.path != f"/{path}":
                return Verdict("unchecked", path, named.line, named.end_line, note)
        if named.path and path is None:
            if self._sources.is_folder(named.path):
                return Verdict("found", named.path.rstrip("/"))
            return self._not_sent(named, sentence)
        if path is None:
            if named.line is None or not about:
                return Verdict("unchecked", None, named.line, named.end_line)
            return self._lines(about, named, symbols, "")
        since = "the file has changed since" if self._sources.is_changed(path) else ""
        if named.line is None:
            return Verdict("found", path, note=since)
        last = self._sources.last_line(path)
        if named.line == 0:
            return Verdict("missing", path, note="lines begin at 1")
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
            if one.is_at(named.line, named.end_line):
                verdict = Verdict("found", path, named.line, named.end_line, f"{name.last} is defined there")
                return self.names.since(verdict, one)
        note = f"{known[0][0].last} is defined at {known[0][1].line}" if known else ""
        note = "; ".join(filter(None, [note, since]))
        return Verdict("unchecked", path, named.line, named.end_line, note)


def _module(path: str) -> str:
    """What others call it that take something from it: `errors` of `app/errors.py`."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    return folders[-1] if (stem in places.PACKAGES or stem == "main") and folders else stem


def _altered(verdict: Verdict, note: str) -> Verdict:
    if verdict.status in ("found", "repaired"):
        return replace(verdict, status="repaired", note=note)
    return verdict
