"""What a text defines, line by line: for languages without a parser here, styles, queries and documents.

One pattern for the many languages that put a word before a name, and one each for those that do not. What
stands deeper than a definition that can hold others belongs to it; where it ends, the next one says that
stands no deeper.
"""

from __future__ import annotations

import re
from functools import cache

from docstra_tui.context.outline.headings import sections
from docstra_tui.context.outline.tag import LONGEST, NAMES, Tag

_WIDTH = 400
"""Characters of a line that are looked at."""

_MODIFIERS = (
    r"(?:(?:export|default|public|private|protected|internal|static|abstract|final|sealed|open|override|virtual|"
    r"async|inline|pub|pub\([\w ]{1,20}\)|data|partial|unsafe|extern|local|suspend|const|readonly|global|"
    r"fileprivate|implicit|case|lazy|mutating|declare|my|our|recursive|pure|elemental|enum|"
    r"integer|real|logical)[ \t]+){0,6}"
)
_WORDS = {
    "class": "class struct object module actor record mixin defmodule namespace package contract entity",
    "type": "data interface trait enum protocol union typealias newtype extension type message service "
    "input scalar architecture signature instance",
    "function": "def defp defn func fun fn function sub proc procedure subroutine method task "
    "rpc defun program operator test fragment query mutation",
    "macro": "macro defmacro",
    "constant": "val let resource variable output provider defvar defparameter defconst",
}
_KIND_OF = {word: kind for kind, words in _WORDS.items() for word in words.split()}

_NAMED = (
    rf"(?P<indent>[ \t]*)\(?{_MODIFIERS}(?P<word>{'|'.join(sorted(_KIND_OF, key=len, reverse=True))})"
    r"[ \t]+(?:rec[ \t]+)?(?:\([^()\n]{1,60}\)[ \t]*|<[^<>\n]{1,60}>[ \t]*)?"
    r"[\"'(]?(?P<name>[^\W\d][\w.:$?!-]{0,120})"
)
_TYPED = (
    r"(?P<indent>[ \t]*)(?:(?:public|private|protected|internal|static|override|virtual|abstract|async|final|"
    r"sealed|extern|synchronized|native)[ \t]+){1,6}(?:[\w.<>\[\],?]{1,80}[ \t]+){0,2}"
    r"(?P<name>\w{1,120})[ \t]*\("
)
_BRACED = (
    r"(?P<indent>[ \t]*)(?:[\w.<>\[\],?*&]{1,80}[ \t]+){0,4}(?P<name>[A-Za-z_]\w{0,120})[ \t]*"
    r"\([^()\n;]*+(?>(?:\([^()\n;]*+\)[^()\n;]*+)*)\)[^;{}()\n]*+\{"
)
_SENT = (
    r"(?P<indent>)(?:[-+][ \t]*\([^)\n]*\)|@(?P<word>interface|implementation|protocol))[ \t]*(?P<name>\w+)"
)
_LISP = (
    r"(?P<indent>[ \t]*)\((?P<word>def(?:ine-syntax|ine|un|macro|var|custom|const|n-?|class|method|type|"
    r"protocol|record|package|struct|generic)?|struct|ns)[ \t]+\(?(?P<name>[^\s()\[\]\"';]{1,120})"
)
_CONTAINED = (
    r"(?P<indent>[ \t]*)(?:pub[ \t]+)?const[ \t]+(?P<name>\w+)[ \t]*=[ \t]*(?P<word>struct|enum|union)\b"
)
_ASSIGNED = r"(?P<indent>[ \t]{0,8})(?P<name>[\w.]{1,120})[ \t]*(?:<-|=)[ \t]*function\b"
_SIGNED = r"(?P<indent>)(?:let(?:[ \t]+rec)?[ \t]+(?P<name>[a-z_][\w']*)|(?P<signed>[a-z_][\w']*)[ \t]*::)"
_CREATED = (
    r"(?P<indent>[ \t]*)(?i:create)[ \t]+(?i:(?:or[ \t]+replace|temp|temporary|unique|unlogged|virtual|"
    r"materialized)[ \t]+){0,3}"
    r"(?P<word>(?i:table|view|index|function|procedure|trigger|type|schema|sequence))[ \t]+"
    r"(?i:if[ \t]+not[ \t]+exists[ \t]+)?[\"`\[]?(?P<name>[\w.]{1,120})"
)
_SELECTED = (
    r"(?P<indent>[ \t]*)(?P<name>[.#&:*\[\w@][^{};\n]{0,200}?)[ \t]*\{"
    r"|(?P<inner>[ \t]*)(?P<signed>--[\w-]+|\$[\w-]+)[ \t]*:"
)
_TARGET = r"(?P<indent>)(?P<name>[\w./%-]{1,80})[ \t]*:(?!=)|(?P<signed>[A-Z_][A-Z0-9_]*)[ \t]*[:?]?="
_CALLED = (
    r"(?P<indent>[ \t]*)(?i:(?P<word>function|macro|project|add_library|add_executable|option))"
    r"[ \t]*\([ \t]*(?P<name>[\w.-]+)"
)
_SECTION = r"(?P<indent>)\[(?P<name>[^\]\n]{1,120})\]"
_TITLE = r"(?P<indent>[ \t]*)<(?P<word>h[1-6])\b[^>\n]{0,200}>(?P<name>[^<\n]{1,200})"
_LISTED = r"(?P<indent>)(?P<name>[a-z]\w*)\([^\n]*(?:->|:-)"

_LISPS = frozenset({"elisp", "common-lisp", "scheme", "racket", "clojure"})
_PATTERNS: dict[str, tuple[str, ...]] = {
    "sql": (_CREATED,),
    **dict.fromkeys(("css", "scss", "less"), (_SELECTED,)),
    **dict.fromkeys(("makefile", "just"), (_TARGET,)),
    "cmake": (_CALLED,),
    "ini": (_SECTION,),
    "html": (_TITLE,),
    **dict.fromkeys(("csharp", "java", "vbnet"), (_NAMED, _TYPED)),
    **dict.fromkeys(("dart", "d", "groovy", "glsl", "hlsl", "opencl", "vue", "svelte"), (_NAMED, _BRACED)),
    **dict.fromkeys(("javascript", "jsx", "typescript", "tsx", "c", "cpp", "cuda"), (_NAMED, _BRACED)),
    **dict.fromkeys(("objective-c", "objective-c++"), (_SENT, _BRACED)),
    **dict.fromkeys(_LISPS, (_LISP,)),
    "zig": (_CONTAINED, _NAMED),
    **dict.fromkeys(("r", "lua"), (_ASSIGNED, _NAMED)),
    **dict.fromkeys(("haskell", "ocaml", "elm", "fsharp"), (_SIGNED, _NAMED)),
    **dict.fromkeys(("erlang", "prolog"), (_LISTED,)),
}
_LISP_KINDS = {
    **dict.fromkeys(("defclass", "defrecord", "struct", "defstruct", "ns", "defpackage"), "class"),
    **dict.fromkeys(("deftype", "defprotocol"), "type"),
    **dict.fromkeys(("def", "defvar", "defcustom", "defconst"), "constant"),
    **dict.fromkeys(("defmacro", "define-syntax"), "macro"),
}
_SENT_KINDS = {"interface": "class", "implementation": "class", "protocol": "type"}
_CREATED_KINDS = {"function": "function", "procedure": "function", "trigger": "function", "macro": "macro"}
_KEYS = frozenset({"css", "scss", "less", "makefile", "just", "ini"})
_NO_NAMES = frozenset(
    {"if", "for", "while", "switch", "return", "catch", "else", "do", "in", "is", "of", "with", "foreach"}
)
_PLAIN = frozenset({"", "text", "csv", "tsv", "diff", "json", "toml", "yaml", "xml", "bibtex", "dockerfile"})
"""Nothing is looked for by patterns in these."""

_HOLDERS = frozenset({"class", "type"})


def defined(content: str, language: str) -> list[Tag]:
    """The definitions, headings or keys of a text, in their order."""
    if (known := sections(content, language)) is not None:
        return [*_of_sections(known, language)][:NAMES]
    if language == "rst":
        return _titles(content)
    if language in _PLAIN:
        return []
    return _by_lines(content, language)


def _of_sections(known: list[tuple[str, int, int, list[str]]], language: str) -> list[Tag]:
    kind = "heading" if language in ("markdown", "rmarkdown") else "key"
    found = []
    for title, start, end, names in known:
        name = title.strip("#\"'[] \t")[:LONGEST]
        found.append(Tag(name, kind, start, end))
        found += [Tag(f"{name}.{inner}"[:LONGEST], kind, start, start) for inner in names]
    return found


@cache
def _patterns(language: str) -> list[re.Pattern[str]]:
    return [re.compile(pattern) for pattern in _PATTERNS.get(language, (_NAMED,))]


def _by_lines(content: str, language: str) -> list[Tag]:
    patterns = _patterns(language)
    lines = content.removesuffix("\n").split("\n")
    found: list[tuple[str, str, int, int]] = []
    """Name, kind, line, indent."""
    around: list[tuple[int, str, bool]] = []
    """Indent and name of what the line stands in, and whether it is a class."""
    for number, line in enumerate(lines, 1):
        match = next(filter(None, (pattern.match(line, 0, _WIDTH) for pattern in patterns)), None)
        if match is None:
            continue
        groups = match.groupdict()
        name = next(filter(None, (groups.get("name"), groups.get("signed"))), "").strip().rstrip(":.")
        if not name or name in _NO_NAMES or len(found) >= NAMES:
            continue
        indent = len((groups.get("indent") or groups.get("inner") or "").expandtabs(4))
        kind = _kind(language, (groups.get("word") or "").lower())
        while around and around[-1][0] >= indent:
            around.pop()
        is_member = bool(around) and around[-1][2] and indent > 0
        full = f"{around[-1][1]}.{name}" if is_member and language not in _KEYS else name
        found.append((full[:LONGEST], "method" if is_member and kind == "function" else kind, number, indent))
        around.append((indent, full[:LONGEST], kind in _HOLDERS))
        del around[:-50]
    return _until_next(found, len(lines))


def _kind(language: str, word: str) -> str:
    if language in _KEYS:
        return "key"
    if language == "html":
        return "heading"
    if language in ("sql", "cmake"):
        return _CREATED_KINDS.get(word, "type" if language == "sql" else "key")
    if language in _LISPS:
        return _LISP_KINDS.get(word, "function")
    return (_SENT_KINDS if language.startswith("objective") else _KIND_OF).get(word, "function")


def _until_next(found: list[tuple[str, str, int, int]], count: int) -> list[Tag]:
    """Each ends before the next one that stands no deeper."""
    ends = [count] * len(found)
    open_ones: list[int] = []
    for number, (_, _, line, indent) in enumerate(found):
        while open_ones and found[open_ones[-1]][3] >= indent:
            ends[open_ones.pop()] = max(line - 1, 1)
        open_ones.append(number)
    return [
        Tag(name, kind, line, max(line, end)) for (name, kind, line, _), end in zip(found, ends, strict=True)
    ]


def _titles(content: str) -> list[Tag]:
    """Of reStructuredText: lines with a line of marks below them that is as long."""
    lines = content.split("\n")
    found = []
    for number in range(1, len(lines)):
        marks, title = lines[number].rstrip(), lines[number - 1].rstrip()
        if len(marks) < 3 or marks[0] not in "=-~^\"'#*+`:._" or marks.strip(marks[0]):
            continue
        if (
            title
            and not title[0].isspace()
            and title[0] not in "=-~^#*+"
            and len(marks) >= min(len(title), 60)
        ):
            found.append((title[:LONGEST], "heading", number, 0))
    return _until_next(found[:NAMES], len(lines))
