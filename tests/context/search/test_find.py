"""Search in files: what of a line is found and shown, which files are looked in, and that it always ends."""

from __future__ import annotations

import json
import os
import threading

import pytest

from docstra_tui.context.search.find import search
from docstra_tui.context.search.find.hits import WIDTH, Ended, FileHits, Progress, Wanted, hit_of
from docstra_tui.context.search.find.matching import matcher
from docstra_tui.context.search.find.order import HITS, HITS_OF_FILE, Order, read, write
from docstra_tui.context.search.find.search import FileSearch

ENDLESS = "a" * 40 + "!"
"""For `(a+)+$`."""


def look(root, words, **options):
    is_pattern = options.pop("is_pattern", False)
    is_case_kept = options.pop("is_case_kept", False)
    order = Order(str(root), Wanted(words, is_pattern, is_case_kept), **options)
    events = [event for event in FileSearch(order).events() if not isinstance(event, Progress)]
    assert [type(event) for event in events] == [*[FileHits] * (len(events) - 1), Ended]
    return events[:-1], events[-1]


def found(text, words, **options):
    """Numbers of lines, and what was found in them."""
    return [(hit.line, hit.text[hit.start : hit.end]) for hit in matcher(Wanted(words, **options))(text)]


def test_a_text_is_looked_through_line_by_line():
    text = "Retry(1)\r\n\tretry = RETRY.*\r\n\nno\nretryretry"
    assert found(text, "retry") == [(1, "Retry"), (2, "retry"), (5, "retry")]
    assert found(text, "RETRY", is_case_kept=True) == [(2, "RETRY")]
    assert found(text, "RETRY.*") == [(2, "RETRY.*")]
    assert found(text, r"^\s*retry\b.*\*$", is_pattern=True) == [(2, "\tretry = RETRY.*")]
    assert found(text, r"retry$", is_pattern=True, is_case_kept=True) == [(5, "retry")]
    assert found(text, r"\)\s+r", is_pattern=True) == []
    assert found(text, "$", is_pattern=True)[3:] == [(4, ""), (5, "")]
    assert found("", "x") == [] and found("", "^", is_pattern=True) == [(1, "")]


def test_small_letters_are_as_long_as_capitals():
    assert found("İİ straße Ärger\nΣΊΣΥΦΟΣ σίσυφος", "ärger") == [(1, "Ärger")]
    assert found("İİ straße\nΣΊΣΥΦΟΣ", "σίσυφος") == [(2, "ΣΊΣΥΦΟΣ")]
    assert found("x i̇stanbul İSTANBUL", "İstanbul") == [(1, "İSTANBUL")]


@pytest.mark.parametrize("words", ["", "a\nb", "x" * 1_001])
def test_what_is_no_line_is_not_looked_for(words):
    with pytest.raises(ValueError, match="in one line of at most 1,000"):
        matcher(Wanted(words))


@pytest.mark.parametrize("pattern", ["(", "[", "*a", "(?P<a>x)(?P<a>y)", "a{2,1}", "(?<=a+)b", "\\"])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(ValueError):
        matcher(Wanted(pattern, is_pattern=True))


@pytest.mark.parametrize("length", [1, 100, 5_000, 1_000_000])
def test_of_a_long_line_the_part_is_kept_where_it_stands(length):
    line = "    " + "b" * length + "needle" + "c" * length
    hit = hit_of(line, 7, 4 + length, 10 + length)
    assert hit.text[hit.start : hit.end] == "needle" and len(hit.text) <= WIDTH + 2
    assert hit.text.startswith("b" if length < 200 else "…b") and hit.line == 7
    all_of_it = hit_of(line, 7, 4, len(line))
    assert all_of_it.start == 0 and len(all_of_it.text) <= WIDTH + 2


def test_the_files_of_the_tree_are_looked_in_and_no_others(tmp_path):
    root = tmp_path / "project"
    for folder in ("src/deep", "build", ".hidden"):
        (root / folder).mkdir(parents=True)
    here = "the Needle\n"
    for name in (
        "b.py",
        "A.txt",
        "src/c.py",
        "src/deep/d.py",
        "build/out.py",
        ".hidden/e.py",
        "secrets.yaml",
    ):
        (root / name).write_text(here)
    (root / ".gitignore").write_text("build/\n")
    (root / os.fsdecode(b"odd\n\xff.py")).write_text("x\n\x1b[31mneedle\n")
    (root / "latin.txt").write_bytes(b"caf\xe9 und Stra\xdfe\nneedle f\xfcr alle\n")
    (root / "utf16.txt").write_bytes("\ufeffneedle\n".encode("utf-16-le"))
    (root / "image.bin").write_bytes(b"\0needle" * 50)
    (root / "large.log").write_text(here * 100)
    (root / "many.ipynb").write_text('{"nbformat": 4, "cells": ["needle", ' + "[]," * 500_000 + "[]]}")
    os.mkfifo(root / "pipe.py")
    (tmp_path / "outside.py").write_text(here)
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    cell = {"cell_type": "code", "source": ["x = 1\n", "needle = 2"], "metadata": {}, "outputs": []}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (root / "book.ipynb").write_text(json.dumps(notebook))

    files, ended = look(root, "needle", max_bytes=800)
    odd = os.fsdecode(b"odd\n\xff.py")
    names = ["src/deep/d.py", "src/c.py", "A.txt", "b.py", "book.ipynb", "latin.txt", odd, "utf16.txt"]
    assert [file.path for file in files] == names
    lines = {file.path: [hit.line for hit in file.hits] for file in files}
    assert lines["latin.txt"] == lines[odd] == [2] and lines["b.py"] == lines["utf16.txt"] == [1]
    [cell_hit] = files[4].hits
    assert cell_hit.text == "needle = 2"
    assert [file.lines for file in files] == [1, 1, 1, 1, 5, 2, 2, 1]
    assert ended == Ended(files=8, binary=1, large=2, secret=1)

    files, ended = look(root, "needle", max_bytes=800, show_hidden=True, show_ignored=True, ignore=["src/"])
    assert {"build/out.py", ".hidden/e.py", "src/c.py"} <= {file.path for file in files}
    files, _ = look(root, "needle", ignore=("src/", "large.*"))
    assert {file.path.partition("/")[0] for file in files} == {*names[2:]}


def test_as_many_lines_are_kept_as_somebody_reads(tmp_path):
    for number in range(25):
        (tmp_path / f"{number:02}.txt").write_text("line\n" * (HITS_OF_FILE + (number > 2)))
    files, ended = look(tmp_path, "line")
    assert [len(file.hits) for file in files] == [HITS_OF_FILE] * (HITS // HITS_OF_FILE)
    assert [file.has_more for file in files] == [False] * 3 + [True] * 17
    assert ended.has_more and ended.files == 20 and not ended.problem


def test_a_pattern_that_never_ends_costs_one_file(tmp_path):
    (tmp_path / "1.txt").write_text(ENDLESS)
    (tmp_path / "2.txt").write_text("aaa")
    files, ended = look(tmp_path, "(a+)+$", is_pattern=True)
    assert [file.path for file in files] == ["2.txt"]
    assert ended == Ended(files=2, slow=1)


def test_a_search_can_be_stopped_and_ends_where_nothing_is_said(tmp_path, monkeypatch):
    (tmp_path / "1.txt").write_text(ENDLESS)
    order = Order(str(tmp_path), Wanted("(a+)+$", is_pattern=True))
    one = FileSearch(order)
    events = []
    listening = threading.Thread(target=lambda: events.extend(one.events()), daemon=True)
    listening.start()
    one.stop()
    listening.join(10)
    assert not listening.is_alive() and events == []
    assert list(one.events()) == []

    monkeypatch.setattr(search, "SILENT_SECONDS", 0.1)
    [ended] = FileSearch(order).events()
    assert "stood still" in ended.problem


def test_what_is_no_pattern_and_no_folder_is_said(tmp_path):
    assert look(tmp_path, "(x", is_pattern=True)[1].problem.startswith(
        "That is no regular expression: missing"
    )
    assert look(tmp_path / "gone", "x") == ([], Ended(closed=1))


def test_what_is_said_is_understood():
    hits = FileHits("a\udcff.py", (hit_of("  x\u2028y ", 3, 2, 3),), 9, has_more=True)
    for event in (hits, Progress(12), Ended(3, slow=1, has_more=True, problem="why")):
        line = write(event)
        assert "\n" not in line and line.isascii() and read(line.encode()) == event
    with pytest.raises(ValueError):
        read(b'"x"')
