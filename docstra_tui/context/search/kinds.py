"""What a file is for, by its path and how it begins."""

from __future__ import annotations

import re

from docstra_tui.context.files.language import is_code
from docstra_tui.context.search.facts import FileKind

_HEAD = 1_000
"""Characters in which a generator says so."""


def _folders(names: str) -> frozenset[str]:
    return frozenset(names.split())


_VENDORED = _folders(
    "vendor vendored _vendor vendors third_party third-party thirdparty 3rdparty node_modules external "
    "externals bower_components site-packages"
)
_TESTS = _folders(
    "test tests __tests__ spec specs testing e2e testdata test-data fixtures __fixtures__ __mocks__ "
    "unittests integration_tests androidtest"
)
_EXAMPLES = _folders(
    "example examples sample samples demo demos tutorial tutorials benchmark benchmarks bench playground "
    "cookbook recipes"
)
_DOCUMENTS = _folders("doc docs documentation website man manual wiki guides")
_GENERATED = _folders("__snapshots__ snapshots dist __generated__ generated .next")

_TEST_NAME = re.compile(r"(?:test_.*|.*_tests?|conftest|.*[.-](?:test|spec)|tests?)\.\w+", re.IGNORECASE)
_JAVA_TEST = re.compile(r"(?:Test[A-Z]\w*|\w*Tests?|\w*IT)\.(?:java|kt|scala|cs|swift)")
_GENERATED_NAME = re.compile(
    r".*(?:\.min\.(?:js|css)|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.g\.dart|\.map|\.lock|-lock\.(?:json|yaml)"
    r"|\.svg|\.snap|\.designer\.cs)",
    re.IGNORECASE,
)
_GENERATED_MARK = re.compile(
    r"@generated\b|\bdo not (?:edit|modify)\b[^\n]{0,60}(?:generated|by hand|manually)?"
    r"|\b(?:auto(?:matically)?[ -]?)?generated (?:by|from|using|with|file|code)\b",
    re.IGNORECASE,
)
_COMMENT_START = re.compile(r"\s*(?:#|//|/\*|\*|--|;|%|<!--|\"\"\"|''')")
_DOCUMENT = frozenset({"markdown", "rmarkdown", "rst", "text", "latex", "bibtex", "html"})
_SETTINGS = frozenset({"dockerfile", "makefile", "cmake", "hcl", "nix", "just"})
_DOCUMENT_NAME = re.compile(
    r"(?:readme|changelog|changes|history|news|contributing|licen[cs]e|authors|copying)\b.*"
)


def kind_of(path: str, language: str, content: str) -> FileKind:
    """What a file is for; of several that fit, what says most: a vendored test is vendored."""
    *folders, name = path.lower().split("/")
    parents = set(folders)
    if parents & _VENDORED:
        return "vendored"
    if parents & _GENERATED or _GENERATED_NAME.fullmatch(name) or _says_generated(content):
        return "generated"
    if parents & _TESTS or _TEST_NAME.fullmatch(name) or _JAVA_TEST.fullmatch(path.rpartition("/")[2]):
        return "test"
    if parents & _EXAMPLES:
        return "example"
    is_program = is_code(language) and language not in _DOCUMENT
    if parents & _DOCUMENTS or language in _DOCUMENT or (_DOCUMENT_NAME.fullmatch(name) and not is_program):
        return "docs"
    if language in _SETTINGS or (language and not is_code(language)) or ".github" in parents:
        return "config"
    return "code"


def _says_generated(content: str) -> bool:
    head = content[:_HEAD]
    return any(
        _GENERATED_MARK.search(line) and _COMMENT_START.match(line) is not None
        for line in head.split("\n")[:15]
    )
