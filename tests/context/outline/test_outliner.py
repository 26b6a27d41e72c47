"""An outline shows what a file declares and where, and no file can break what makes it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from docstra_tui.context.outline.cuda import as_cpp
from docstra_tui.context.outline.grammars import GRAMMARS
from docstra_tui.context.outline.headings import headings
from docstra_tui.context.outline.nodes import parse
from docstra_tui.context.outline.outliner import outline, outlines
from docstra_tui.context.outline.skeleton import skeleton
from docstra_tui.llm.items import ContextItem

PYTHON = '''\
"""What it does.

And more of it.
"""

import os
from typing import (
    Any,
    Protocol,
)

LIMIT = 3
TABLE = {
    1: "one",
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
}


class Client(Protocol):
    """Talks.

    At length.
    """

    name: str

    @property
    def size(self) -> int:
        """How much."""
        total = 0
        return total

    async def ask(
        self,
        question: str,
    ) -> Any:
        first = 1
        second = 2
        return first + second


if os.name == "posix":

    def only_here() -> None:
        one()
        two()


print("not declared")
'''

PYTHON_OUTLINE = '''\
"""What it does. …"""
import os
from typing import ( Any, Protocol, )
LIMIT = 3
TABLE = { …  # lines 13-20
class Client(Protocol):  # lines 23-43
    """Talks. …"""
    name: str
    @property
    def size(self) -> int:  # lines 31-35
        """How much."""
        …
    async def ask(
        self,
        question: str,
    ) -> Any: …  # lines 37-43
    def only_here() -> None: …  # lines 48-50
'''

OTHERS = {
    "javascript": (
        "import a from 'a';\n/** Adds. */\nexport function add(a, b) {\n  const c = a;\n  return c + b;\n}\n"
        "export const twice = (x) => {\n  const y = x;\n  return y * 2;\n};\n"
        "class Point extends Base {\n  constructor(x) {\n    super();\n    this.x = x;\n  }\n}\n",
        [
            "import a from 'a';",
            "/** Adds. */",
            "export function add(a, b) {…}  // lines 3-6",
            "export const twice = (x) => {…}  // lines 7-10",
            "class Point extends Base {  // lines 11-16",
            "  constructor(x) {…}  // lines 12-15",
            "}",
        ],
    ),
    "typescript": (
        "export interface Shape {\n  area(): number;\n}\nfunction f<T>(x: T): T {\n  g();\n  return x;\n}\n",
        ["export interface Shape {", "  area(): number;", "}", "function f<T>(x: T): T {…}  // lines 4-7"],
    ),
    "tsx": (
        "export function Page(p: Props) {\n  const a = 1;\n  return <div>{a}</div>;\n}\n",
        ["export function Page(p: Props) {…}  // lines 1-4"],
    ),
    "go": (
        "package main\n\n// Run runs.\n//\n// It never ends.\nfunc (s *Server) Run(a int) error {\n"
        "\tb := a\n\treturn nil\n}\n"
        "type Server struct {\n\tName string\n}\n",
        [
            "package main",
            "// Run runs. …",
            "func (s *Server) Run(a int) error {…}  // lines 6-9",
            "type Server struct {",
            "\tName string",
            "}",
        ],
    ),
    "rust": (
        "use std::io;\n#[derive(Debug)]\npub struct P {\n    x: u32,\n}\nimpl P {\n    /// Makes one.\n"
        "    pub fn new() -> Self {\n        let x = 1;\n        P { x }\n    }\n}\n",
        [
            "use std::io;",
            "#[derive(Debug)]",
            "pub struct P {",
            "    x: u32,",
            "}",
            "impl P {  // lines 6-12",
            "    /// Makes one.",
            "    pub fn new() -> Self {…}  // lines 8-11",
            "}",
        ],
    ),
    "java": (
        "package a;\nimport b.C;\npublic class A extends B {\n  private int x;\n  public int f(int y) {\n"
        "    int z = y;\n    return z;\n  }\n}\n",
        [
            "package a;",
            "import b.C;",
            "public class A extends B {  // lines 3-9",
            "  private int x;",
            "  public int f(int y) {…}  // lines 5-8",
            "}",
        ],
    ),
    "c": (
        "#include <stdio.h>\n#ifdef X\nint add(int a, int b)\n{\n  int c = a;\n  return c + b;\n}\n"
        "#endif\nint f(void);\n",
        ["#include <stdio.h>", "int add(int a, int b) {…}  // lines 3-7", "int f(void);"],
    ),
    "cpp": (
        "namespace a {\ntemplate <typename T>\nclass V : public B {\n public:\n"
        "  int f(int x) const {\n    int y = x;\n"
        "    return y;\n  }\n};\n}\n",
        [
            "namespace a {  // lines 1-10",
            "template <typename T>",
            "class V : public B {  // lines 2-9",
            "  int f(int x) const {…}  // lines 5-8",
            "}",
        ],
    ),
    "cuda": (
        "#include <cuda.h>\n__constant__ float table[4];\n"
        "// Adds.\ntemplate <typename T>\n__global__ void __launch_bounds__(MAX(256), 2)\n"
        "add(const T* __restrict__ a, T* b)\n{\n  extern __shared__ float s[];\n  b[0] = a[0];\n}\n"
        "struct V {\n  __host__ __device__ V(int a) : a(a) {\n    x();\n    y();\n  }\n};\n"
        'extern "C" void launch(float* a) {\n  add<float><<<dim3(1, 2), n + 3, 0, stream>>>(a, a);\n'
        "  each([=] __device__ (int i) {\n    return i;\n  });\n  cudaDeviceSynchronize();\n}\n"
        "__device__ __forceinline__ float one(float a) {\n  float b = a;\n  return b;\n}\n",
        [
            "#include <cuda.h>",
            "__constant__ float table[4];",
            "// Adds.",
            "template <typename T>",
            "__global__ void __launch_bounds__(MAX(256), 2)",
            "add(const T* __restrict__ a, T* b) {…}  // lines 4-10",
            "struct V {  // lines 11-16",
            "  __host__ __device__ V(int a) : a(a) {…}  // lines 12-15",
            'extern "C" void launch(float* a) {…}  // lines 17-23',
            "__device__ __forceinline__ float one(float a) {…}  // lines 24-27",
        ],
    ),
    "bash": ("set -e\nNAME=1\nrun() {\n  echo a\n  echo b\n}\n", ["NAME=1", "run() {…}  # lines 3-6"]),
}


def test_python_keeps_signatures_docs_and_line_numbers() -> None:
    assert skeleton(PYTHON, "python") == PYTHON_OUTLINE


def test_every_grammar_has_a_story() -> None:
    assert set(OTHERS) | {"python", "cython", "jsx"} == set(GRAMMARS)


@pytest.mark.parametrize("language", OTHERS)
def test_other_languages_keep_what_they_declare(language: str) -> None:
    source, expected = OTHERS[language]
    made = (skeleton(source, language) or "").splitlines()
    for line in expected:
        assert line in made, "\n".join(made)
    assert not any("return" in line or "echo" in line for line in made)


def test_a_header_may_be_either_language() -> None:
    header = "#pragma once\nnamespace a {\nclass B {\n  int f() {\n    g();\n    return 1;\n  }\n};\n}\n"
    assert "class B {  // lines 3-8" in (skeleton(header, "c") or "")
    assert skeleton("/**\n * Adds.\n *\n * Much.\n */\nint add(int a);\n", "c") == (
        "/**\n * Adds. … */\nint add(int a);\n"
    )


TWO = "    one();\n    two();\n"
SCRIPTS = {
    "what a module exports": (
        f"module.exports = {{\n  name: 'a',\n  add(a, b) {{\n{TWO}  }},\n  sub: function (a) {{\n{TWO}  }},\n"
        f"  mul: async (a) => {{\n{TWO}  }},\n  ...rest,\n  x,\n}};\n",
        [
            "module.exports = {  // lines 1-17",
            "  name: 'a'",
            "  add(a, b) {…}  // lines 3-6",
            "  sub: function (a) {…}  // lines 7-10",
            "  mul: async (a) => {…}  // lines 11-14",
            "  ...rest",
            "  x",
            "}",
        ],
    ),
    "names alone": (
        "module.exports = {\n" + "".join(f"  name{n},\n" for n in range(9)) + "};\n",
        ["module.exports = {", *(f"  name{n}," for n in range(9)), "};"],
    ),
    "a component": (
        f"export default {{\n  props: ['a'],\n  computed: {{\n    q() {{\n{TWO}    }},\n  }},\n"
        f"  data: {{\n    a: 1,\n  }},\n}};\n",
        [
            "export default {  // lines 1-12",
            "  props: ['a']",
            "  computed: {  // lines 3-8",
            "    q() {…}  // lines 4-7",
            "  }",
            "  data: {",
            "    a: 1,",
            "  }",
            "}",
        ],
    ),
    "a component that is wrapped": (
        f"export default defineComponent({{\n  setup() {{\n{TWO}  }},\n}});\n",
        ["export default defineComponent({  // lines 1-6", "  setup() {…}  // lines 2-5", "}"],
    ),
    "a function called on the spot": (
        f"(function (root) {{\n  'use strict';\n  /** Adds. */\n  function add(a) {{\n{TWO}  }}\n  add(1);\n"
        "  if (root) {\n    add(2);\n  }\n  root.add = add;\n})(this);\n",
        [
            "(function (root) {  // lines 1-13",
            "  /** Adds. */",
            "  function add(a) {…}  // lines 4-7",
            "  root.add = add;",
            "}",
        ],
    ),
    "one that gives something": (
        f"const M = (() => {{\n  const f = (a) => {{\n{TWO}  }};\n  return {{ f }};\n}})();\n",
        ["const M = (() => {  // lines 1-7", "  const f = (a) => {…}  // lines 2-5", "  return { f };", "}"],
    ),
    "a module for every loader": (
        f"(function (g, f) {{\n{TWO}{TWO}{TWO}}})(this, function (exports) {{\n"
        f"  function add() {{\n{TWO}  }}\n  exports.add = add;\n}});\n",
        [
            "(function (g, f) { …",
            "})(this, function (exports) {  // lines 1-14",
            "  function add() {…}  // lines 9-12",
            "  exports.add = add;",
            "}",
        ],
    ),
    "a class as a value": (
        f"exports.K = class K {{\n  m() {{\n{TWO}  }}\n}};\n",
        ["exports.K = class K {  // lines 1-6", "  m() {…}  // lines 2-5", "}"],
    ),
}


@pytest.mark.parametrize("what", SCRIPTS)
@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_what_a_script_declares_in_a_value_is_declared(what: str, language: str) -> None:
    source, expected = SCRIPTS[what]
    assert (skeleton(source, language) or "").splitlines() == expected


def test_a_namespace_is_looked_into() -> None:
    source = (
        f"namespace X.Y {{\n  export function f(a: number) {{\n{TWO}  }}\n"
        "  namespace Z {\n    const a = 1;\n  }\n}\n"
        "declare module 'm' {\n  export function f(): void;\n}\n"
    )
    assert (skeleton(source, "typescript") or "").splitlines() == [
        "namespace X.Y {  // lines 1-9",
        "  export function f(a: number) {…}  // lines 2-5",
        "  namespace Z {  // lines 6-8",
        "    const a = 1;",
        "  }",
        "}",
        "declare module 'm' {  // lines 10-12",
        "  export function f(): void;",
        "}",
    ]


@pytest.mark.parametrize("value", ["{}", "[]", "f()", "(() => {})()", "class {}", "{ a }", "function () {}"])
@pytest.mark.parametrize(
    "where", ["a = X;", "const a = X;", "export default X;", "export = X;", "(X);", "!X;"]
)
def test_an_empty_value_breaks_nothing(value: str, where: str) -> None:
    made = skeleton(where.replace("X", value) + "\nfunction after() {}\n", "typescript")
    assert made is not None and made.endswith("\nfunction after() {}\n")


PIECES = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    ":",
    "=",
    "=>",
    "!",
    ".",
    "a",
    "b()",
    "m(){}",
    "function",
    "class",
    "export",
    "default",
    "namespace",
    "return",
    "const",
]
PIECES += [
    "module.exports=",
    "(function(){",
    "})();",
    "({",
    "})",
    "\n",
    "`",
    "'use strict'",
    'extern "C"',
    "/*",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=30), st.sampled_from(["javascript", "tsx", "cpp", "c"]))
def test_no_pieces_of_a_script_raise(pieces: list[str], language: str) -> None:
    made = skeleton(" ".join(pieces), language)
    assert made is None or made.endswith("\n")


def test_a_value_that_declares_nothing_stays_a_line() -> None:
    table = "const TABLE = {\n" + "".join(f"  a{n}: [{n}],\n" for n in range(9)) + "};\n"
    assert skeleton(table, "javascript") == "const TABLE = { …  // lines 1-11\n"


@pytest.mark.parametrize(
    "part",
    [
        "a({b(){",
        "(function(){",
        "module.exports={a:",
        "f(",
        "a={",
        "!",
        "a=",
        "namespace N{",
        "x={m(){}};",
        "a,b(){},",
    ],
)
@pytest.mark.parametrize("closed", ["", "}" * 3000], ids=["open", "closed"])
def test_no_script_takes_long_however_deep(part: str, closed: str) -> None:
    source = "module.exports = {" + part * (100_000 // len(part)) + closed
    start = time.thread_time()
    made = skeleton(source, "javascript")
    assert made is None or made.endswith("\n")
    assert time.thread_time() - start < 4


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_what_is_for_c_too_is_declared(language: str) -> None:
    source = (
        '#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\nint g(int a) {\n  b();\n  return a;\n}\n'
        "#ifdef __cplusplus\n}\n#endif\n"
    )
    assert skeleton(source, language) == (
        'extern "C" {  // lines 2-10\nint f(void);\nint g(int a) {…}  // lines 5-8\n}\n'
    )
    one = 'extern "C" int h(int a) {\n  b();\n  return a;\n}\nextern "C" int i(void);\n'
    assert skeleton(one, "cpp") == 'extern "C" int h(int a) {…}  // lines 1-4\nextern "C" int i(void);\n'


def test_a_header_of_kernels_is_read_as_they_are() -> None:
    header = (
        "#pragma once\nstruct V {\n  __host__ __device__ V(int a) : a(a) {\n    x();\n    y();\n  }\n};\n"
    )
    assert "  __host__ __device__ V(int a) : a(a) {…}  // lines 3-6" in (skeleton(header, "cpp") or "")


@pytest.mark.parametrize(
    "part", ["<<<", "<<<a,", "__global__ ", "__launch_bounds__(", "[]__device__", "<<<>>>", "("]
)
def test_no_cuda_takes_long_to_be_read_as_cpp(part: str) -> None:
    source = b"__device__ int f();\n" + part.encode() * (1_000_000 // len(part))
    start = time.thread_time()
    assert len(as_cpp(source)) == len(source)
    assert time.thread_time() - start < 2


@given(st.text(alphabet="_<>[]();a1 \n") | st.sampled_from(["int f();\n", "std::cout << a;\n"]))
def test_cuda_that_is_read_as_cpp_keeps_its_places(text: str) -> None:
    source = f"__global__{text}__host__".encode()
    read = as_cpp(source)
    assert len(read) == len(source)
    assert [at for at, byte in enumerate(read) if byte == 10] == [
        at for at, byte in enumerate(source) if byte == 10
    ]
    assert (
        as_cpp(b"vector<vector<vector<int>>> a; // __shared__")
        == b"vector<vector<vector<int>>> a; // __shared__"
    )


def test_an_outline_is_an_item_in_the_file_s_place() -> None:
    item = ContextItem(PYTHON * 3, "src/a.py", "python")
    made = outline(item)
    assert made is not None and made.detail == "outline"
    assert (made.key, made.label, made.language) == (item.key, "src/a.py (outline)", "python")
    lines = PYTHON.count("\n") * 3
    assert made.content.startswith(f"# Outline of {lines} lines: bodies are left out")
    assert len(made.content) < len(item.content)
    assert made.sha256 != item.sha256


def test_lines_of_a_part_are_numbered_as_in_the_file() -> None:
    part = ContextItem("def f():\n" + "    one()\n" * 30, "a.py", "python", 101, 131)
    made = outline(part)
    assert made is not None
    assert "def f(): …  # lines 101-131" in made.content


def test_there_is_none_where_nothing_is_saved_or_known() -> None:
    none = [
        ContextItem("x = 1\n", "a.py", "python"),
        ContextItem("", "b.py", "python"),
        ContextItem("plain words\n" * 100, "c.txt", "text"),
        ContextItem("print(1)\n" * 100, "d.py", "python"),
        ContextItem("(function () {\n" + "  one();\n" * 900 + "})();\n", "e.js", "javascript"),
    ]
    assert outlines(none) == [None] * 5


def test_a_broken_file_still_has_its_definitions() -> None:
    made = skeleton(
        "def good(a):\n    x\n    y\n\ndef bad(:\n  (((\n\nclass Also:\n    def m(self): pass\n", "python"
    )
    assert made is not None
    assert "def good(a): …" in made


def test_a_file_that_crashes_the_parser_costs_only_its_own_outline() -> None:
    good = ContextItem("def f():\n" + "    one()\n" * 30, "a.py", "python")
    hostile = ContextItem("([{" * 300_000, "b.java", "java")
    start = time.monotonic()
    made = outlines([good, hostile, good])
    assert [item is not None for item in made] == [True, False, True]
    assert time.monotonic() - start < 30


def test_a_project_s_modules_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("open('owned', 'w')\n")
    (tmp_path / "tree_sitter.py").write_text("open('owned', 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert outline(ContextItem("def f():\n" + "    one()\n" * 30, "a.py", "python")) is not None
    assert not os.path.exists("owned")


def test_a_megabyte_takes_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("nodes", "skeleton"):  # they give up by the clock, and others may be at work
        monkeypatch.setattr(f"docstra_tui.context.outline.{module}.SECONDS", 60.0)
    source = (PYTHON * 2000)[:1_000_000]
    usage = min(_seconds(source) for _ in range(2))
    assert usage < 3, f"{usage:.2f} s of processor time"


def _seconds(source: str) -> float:
    start = time.thread_time()
    assert skeleton(source, "python")
    return time.thread_time() - start


def test_depth_is_no_matter() -> None:
    deep = "".join(f"{'  ' * n}class C{n}:\n" for n in range(400)) + "  " * 400 + "x = 1\n"
    assert "class C0:" in (skeleton(deep, "python") or "")
    made = skeleton("namespace a {" * 3000, "cpp")
    assert made is None or len(made.splitlines()) < 200
    assert headings("[" * 500_000, "json") is None


def test_looking_for_languages_imports_no_parser() -> None:
    code = "import sys, docstra_tui.context.outline.outliner; print('tree_sitter' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(max_size=300) | st.text(alphabet="def class(){}[]:;=\"'#\n\t /*,.<>x", max_size=300),
    st.sampled_from(
        ["python", "javascript", "tsx", "go", "rust", "c", "cpp", "bash", "markdown", "toml", "yaml", "json"]
    ),
)
def test_no_text_raises(content: str, language: str) -> None:
    made = headings(content, language) or skeleton(content, language)
    assert made is None or made.endswith("\n")


def test_markdown_gives_its_headings() -> None:
    text = "# One\n\ntext\n\n```\n# not one\n```\n\nTwo\n---\n\n- item\n---\n### Three #\n"
    assert (
        headings(text, "markdown") == "# One  (lines 1-8)\n## Two  (lines 9-13)\n### Three #  (lines 14-15)\n"
    )


def test_settings_give_their_keys() -> None:
    toml = 'a = 1\n[b]\nc = [\n  "[x]",\n]\n"d e" = """\n[no]\n"""\n[[f.g]]\nh = {i = 1}\n'
    assert headings(toml, "toml") == 'a  (line 1)\n[b]  (lines 2-8): c, "d e"\n[[f.g]]  (lines 9-11): h\n'
    yaml = "on:\n  push:\n    b: 1\n  pull: x\njobs:\n- a: 1\n"
    assert headings(yaml, "yaml") == "on  (lines 1-4): push, pull\njobs  (lines 5-7)\n"
    assert headings('{"a": {"b": 1,\n "c": {"d": 2}},\n "e": [{"f": 1}]}', "json") == (
        '"a"  (lines 1-2): b, c\n"e"  (line 3)\n'
    )


def test_a_text_that_was_parsed_is_let_go_of() -> None:
    """An index has a hundred thousand of them parsed, one after the other."""
    source = b"int f(int a) { return a; }\n" * 3_000  # more than one piece
    before = sys.getrefcount(source)
    root = parse(source, GRAMMARS["c"])
    assert root is not None and root.child_count == 3_000
    assert sys.getrefcount(source) == before
