"""Quotes, looked up: the quote first, then whether it stands where the answer says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docstra_tui.session.citations.citation import Named, Status
from docstra_tui.session.citations.passages import Text, joined, words_of
from docstra_tui.session.citations.sources import Passage, Sources

NOT_SENT = "not in what was sent"
NOT_SAID = f"{NOT_SENT}, and the answer may not say that it is"


@dataclass(frozen=True)
class Verdict:
    """What became of a reference."""

    status: Status
    path: str | None = None
    line: int | None = None
    end_line: int | None = None
    note: str = ""


TOO_MUCH = Verdict("unchecked", note="too much to look up")


def compared(quote: str, named: Named, passages: Sequence[Passage], sources: Sources) -> Verdict:
    """A quote that stands in `passages`, against the place that the answer names."""
    files = sources.files(named.path) if named.path else ()
    if len(files) > 1:
        return Verdict("ambiguous", None, named.line, named.end_line, either(named.path, files))
    wanted = files[0] if files else None
    if named.path and wanted is None:
        return _elsewhere(passages[0], f"{named.path} was not sent", sources)
    there = [one for one in passages if wanted is None or one.source.path == wanted]
    if not there:
        return _elsewhere(passages[0], f"not in {wanted}", sources)
    fresh = [one for one in there if not one.source.is_old]
    if not fresh:
        old = _nearest(there, named)
        note = "in the file as it was sent before; it has changed since"
        return Verdict("changed", old.source.path, old.line, old.end_line, note)
    best = _nearest(fresh, named)
    verdict = _judged(best, quote, named, len(fresh))
    return _now(verdict, quote, sources)


def _judged(best: Passage, quote: str, named: Named, count: int) -> Verdict:
    path, line, end = best.source.path, best.line, best.end_line
    if named.line is not None and not _is_at(named, line, end):
        if line is None:
            return Verdict(
                "unchecked", path, None, None, "stands in the outline, which does not give its line"
            )
        note = f"moved to {line}" + (f", the nearest of {count} places" if count > 1 else "")
        return Verdict("moved", path, line, end, note)
    is_exact = best.is_close and best.source.text.is_exact(quote, best.row, best.last_row)
    others = f"one of {count} places" if count > 1 and named.line is None else ""
    if is_exact:
        return Verdict("found", path, line, end, others)
    return Verdict("repaired", path, line, end, "; ".join(filter(None, ["but for white space", others])))


def _elsewhere(passage: Passage, note: str, sources: Sources) -> Verdict:
    path = passage.source.path or "the code"
    at = f"{path}:{passage.line}" if passage.line is not None else path
    verdict = Verdict("moved", passage.source.path, passage.line, passage.end_line, f"{note}, but in {at}")
    if sources.is_changed(passage.source.path):
        return replace(verdict, note=f"{verdict.note}, which has changed since")
    return verdict


def _is_at(named: Named, line: int | None, end: int | None) -> bool:
    """True where lines that are named and lines where a quote stands are one within the other."""
    if line is None or named.line is None:
        return False
    end = line if end is None else end
    if named.end_line is None or named.end_line == named.line:
        return named.line == line
    return (named.line <= line and end <= named.end_line) or (line <= named.line and named.end_line <= end)


def _nearest(passages: Sequence[Passage], named: Named) -> Passage:
    if named.line is None:
        return passages[0]
    aim = named.line
    at = [one for one in passages if _is_at(named, one.line, one.end_line)]
    return min(at or passages, key=lambda one: abs((one.line if one.line is not None else 1 << 40) - aim))


def either(path: str, files: Sequence[str]) -> str:
    shown = ", ".join(files[:3]) + (", …" if len(files) > 3 else "")
    return f"{path} may be {shown}"


def _now(verdict: Verdict, quote: str, sources: Sources) -> Verdict:
    """The verdict where the file may be another one by now."""
    if verdict.path is None or not sources.is_changed(verdict.path):
        return verdict
    text = sources.now(verdict.path)
    if text is None:
        return replace(verdict, status="changed", note="it stood there when it was sent; the file is gone")
    return _moved_since(verdict, quote, text)


def _moved_since(verdict: Verdict, quote: str, text: Text) -> Verdict:
    plain = joined(quote)
    words = words_of(plain)
    rows = list(text.find(plain, words)) or list(text.find_loosely(plain, words))
    if not rows:
        return replace(
            verdict, status="changed", note="it stood there when it was sent; the file has changed since"
        )
    aim = verdict.line or 1
    first, last = min(rows, key=lambda row: abs(row[0] + 1 - aim))
    note = "; ".join(filter(None, [verdict.note, "the file has changed since"]))
    if first + 1 == verdict.line:
        return replace(verdict, note=note)
    note = f"at {verdict.line} when it was sent, at {first + 1} now"
    return replace(verdict, status="changed", line=first + 1, end_line=last + 1, note=note)
