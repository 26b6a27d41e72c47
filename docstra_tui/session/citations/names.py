"""Names of code that an answer speaks of: where they are defined or used, and which are nobody's here."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from docstra_tui.session.citations.citation import Named, Status
from docstra_tui.session.citations.everyday import CAPITALS, ELSEWHERE, ROOTS
from docstra_tui.session.citations.passages import joined
from docstra_tui.session.citations.quotes import NOT_SAID, NOT_SENT, TOO_MUCH, Verdict, compared
from docstra_tui.session.citations.sentences import About
from docstra_tui.session.citations.sources import Passage, Sources
from docstra_tui.session.citations.symbols import (
    Definition,
    Definitions,
    Symbol,
    called,
    parameters,
    within,
)

HEAD = 15
"""Lines over which the head of a definition may go."""
_HEAD_ENDS = re.compile(r"[:{;]\s*(?:[#/].*)?$|=>")
_PLAIN = re.compile(r"(?!(?:raise|return|yield|throw|defer)\b)[\w\s,.:;()\[\]<>|&*@…]*")
"""Code that does nothing, in which nothing is reckoned and no text stands."""
_IMPORT = re.compile(
    r"\s*(?:(?:from|import|use|using|require|include|mod|extern|load|source|@import|#\s?include)\b|"
    r"(?:pub|export)\s.*\b(?:use|mod|from|import)\b|(?:const|let|var)\s.*\brequire\()"
)


class Names:
    """Judges them by what was sent."""

    def __init__(self, sources: Sources, definitions: Definitions) -> None:
        self._sources = sources
        self._definitions = definitions

    def mentioned(self, text: str) -> Symbol | None:
        """The name in `load(path, limit)`, where that is how it is defined, and no quote of a call."""
        given, name = parameters(text), called(text)
        if given is None or name is None or name.parts[0] in ("self", "this"):
            return None
        heads = (self._head(one) for one in self._definitions.of(name))
        return name if any(given <= frozenset(re.findall(r"\w+", head)) for head in heads) else None

    def _head(self, definition: Definition) -> str:
        rows = []
        for row in definition.source.text.lines[definition.row : definition.last_row + 1][:HEAD]:
            rows.append(row)
            if _HEAD_ENDS.search(row):
                break
        return "\n".join(rows)

    def judge(
        self, name: Symbol, path: str, lines: Collection[int | None], sentence: About
    ) -> Verdict | None:
        """A name; `path` is the only file that its sentence speaks of, `lines` are those of it."""
        files = self._sources.files(path) if path else ()
        defined = self._definitions.of(name)
        if defined:
            return self._defined(name, path, files, lines, defined)
        if name.is_everyday:
            return None
        if passages := self._as_code(name, self._literally(name)):
            return self._used(path, files, lines, passages)
        if (member := self._member(name)) is not None:
            return member
        if self._sources.is_tired:
            return TOO_MUCH
        return self._unknown(name, sentence, is_placed=bool(files) or any(lines))

    def _defined(
        self,
        name: Symbol,
        path: str,
        files: Sequence[str],
        lines: Collection[int | None],
        defined: Sequence[Definition],
    ) -> Verdict:
        in_file = [one for one in defined if one.source.path in files]
        one = next((one for one in in_file if one.line in lines), (in_file or defined)[0])
        if files and not in_file and not self._uses(name, files):
            at = f"{one.source.path or 'the code'}:{one.line}"
            return Verdict("moved", one.source.path, one.line, one.end_line, f"not in {path}, but at {at}")
        count = len({(each.source.path, each.row) for each in in_file or defined})
        note = "defined there" + (f", and {count - 1} more times" if count > 1 else "")
        return self.since(Verdict("found", one.source.path, one.line, one.end_line, note), one)

    def _literally(self, name: Symbol) -> Sequence[Passage]:
        for mark in (".", "::", "->"):
            if passages := self._sources.find(mark.join(name.parts)):
                return passages
        return ()

    def _as_code(self, name: Symbol, passages: Sequence[Passage]) -> Sequence[Passage]:
        """Without those where a word of the language is: `alert()` is not used by "an alert box"."""
        if not name.is_called or len(name.parts) > 1 or not (name.last.isalpha() and name.last.islower()):
            return passages
        word = re.escape(name.last)
        code = re.compile(rf"\b{word}\s?\(|(?:[.=(\[&@>:]|\breturn )\s*{word}\b|,\s*{word}\s*[,)\]]")
        return [
            one
            for one in passages
            if code.search(line := one.source.text.lines[one.row]) or _IMPORT.match(line)
        ]

    def _used(
        self, path: str, files: Sequence[str], lines: Collection[int | None], passages: Sequence[Passage]
    ) -> Verdict:
        here = [one for one in passages if one.source.path in files and not one.source.is_old]
        there = [one for one in here if one.line in lines]
        first = (there or here or [one for one in passages if not one.source.is_old] or passages)[0]
        where = first.source.path or "the code"
        at = f"{where}:{first.line}" if first.line is not None else where
        if first.source.is_old:
            return Verdict("changed", first.source.path, first.line, first.end_line, f"was used at {at}")
        is_elsewhere = bool(files) and first not in here
        note = f"not in {path}, but used at {at}" if is_elsewhere else f"used at {at}"
        status: Status = "moved" if is_elsewhere else "found"
        verdict = Verdict(status, first.source.path, first.line, first.end_line, note)
        if self._sources.is_changed(first.source.path):
            return replace(verdict, note=f"{verdict.note}; the file has changed since")
        return verdict

    def _uses(self, name: Symbol, files: Sequence[str]) -> bool:
        """Whether one of these files has the name: it may be spoken of there, and defined elsewhere."""
        return any(name.last in source.text.words for source in self._sources.all if source.path in files)

    # What no parser tells

    def _member(self, name: Symbol) -> Verdict | None:
        """Something of a class that is given a value in its methods, or is a field of it."""
        if name.owner is None or (name.last.startswith("__") and name.last.endswith("__")):
            return None
        for owner in self._definitions.of(name.owner):
            text, is_old = owner.source.text, owner.source.is_old
            rows = range(owner.row, min(owner.last_row + 1, len(text.lines)))
            inside = [row for row in rows if name.last in text.lines[row]]
            is_python = owner.source.item.language == "python"
            for row in inside if not is_old else ():
                line = text.lines[row]
                if _is_given(name.last, line) or (not is_python and _is_field(name.last, line)):
                    number = text.number(row)
                    verdict = Verdict("found", owner.source.path, number, number, f"of {name.owner.last}")
                    return self.since(verdict, replace(owner, row=row, last_row=row))
            if inside:
                at = text.number(inside[0])
                note = f"{name.last} is spoken of in {name.owner.last}, and not defined there"
                return Verdict("unchecked", owner.source.path, at, at, note)
        return None

    def _unknown(self, name: Symbol, sentence: About, *, is_placed: bool) -> Verdict | None:
        """A name that stands nowhere as it is written."""
        alike = self._definitions.alike(name.last) if len(name.parts) > 1 else None
        if alike is not None:
            at = f"{alike.source.path or 'the code'}:{alike.line}"
            return Verdict("unchecked", note=f"{name.last} is defined at {at}, not under this name")
        if sentence.is_proposal:
            return Verdict("unchecked", note=NOT_SAID)
        if not is_placed:
            if len(name.parts) == 1 and name.last.lower() in ELSEWHERE:
                return None
            if self._is_foreign(name):
                return Verdict("unchecked", note=f"{NOT_SENT}; {name.parts[0]} comes from elsewhere")
            if name.is_word:
                return Verdict("unchecked", note=f"{NOT_SENT}, and may be no name of it")
        return Verdict("missing", note=NOT_SENT)

    def _is_foreign(self, name: Symbol) -> bool:
        """True for a name in what a library has, or something else that comes from what was not sent."""
        root = name.parts[0]
        if len(name.parts) < 2 or root in ("self", "this", "cls"):
            return False
        if root in ROOTS or root in CAPITALS or (len(root) < 3 and root.islower()):
            return True
        if self._definitions.of(Symbol((root,))):
            return False
        return self.is_imported(root)

    def is_imported(self, name: str) -> bool:
        """True where a file says that it takes this from elsewhere."""
        return any(
            _IMPORT.match(one.source.text.lines[one.row])
            for one in self._sources.find(name)[:50]
            if one.source.path is not None
        )

    # Other ways to write one

    def about(self, text: str, path: str, sentence: About) -> Verdict | None:
        """Code that stands nowhere, by the name that it is about; None where that is nothing of the files."""
        name = within(text)
        if name is None:
            return Verdict("missing", note=NOT_SENT)
        files = self._sources.files(path) if path else ()
        defined = self._definitions.of(name)
        one = next((one for one in defined if one.source.path in files), defined[0] if defined else None)
        if one is not None and (not files or one.source.path in files):
            note = "defined there, and written otherwise"
            return Verdict("unchecked", one.source.path, one.line, one.end_line, note)
        if name.is_everyday and _PLAIN.fullmatch(text):
            return None
        used = [one for one in self._literally(name) if not files or one.source.path in files]
        if used and text.strip().endswith((")", "]", ">")):
            used_at = used[0]
            note = "used there, and written otherwise"
            return Verdict("unchecked", used_at.source.path, used_at.line, used_at.end_line, note)
        return self._unknown(name, sentence, is_placed=bool(files))

    def since(self, verdict: Verdict, definition: Definition) -> Verdict:
        """The verdict of a definition, where its file may be another one now."""
        path = verdict.path
        if definition.source.is_old:
            return replace(verdict, status="changed", note="in the file as it was sent before")
        if path is None or not self._sources.is_changed(path):
            return verdict
        text = definition.source.text
        header = text.lines[definition.row] if definition.row < len(text.lines) else ""
        passages = self._sources.find(joined(header))
        return compared(header.strip(), Named(path, verdict.line), passages, self._sources)


def _is_given(name: str, line: str) -> bool:
    """True where an object is given something by this name: `self.name = 1`."""
    pattern = rf"\b(?:self|this|cls)(?:\.|->){re.escape(name)}\s*(?::[^=]*)?=(?!=)"
    return re.search(pattern, line) is not None


def _is_field(name: str, line: str) -> bool:
    """True for a line that declares one of this name."""
    words = r"\s*(?:(?:pub|public|private|protected|readonly|static|const|final)\s+)*"
    return re.match(rf"{words}{re.escape(name)}[?!]?\s*:\s", line) is not None
