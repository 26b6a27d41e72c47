"""The language of a file: by its name, by its content where the ending is shared, or none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.context.files import dialects
from docstra_tui.context.files.language import BY_ENDING, language_of

LICENCE = "/* Copyright. This class and namespace of works, public: see the template. */\n"


@pytest.mark.parametrize(
    ("path", "content", "language"),
    [
        ("a.m", "#import <Foundation/Foundation.h>\n@implementation A\n@end\n", "objective-c"),
        ("a.m", "// a tool\n#include <stdio.h>\nint main() { return 0; }\n", "objective-c"),
        ("a.m", "% Solve it\nfunction y = solve(x)\n  y = x .* 2;\nend\n", "matlab"),
        ("a.m", "## Author: me\nfunction f()\nendfunction\n", "octave"),
        ("a.m", '(* ::Package:: *)\nBeginPackage["Mine`"]\nf[x_] := x^2\n', "mathematica"),
        ("a.m", ":- module hello.\n:- interface.\n", "mercury"),
        ("a.m", "x = 1;\n", ""),
        ("a.h", LICENCE + "#ifndef A_H\nstruct a { int b; };\nint f(struct a *a);\n#endif\n", "c"),
        ("a.h", '#ifdef __cplusplus\nextern "C" {\nnamespace n {}\n#endif\nint f(void);\n', "c"),
        (
            "a.h",
            "#if defined(__cplusplus)\nclass A;\n" + "// x\n" * 3000 + "#else\nint f(void);\n#endif\n",
            "c",
        ),
        ("a.h", "#ifdef __cplusplus\n#endif\nclass A;\n#ifdef __cplusplus\n#endif\n", "cpp"),
        ("a.h", LICENCE + "#pragma once\nnamespace a {\nclass B {\n public:\n  B();\n};\n}\n", "cpp"),
        ("a.h", "template <typename T> T twice(T t) { return t + t; }\n", "cpp"),
        ("a.h", "#include <vector>\nint sum(const std::vector<int>& all);\n", "cpp"),
        ("a.h", "@interface A : NSObject\n@property int b;\n@end\n", "objective-c"),
        ("a.h", "//===- a.h - A thing -*- C++ -*-===//\nint f();\n", "cpp"),
        ("a.h", "", ""),
        ("a.v", "module top(input clk);\nendmodule\n", "verilog"),
        ("a.v", "Require Import List.\nLemma a : True.\nProof. trivial. Qed.\n", "coq"),
        ("a.v", "module main\nfn main() { println('x') }\n", "v"),
        ("a.pl", "use strict;\nmy $x = 1;\n", "perl"),
        ("a.pl", ":- use_module(library(lists)).\nmember(X, [X|_]).\n", "prolog"),
        ("a.pl", "#!/usr/bin/perl -w\nprint 1;\n", "perl"),
        ("a.cl", "__kernel void add(__global int *a) {}\n", "opencl"),
        ("a.cl", "(defun add (a b) (+ a b))\n", "common-lisp"),
        ("a.d", "import std.stdio;\nvoid main() {}\n", "d"),
        ("a.d", "#pragma D option quiet\nsyscall::read:entry { @[execname] = count(); }\n", "dtrace"),
        ("a.d", "src/a.o: src/a.c src/a.h\n", "makefile"),
        ("a.fs", "module A\nlet add a b = a + b\n", "fsharp"),
        ("a.fs", "#version 330\nout vec4 colour;\nvoid main() {}\n", "glsl"),
        ("a.ts", "export const a: number = 1;\n", "typescript"),
        ("a.ts", '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS/>\n', "xml"),
        ("a.f", "      PROGRAM A\n      END\n", "fortran"),
        ("a.conf", "[main]\nkey = 1\n", "ini"),
        ("a.conf", "server {\n  listen 80;\n}\n", "nginx"),
        ("a.conf", "key value\n", ""),
        ("a.inc", "<?php\nfunction f() { return 1; }\n", "php"),
        ("a.inc", "<div>\n  <?= $title ?>\n</div>\n", "php"),
        ("a.inc", LICENCE + "#define LIST(X) X(a)\nstatic int table[] = { 1 };\n", "c"),
        ("a.inc", LICENCE + 'static const char *names[] = {\n  "class A",\n};\n', "c"),
        ("a.inc", "template <typename T>\nvoid A<T>::f() {}\n", "cpp"),
        ("a.inc", "; constants\n%define SIZE 4\n  mov eax, SIZE\n", "asm"),
        ("a.inc", "# common\n.macro push_all\n.endm\n", "asm"),
        ("a.inc", "{$IFDEF FPC}\nprocedure Run;\n{$ENDIF}\n", "pascal"),
        ("a.inc", "      integer n\n      parameter (n = 4)\n      common /a/ n\n", "fortran"),
        ("a.inc", 'SUMMARY = "A"\nSRC_URI = "https://a/b.tar.gz"\ninherit autotools\n', "bitbake"),
        ("a.inc", "OBJS := $(wildcard *.o)\nifeq ($(A),1)\nendif\n", "makefile"),
        ("a.inc", "CREATE TABLE a (b INTEGER);\n", "sql"),
        ("a.inc", "<!-- top -->\n<div>x</div>\n", "html"),
        ("a.inc", "some words\nof nothing in particular\n", ""),
        ("a.inc", "", ""),
        ("a.inc", "\r\n" * 3000, ""),
        ("run", "#!/usr/bin/env python3\nprint(1)\n", "python"),
        ("run", "#!/usr/bin/env -S bash -eu\n", "bash"),
        ("run", "#!/opt/odd/thing\n", ""),
        ("bin/x.unknown", "#!/bin/sh\n", "bash"),
        ("a.py", "#!/bin/sh\n", "python"),
        ("Makefile", "import std;\n", "makefile"),
        ("A.H", "class B;\n", "cpp"),
    ],
)
def test_the_language_of(path: str, content: str, language: str) -> None:
    assert language_of(path, content) == language


def test_no_ending_has_a_language_of_its_own_and_a_shared_one() -> None:
    assert not dialects.SHARED & BY_ENDING.keys()


@pytest.mark.parametrize(
    "part",
    [
        "\n",
        "  integer(",
        "procedure a",
        "<",
        "\n ",
        "{$",
        "int a",
        " ",
        "\t\n",
        "#ifdef __cplusplus\n",
        '"',
        "/*",
        "location ",
        "a(",
        "\\",
    ],
)
def test_no_content_takes_long(part: str) -> None:
    content = part * (dialects.LOOKED_AT // len(part))
    start = time.process_time()
    for ending in dialects.SHARED:
        dialects.by_ending(ending, content)
    assert time.process_time() - start < 4  # all endings together; seconds of work, not of waiting


@given(st.sampled_from(sorted(dialects.SHARED)), st.text(max_size=200))
def test_any_text_has_a_language_or_none(ending: str, content: str) -> None:
    assert isinstance(language_of(f"a{ending}", content), str)
