"""Endings that several languages share: which of them a text is in, by what it says.

An ending tells nothing here (`.m` is Objective-C, MATLAB, Octave, Mathematica and Mercury), so each
language is known by something that the others do not have. Where nothing of the kind is found, none is
named: a wrong name misleads the model, no name does not. Only the beginning of a file is looked at.
"""

from __future__ import annotations

import re
from functools import cache

LOOKED_AT = 100_000
"""Characters: behind the longest licence there is some code by then."""

_MODELINE = re.compile(r"-\*-\s*(?:mode:\s*)?([\w+#-]+)[^\n]*-\*-", re.IGNORECASE)
_MODES = {
    **{"c": "c", "c++": "cpp", "objc": "objective-c", "objective-c": "objective-c", "octave": "octave"},
    **{"matlab": "matlab", "perl": "perl", "cperl": "perl", "prolog": "prolog", "verilog": "verilog"},
    **{"coq": "coq", "lisp": "common-lisp", "common-lisp": "common-lisp", "f90": "fortran", "d": "d"},
}

_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([a-zA-Z]+)")
_INTERPRETERS = {
    **dict.fromkeys(("sh", "bash", "dash", "ksh", "zsh"), "bash"),
    **dict.fromkeys(("awk", "gawk", "mawk"), "awk"),
    **dict.fromkeys(("python", "pypy"), "python"),
    **{"fish": "fish", "node": "javascript", "deno": "typescript", "perl": "perl", "ruby": "ruby"},
    **{"php": "php", "lua": "lua", "Rscript": "r", "julia": "julia", "tclsh": "tcl", "make": "makefile"},
    **{"elixir": "elixir", "escript": "erlang", "racket": "racket", "pwsh": "powershell"},
}

# What has no end is not begun with at each of the marks in it: a string takes the line, a letter is short.
_C_NOISE = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?>(?:\\.|[^\"\\\n])*)\"?|'(?:\\.|[^'\\\n]){0,40}'", re.DOTALL
)
_IF_CPP = r"[ \t]*#[ \t]*if(?:def[ \t]+|[^\n]*\()__cplusplus"
_ELSE_OR_END = r"[ \t]*#[ \t]*(?:else|endif)"
_FOR_CPP_ONLY = re.compile(
    rf"^{_IF_CPP}[^\n]*+(?>(?:\n(?!{_IF_CPP}|{_ELSE_OR_END})[^\n]*+)*)\n{_ELSE_OR_END}", re.MULTILINE
)

_OBJECTIVE_C = (
    r"^[ \t]*@(?:interface|implementation|protocol|property|class|import|synthesize|end)\b",
    r"^[ \t]*#\s*import\b",
)
_CPP = (
    r"^[ \t]*(?:inline\s+)?namespace\b",
    r"\btemplate\s*<",
    r"^[ \t]*using\s+(?:namespace\b|\w+\s*=|[\w:]+;)",
    r"^[ \t]*(?:enum\s+|friend\s+)?class\s+\w",
    r"^[ \t]*(?:public|private|protected)\s*:",
    r"\w::~?\w",
    r"\b(?:virtual|explicit|mutable)\s+\w",
    r"\boperator\s*[^\w\s;]",
    r"=\s*(?:default|delete)\s*;",
    r"^[ \t]*#\s*include\s*<[a-z_]+>",
)

_FOR_C_AND_CPP = (".h", ".inc")
_C_FAMILY = ("objective-c", "cpp", "c")

_LANGUAGES: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    ".m": (
        ("objective-c", (*_OBJECTIVE_C, r"^[ \t]*#\s*(?:include|define|ifdef|ifndef|pragma)\b")),
        ("mercury", (r"^[ \t]*:-\s*(?:module|interface|import_module|pred)\b",)),
        (
            "mathematica",
            (r"^[ \t]*\(\*", r"\b(?:BeginPackage|Module|Block|Begin|Needs)\[", r"^[ \t]*\w+\[.*\]\s*:="),
        ),
        ("octave", (r"^[ \t]*##", r"^[ \t]*end(?:function|if|while|for)\b")),
        (
            "matlab",
            (
                r"^[ \t]*(?:function|classdef)\b",
                r"^[ \t]*%",
                r"^[ \t]*end[ \t]*;?[ \t]*$",
                r"^[ \t]*(?:clc|clear|close all|hold on)\b",
                r"\.\*|\.\^|\b(?:zeros|ones|disp|fprintf|linspace)\(",
            ),
        ),
    ),
    ".v": (
        (
            "verilog",
            (
                r"^[ \t]*module\s+\w+\s*[#(;]",
                r"^[ \t]*endmodule\b",
                r"^[ \t]*`(?:timescale|define|include|ifdef|ifndef)\b",
                r"^[ \t]*(?:always|assign|wire|reg)\b",
            ),
        ),
        (
            "coq",
            (
                r"^[ \t]*(?:Require|From|Theorem|Lemma|Definition|Inductive|Fixpoint|Section|Module)\s+\w",
                r"^[ \t]*(?:Proof|Qed)\.",
            ),
        ),
        ("v", (r"^[ \t]*(?:pub\s+)?fn\s+[\w(]", r"^module\s+\w+[ \t]*$")),
    ),
    ".pl": (
        ("prolog", (r"^[ \t]*:-\s", r"^[a-z]\w*(?:\([^)\n]*\))?\s*(?::-|-->)", r"^[ \t]*\?-")),
        ("perl", (r"^[ \t]*(?:use|package|sub|my|our)\s+[\w$@%]", r"[$@%]\w+\s*=", r"=~")),
    ),
    ".cl": (
        ("opencl", (r"\b(?:__)?kernel\s+(?:void|__attribute__)", r"\b__global\b", r"\bget_global_id\b")),
        (
            "common-lisp",
            (r"^[ \t]*\((?:defun|defmacro|in-package|defpackage|defvar|defparameter|setq|let)\b",),
        ),
    ),
    ".d": (
        ("dtrace", (r"^[ \t]*#pragma\s+D\b", r"^[ \t]*[\w$*]*:[\w$*]*:[\w$*]*:[\w$*-]+")),
        ("d", (r"^[ \t]*(?:module|import)\s+[\w.]+\s*[;:,=]", r"^[ \t]*unittest\b", r"\bvoid\s+main\s*\(")),
        ("makefile", (r"^[^\s:]+\.l?o\s*:",)),
    ),
    ".fs": (
        (
            "glsl",
            (
                r"^[ \t]*#version\b",
                r"\bgl_[A-Z]\w+",
                r"^[ \t]*(?:uniform|varying|precision)\s",
                r"\bvoid\s+main\s*\(",
            ),
        ),
        ("fsharp", (r"^[ \t]*(?:let|open|module|namespace|type|member|match)\s",)),
        ("forth", (r"^[ \t]*:\s+\S+",)),
    ),
    ".conf": (
        ("ini", (r"^[ \t]*\[[^\]\n]+\][ \t]*$",)),
        ("nginx", (r"^[ \t]*(?:server|http|events|upstream|location\b[^\n]*)\s*\{",)),
        ("apacheconf", (r"^[ \t]*<(?:VirtualHost|Directory|IfModule|Location)\b",)),
    ),
    ".cfg": (("ini", (r"^[ \t]*\[[^\]\n]+\][ \t]*$",)),),
    ".ts": (("xml", (r"\A\s*<\?xml\b", r"\A\s*<!DOCTYPE\s+TS\b")),),
    ".f": (("forth", (r"^[ \t]*:[ \t]+\S+.*;[ \t]*$",)),),
    ".for": (("forth", (r"^[ \t]*:[ \t]+\S+.*;[ \t]*$",)),),
    ".h": (("objective-c", _OBJECTIVE_C), ("cpp", _CPP)),
    ".inc": (
        ("php", (r"<\?(?:php\b|=)",)),
        (
            "bitbake",
            (
                r"^(?:SRC_URI|LICENSE|DEPENDS|SUMMARY|RDEPENDS[\w:${}-]*)[ \t]*[?:+.]*=",
                r"^do_\w+(?::\w+)*[ \t]*\(\)[ \t]*\{",
            ),
        ),
        (
            "pascal",
            (
                r"\{\$(?i:if|ifdef|ifndef|define|endif|mode|include|i)\b",
                r"^[ \t]*(?i:procedure|function)[ \t]+[\w.]+[^;{\n]{0,200};[ \t]*$",
            ),
        ),
        (
            "asm",
            (
                r"^[ \t]*%(?:define|macro|endmacro|ifdef|ifndef|include)\b",
                r"^[ \t]*\.(?:macro|endm|globl|global|section|equ|text)\b",
                r"^[ \t]*\w+[ \t]+(?i:equ|macro|proc)\b",
                r"^[ \t]*(?:\w+:[ \t]*)?(?i:mov|lea|jmp|xor)[ \t]+[\w%$\[]",
            ),
        ),
        (
            "fortran",
            (
                r"^[ \t]+(?i:integer|real|double precision|character|logical)\b"
                r"[^;{}\n]{0,40}(?:::|[ \t]\w)[^;{}\n]{0,200}$",
                r"^[ \t]+(?i:common[ \t]*/|parameter[ \t]*\(|implicit[ \t]+none\b)",
            ),
        ),
        ("cpp", _CPP),
        (
            "c",
            (
                r"^[ \t]*#[ \t]*(?:include|define|undef|if|ifdef|ifndef|pragma)\b",
                r"^[ \t]*(?:static|extern|typedef|struct|enum|union|unsigned|const|void|int|char)\b"
                r"[^\n]{0,200}[;{(,]",
            ),
        ),
        (
            "makefile",
            (r"^(?:ifeq|ifneq)\b", r"^[\w.-]+[ \t]*(?::=|\?=)", r"\$\((?:CC|MAKE|shell|wildcard)\b"),
        ),
        (
            "sql",
            (r"^[ \t]*(?i:create|alter|drop)[ \t]+(?i:table|view|index)\b", r"^[ \t]*(?i:insert into)\b"),
        ),
        (
            "html",
            (r"^[ \t]*<(?:!--|!DOCTYPE\b|(?i:div|p|a|ul|table|script|link|meta|html|head|body)[ \t>])",),
        ),
    ),
}
"""By ending: each language and what only it has, in the order in which they are tried."""

_ELSE = {".h": "c", ".ts": "typescript", ".f": "fortran", ".for": "fortran"}
"""Where nothing of the others is found. A header in which nothing is C++ or Objective-C is C."""

SHARED = frozenset(_LANGUAGES)
"""The endings that need a look."""


@cache
def _known_by(ending: str) -> list[tuple[str, re.Pattern[str]]]:
    """Compiled when first wanted: all of them would cost the start some milliseconds."""
    languages = _LANGUAGES[ending]
    return [(language, re.compile("|".join(signs), re.MULTILINE)) for language, signs in languages]


def by_ending(ending: str, content: str) -> str:
    """The language of a text whose file has one of the `SHARED` endings; empty where nothing tells."""
    head = content[:LOOKED_AT]
    mode = _MODELINE.search("\n".join(head.split("\n", 2)[:2]))
    if mode is not None and mode[1].lower() in _MODES:
        return _MODES[mode[1].lower()]
    if found := by_first_line(head):
        return found
    # Comments speak of classes; and in a header for both, C++ stands where only C++ reads it.
    bare = _FOR_CPP_ONLY.sub("", _C_NOISE.sub(" ", head)) if ending in _FOR_C_AND_CPP else head
    for language, sign in _known_by(ending):
        if sign.search(bare if language in _C_FAMILY else head):
            return language
    return _ELSE.get(ending, "")


def by_first_line(content: str) -> str:
    """The language of the interpreter that a script names; empty where it names none that is known."""
    found = _SHEBANG.match(content)
    return _INTERPRETERS.get(found[1], "") if found is not None else ""
