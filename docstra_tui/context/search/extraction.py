"""From the text of a file to what the index keeps of it.

Parses, so it belongs into a process that may be killed; it reads no file itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from docstra_tui.context.credentials import without_credentials
from docstra_tui.context.files.language import language_of
from docstra_tui.context.outline.tag import Tag
from docstra_tui.context.search.defining import found as found_in
from docstra_tui.context.search.defining import kept
from docstra_tui.context.search.facts import Definition, DefinitionKind, FileFacts, FileKind
from docstra_tui.context.search.imports import imports_of
from docstra_tui.context.search.kinds import kind_of
from docstra_tui.context.search.lexing import DATA, PROSE, pieces
from docstra_tui.context.search.regions import regions_of

USES = 150
"""Names that are kept of one file, those first that are likeliest somebody's."""
_LONGEST = 120


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_PICTURES = (".svg",)
_KEYWORDS: frozenset[str] = _set(
    "False None True abstract await boolean break case catch char continue default delete double enum "
    "extends false final finally float implements instanceof interface long namespace new null override "
    "package private protected public readonly short static string struct super switch template throw "
    "throws true try typedef typeof undefined union unsigned using virtual while yield async class elif "
    "except lambda global import pass raise with export type str dict list tuple bool bytes object "
    "number any self cls args kwargs size_t uint8_t Self impl pub mut match where crate Some Ok Err "
    "Option Result Vec String isinstance len range print"
)


def extract(path: str, content: str, *, language: str = "", parse: bool = True) -> FileFacts:
    """All that is kept of a file, but keys and tokens. Without `parse` no parser of C meets the text: for one
    that broke it.

    `language` is that of the content where the path does not tell it, as of a notebook's cells.
    """
    language = language or language_of(path, content)
    kind = kind_of(path, language, content)
    if path.lower().endswith(_PICTURES):
        return FileFacts(path, language, kind, ())
    facts, suspects = _facts(path, content, language, kind, parse)
    clean = without_credentials(content, suspects)
    return facts if clean is content else _facts(path, clean, language, kind, parse)[0]


def _facts(
    path: str, content: str, language: str, kind: FileKind, parse: bool
) -> tuple[FileFacts, list[str]]:
    """And the words that may begin a credential."""
    apart = pieces(content, language)
    found = found_in(content, language, apart, parse=parse)
    regions, counts, suspects = regions_of(content, found, apart)
    facts = FileFacts(
        path=path,
        language=language,
        kind=kind,
        regions=regions,
        definitions=tuple(
            Definition(tag.name, cast("DefinitionKind", tag.kind), tag.line, tag.end) for tag in kept(found)
        ),
        uses=_uses(counts, language, kind, found),
        imports=imports_of(content, language),
    )
    return facts, suspects


def _uses(
    counts: Counter[str], language: str, kind: FileKind, found: Sequence[Tag]
) -> tuple[tuple[str, int], ...]:
    """Identifiers that stand in the code and are defined elsewhere, if at all."""
    if language in PROSE or language in DATA or kind in ("generated", "config"):
        return ()
    own = {tag.name.rpartition(".")[2] for tag in found}
    made: list[tuple[int, str]] = []
    """Of several words, or with capitals: likelier somebody's than others."""
    plain: list[tuple[int, str]] = []
    for name in counts.keys() - _KEYWORDS - own:
        if 3 <= len(name) <= _LONGEST and not name[0].isdigit():
            is_plain = name.islower() and "_" not in name.strip("_")
            (plain if is_plain else made).append((-counts[name], name))
    made.sort()
    if len(made) < USES:
        made += sorted(plain)
    return tuple((name, -count) for count, name in made[:USES])
