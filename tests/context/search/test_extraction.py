"""From the text of a file to what the index keeps of it."""

from __future__ import annotations

import itertools
import random
import sys
from pathlib import Path

import pytest

from docstra_tui.context import outline
from docstra_tui.context.outline.python_lines import python_tags
from docstra_tui.context.outline.tags import tags
from docstra_tui.context.search import numbering
from docstra_tui.context.search.extraction import extract
from docstra_tui.context.search.facts import SIZE, FileFacts
from docstra_tui.context.search.kinds import kind_of
from docstra_tui.context.search.lexing import pieces
from docstra_tui.context.search.numbering import numbers
from docstra_tui.context.search.regions import LONG
from docstra_tui.context.search.spelling import EVERYWHERE, parts, spelled
from docstra_tui.context.search.stems import number_of, parted

PYTHON = '''"""How often a request is tried."""

from __future__ import annotations

import json
from .http import backends, Session
from . import errors


MAX_TRIES = 5  # enough for most


class Retry(Session):
    """Waits between tries."""

    pause: float = 0.5

    # The longest wait is a minute.
    @property
    def sleep(self):
        limit = backends.parseHTTPBody(json, "not_a_use")
        return errors.TooOften(limit)
'''


def names(facts: FileFacts) -> list[str]:
    return [f"{found.kind} {found.name} {found.line}-{found.end}" for found in facts.definitions]


def test_a_module_of_python() -> None:
    facts = extract("src/retry.py", PYTHON)
    assert (facts.path, facts.language, facts.kind) == ("src/retry.py", "python", "code")
    assert names(facts) == [
        "constant MAX_TRIES 10-10",
        "class Retry 13-22",
        "constant Retry.pause 16-16",
        "method Retry.sleep 20-22",
    ]
    assert facts.imports == (
        "__future__",
        "__future__.annotations",
        "json",
        ".http",
        ".http.backends",
        ".errors",
    )
    used = dict(facts.uses)
    assert used["Session"] == 2 and used["parseHTTPBody"] == 1 and used["backends"] == 2
    assert "Retry" not in used and "not_a_use" not in used, "what a file defines or quotes is no use"
    [region] = facts.regions
    assert (region.start, region.end) == (1, 22)
    assert region.names == numbers_of("max tries retry pause sleep")
    for text in ("longest wait", "not a use", "enough"):
        assert numbers_of(text) in region.comments
    assert numbers_of("parsehttpbody parse http body") in region.body
    assert numbers_of("longest") not in region.body


PROGRAMS = [
    (
        "a.ts",
        "export class A { x = 1; run() { function inner() {} } }\n"
        "export const f = async () => 1, g = { h() {}, k: 3 };\nexports.c = function () {};\n"
        "interface I { q(): void }\nconst z = make('Z', (it) => { it.parse = (a) => a; });\n",
        [
            "class A",
            "constant A.x",
            "method A.run",
            "function A.run.inner",
            "function f",
            "constant g",
            "method g.h",
            "function c",
            "type I",
            "method I.q",
            "constant z",
            "method z.parse",
        ],
    ),
    (
        "a.go",
        "package a\nfunc (r *T[K]) M(a int) {}\ntype B interface{ F() }\ntype S struct { X int }\n"
        "const C = 1\n",
        ["method T.M", "type B", "method B.F", "type S", "constant C"],
    ),
    (
        "a.rs",
        "impl<T> Foo for Bar<T> { fn a() {} }\nmacro_rules! m { () => {} }\n"
        "pub struct S { a: i32 }\nmod x { fn y() {} }\n",
        ["method Bar.a", "macro m", "class S", "function y"],
    ),
    (
        "A.java",
        "class A { int x = 1; A() {} void m() {} enum K { P } }\n",
        ["class A", "constant A.x", "method A.A", "method A.m", "type A.K", "constant A.K.P"],
    ),
    (
        "a.hpp",
        "#define M(x) x\nnamespace n { template <class T> class C : D { int y; void f(); }; }\n"
        "int n::C::g(int x) { return x; }\ntypedef struct { int a; } P;\nenum E { u };\nstruct Used *s;\n",
        [
            "macro M",
            "class C",
            "constant C.y",
            "method C.f",
            "method n.C.g",
            "type P",
            "constant P.a",
            "type E",
            "constant u",
            "constant s",
        ],
    ),
    ("a.sh", "go() { b; }\nexport Y=2\n", ["function go", "constant Y"]),
    (
        "a.rb",
        "module M\n  class A < B\n    def run?(x)\n    end\n  end\nend\ndef self.top\nend\n",
        ["class M", "class M.A", "method M.A.run?", "function self.top"],
    ),
    ("a.kt", "data class P(val x: Int)\nfun top() {\n}\n", ["class P", "function top"]),
    ("a.cs", "public class A {\n    public static int Run(int x) {\n    }\n}\n", ["class A", "method A.Run"]),
    ("a.lua", "local function f(a)\nend\nM.g = function(a)\nend\n", ["function f", "function M.g"]),
    (
        "a.sql",
        "CREATE TABLE IF NOT EXISTS users (id int);\ncreate or replace function f() as\n",
        ["type users", "function f"],
    ),
    ("a.css", ".row:hover, #id {\n  --gap: 1px;\n}\n", ["key .row:hover, #id", "key --gap"]),
    ("Makefile", "CC = gcc\nall: a b\n\tgcc\n", ["key CC", "key all"]),
    ("a.toml", "[tool.x]\nkey = 1\n", ["key tool.x", "key tool.x.key"]),
    ("a.md", "# One\ntext\n# \n## Two\n", ["heading One", "heading Two"]),
    ("a.rst", "Title\n=====\n\ntext\n", ["heading Title"]),
    ("a.ex", "defmodule A do\n  def run(x) do\n  end\nend\n", ["class A", "method A.run"]),
    (
        "a.proto",
        "message M {\n}\nservice S {\n  rpc Get(A) returns (B);\n}\n",
        ["type M", "type S", "method S.Get"],
    ),
]


@pytest.mark.parametrize(("path", "content", "expected"), PROGRAMS, ids=[path for path, _, _ in PROGRAMS])
def test_what_a_text_defines(path: str, content: str, expected: list[str]) -> None:
    assert [f"{found.kind} {found.name}" for found in extract(path, content).definitions] == expected


def test_a_text_that_no_parser_may_meet_is_looked_through_line_by_line() -> None:
    content = "class A {\n  run() {}\n}\nexport function top() {\n}\n"
    found = extract("a.ts", content, parse=False).definitions
    assert [(one.name, one.line, one.end) for one in found] == [
        ("A", 1, 3),
        ("A.run", 2, 3),
        ("top", 4, 5),
    ]


def test_lines_of_python_say_what_a_parser_says() -> None:
    folder = Path(outline.__file__).parent
    for file in sorted(folder.parent.rglob("*.py")):
        content = file.read_text()
        assert python_tags(content, pieces(content, "python")) == tags(content, "python"), file.name


def test_lines_of_python_that_only_look_like_definitions() -> None:
    content = '''
def f(
    a,
):
    """Text
class NotOne:
    """
    return dict(
        name=1,
)
if x:
    Y: int = 2
    setup(
        version=3,
    )
class C:
    field = [
        1,
    ]
    class D: pass
    async def g(self): ...
    A, B = 1, 2
else_ = 5
'''
    assert [
        f"{tag.name} {tag.line}-{tag.end}" for tag in python_tags(content, pieces(content, "python"))
    ] == [
        "f 2-10",
        "Y 12-12",
        "C 16-22",
        "C.field 17-19",
        "C.D 20-20",
        "C.g 21-21",
        "C.A 22-22",
        "C.B 22-22",
        "else_ 23-23",
    ]


IMPORTS = [
    (
        "a.ts",
        "import x, { y } from './b';\nimport '../c.js';\nconst d = require('d');\nexport * from \"./e\"\n",
    ),
    ("a.c", '#include <stdio.h>\n#  include "lib/a.h"\n'),
    ("a.go", 'import (\n\t"fmt"\n\tx "a/b"\n)\n'),
    ("a.rs", "use crate::a::b::{C, D};\nmod inner;\n"),
    ("A.java", "import a.b.C;\nimport static d.E.f;\n"),
    ("a.rb", "require_relative 'x/y'\nrequire 'json'\n"),
]
IMPORTED = [
    ("./b", "../c.js", "d", "./e"),
    ("stdio.h", "lib/a.h"),
    ("fmt", "a/b"),
    ("crate::a::b", "self::inner"),
    ("a.b.C", "d.E.f"),
    ("./x/y", "json"),
]


@pytest.mark.parametrize(
    ("file", "expected"), zip(IMPORTS, IMPORTED, strict=True), ids=[p for p, _ in IMPORTS]
)
def test_what_a_file_names_of_others(file: tuple[str, str], expected: tuple[str, ...]) -> None:
    assert extract(*file).imports == expected


def test_regions_follow_definitions_and_have_no_gaps() -> None:
    content = "".join(
        f"# About f{number}.\ndef f{number}():\n" + "    go()\n" * 30 + "\n" for number in range(4)
    )
    content += "def long():\n" + "    step = call(step)\n" * (3 * LONG)
    regions = extract("a.py", content).regions
    spans = [(region.start, region.end) for region in regions]
    assert spans[:4] == [(1, 33), (34, 66), (67, 99), (100, 132)], "a comment goes with what is below it"
    assert all(end + 1 == start for (_, end), (start, _) in itertools.pairwise(spans))
    assert spans[-1][1] == content.count("\n")
    assert [region.names for region in regions] == [numbers([f"f{number}"]) for number in range(4)] + [
        numbers_of("long")
    ] * 4
    assert numbers_of("about f1") in regions[1].comments and numbers_of("about f2") not in regions[1].comments


def test_a_document_speaks_to_people_only() -> None:
    [region] = extract("README.md", "# Use\nCall `getFileInfo` for it.\n").regions
    assert region.comments == numbers_of("use call getfileinfo get file info it")
    assert region.body == b""


KINDS = [
    ("src/app.py", "python", "", "code"),
    ("src/testing.py", "python", "", "code"),
    ("tests/test_app.py", "python", "", "test"),
    ("src/app.test.ts", "typescript", "", "test"),
    ("pkg/a_test.go", "go", "", "test"),
    ("docs/guide.md", "markdown", "", "docs"),
    ("README", "", "", "docs"),
    ("HISTORY.txt", "text", "", "docs"),
    ("src/history.py", "python", "", "code"),
    ("docs/examples/a.py", "python", "", "example"),
    ("third_party/zlib/tests/a.c", "c", "", "vendored"),
    ("src/a.py", "python", "# Generated by a tool. DO NOT EDIT.\n", "generated"),
    ("src/a.py", "python", "text = 'generated by us'\n", "code"),
    ("web/app.min.js", "javascript", "", "generated"),
    ("pyproject.toml", "toml", "", "config"),
    ("Dockerfile", "dockerfile", "", "config"),
]


@pytest.mark.parametrize(
    ("path", "language", "content", "kind"), KINDS, ids=[f"{k[0]}-{k[3]}" for k in KINDS]
)
def test_what_a_file_is_for(path: str, language: str, content: str, kind: str) -> None:
    assert kind_of(path, language, content) == kind


def numbers_of(text: str) -> bytes:
    """Of words as an index has them, in small letters."""
    return b"".join(number_of(word).to_bytes(SIZE, sys.byteorder) for word in text.split())


def test_identifiers_are_remembered_and_what_may_begin_a_credential_is_told_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numbering, "_numbers", numbering._Numbers())
    monkeypatch.setattr(numbering, "_KEPT", 3)
    suspects: list[str] = []
    for _ in range(2):
        for word in ("password", "seal", "owl", "newt", "seal", "toad", "frog", "seal"):
            assert numbering.looked_at([word, "self"], suspects) == numbers_of(word)
    assert suspects == ["password"] * 2
    assert numbering.looked_at(["noSpace", "b_c"], suspects) == numbers_of("nospace no space b c")


def test_words_of_an_identifier_are_those_that_its_spelling_has() -> None:
    """The short way to them says the same as the long one."""
    chance = random.Random(3)
    for _ in range(4_000):
        word = "".join(chance.choice("abYZ_019é日") for _ in range(chance.randrange(1, 9)))
        assert numbering._words(word) == parted(spelled([word])), word
    for word in (
        *EVERYWHERE,
        "aB" * 60,
        "a_" * 60,
        "x" * 200,
        "_",
        "__",
        "IF",
        "SELF",
        "URLs",
        "a.b",
        "it's",
    ):
        assert numbering._words(word) == parted(spelled([word])), word


def test_identifiers_in_their_parts() -> None:
    assert parts("parseHTTPBody_v2") == ["parse", "HTTP", "Body", "v", "2"]
    assert parts("URLsOfStraße") == ["URLs", "Of", "Straße"]
    assert parts("UUIDv4ISO日時") == ["UUIDv", "4", "ISO", "日時"]
    assert spelled(["HTTPServer2", "get_fileName", "sha256", "plain", "self", "ABC"]) == (
        "HTTPServer2 HTTP Server get_fileName file Name sha256 sha 256 plain ABC"
    )


HOSTILE = [
    ("deep.py", "(" * 100_000),
    ("deep.ts", "{a:" * 10_000),
    ("deep.c", "#if x\n" * 5_000),
    ("classes.java", "class A {" * 5_000),
    ("quotes.js", "`${" * 50_000),
    ("comments.c", "/*" * 20_000),
    ("imports.ts", "import " * 15_000),
    ("imports.py", "from a import (\n" * 6_000),
    ("spaces.sql", " " * 200_000 + "create " * 10_000),
    ("marks.md", "#" * 200_000),
    ("controls.py", "\x00\x1b[31mdef \u202ename(): pass\ud800\n"),
    ("one_line.rb", "def a; " * 30_000),
    ("words.dart", ("a " * 190 + "\n") * 1_000),
    ("brackets.dart", ("a(" * 190 + "\n") * 1_000),
    ("names.py", "".join(f"a{number} = 1\n" for number in range(8_000))),
    ("lines.txt", "\n" * 100_000),
]


@pytest.mark.parametrize(("path", "content"), HOSTILE, ids=[path for path, _ in HOSTILE])
def test_hostile_texts_end_and_stay_bounded(path: str, content: str) -> None:
    facts = extract(path, content)
    assert len(facts.regions) <= 4_096 and len(facts.definitions) <= 4_000 and len(facts.uses) <= 150
    assert all(len(found.name) <= 120 for found in facts.definitions)
    assert all(1 <= region.start <= region.end <= content.count("\n") + 1 for region in facts.regions)
