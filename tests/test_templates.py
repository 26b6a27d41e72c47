"""Templates as files: what the head says, and where in it something is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui import templates
from docstra_tui.errors import TemplateError
from docstra_tui.templates import Field, parse

HEAD = """\
title = "Review"
description = "One kind of problem."

[fields]
depth = "deep"

[fields.focus]
asks = "What to look for"
"""
TEXT = "{context}\n\nReview for {focus}, {depth}, in {language}; keep {{braces}} and {other}.\n"


def file(head: str, text: str = TEXT) -> str:
    return f"+++\n{head}+++\n{text}"


def test_a_file_has_a_head_and_a_text() -> None:
    found = parse("review", file(HEAD), "review.md")
    assert (found.title, found.description, found.text) == ("Review", "One kind of problem.", TEXT)
    assert found.fields == (
        Field("depth", default="deep"),
        Field("focus", "What to look for"),
        Field("other"),
    )
    assert found.defaults == {"depth": "deep"}
    assert [one.name for one in found.missing({"focus": "locks"})] == ["other"]


@pytest.mark.parametrize("source", ["Just {this}.\n", "++++\nno fence\n", "\n+++\nneither\n"])
def test_a_file_without_a_head_is_all_text(source: str) -> None:
    assert parse("a", source, "a.txt").text == source


def test_the_head_ends_at_the_first_fence_however_its_lines_end() -> None:
    source = templates.decode(b'\xef\xbb\xbf+++  \r\ntitle = "T"\r\n+++\t\r\nA\r\n+++\r\nB', "a.md")
    found = parse("a", source, "a.md")
    assert (found.title, found.text) == ("T", "A\n+++\nB")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('+++\ntitle = "x"\n', "a.md:1: the head that begins here has no end"),
        (file('title = "x"\ndescription = y\n'), "a.md:3: the head is no TOML"),
        (file("title = " + "9" * 5000 + "\n"), "the head is no TOML"),
        (file("title = " + "[" * 5000 + "\n"), "the head is no TOML"),
        (file('\ntitel = "x"\n'), "a.md:3: titel is unknown. Did you mean title?"),
        (file("title = 3\n"), "a.md:2: title takes text, not 3"),
        (file('title = "x"\nfields = "y"\n'), "a.md:3: fields is a table"),
        (file('[fields]\nfokus = "x"\n'), "a.md:3: fields.fokus is not in the text. Did you mean focus?"),
        (file('[fields]\nfocus = "focus"\ndepth = 3\n'), "a.md:4: fields.depth takes text, not 3"),
        (file("[fields.focus]\ndefault = 3\n"), "a.md:3: fields.focus.default takes text, not 3"),
        (file('[fields.focus]\nask = "x"\n'), "a.md:3: fields.focus.ask is unknown. Did you mean asks?"),
        (file('[fields]\ncontext = "x"\n'), "a.md:3: fields.context is what the files become"),
        (file('title = "x"\n', "\n \n"), "a.md: there is no text below the head"),
    ],
)
def test_an_error_names_the_file_the_line_and_the_field(source: str, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse("a", source, "a.md")
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["project:a", "", "-a", "a/b", "a\nb", "a\u202eb", "a=b"])
def test_a_name_says_nothing_but_a_name(name: str) -> None:
    with pytest.raises(TemplateError, match="cannot be called"):
        parse(name, "text", "x.md")


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="+\n=[]{}\"'. fieldstcaxut#\\é\x00", max_size=60))
def test_whatever_a_file_says_it_is_a_template_or_an_error_with_its_place(text: str) -> None:
    try:
        assert parse("a", f"+++\n{text}", "a.md").name == "a"
    except TemplateError as error:
        assert error.message.startswith("a.md:")


def test_the_users_own_are_read_and_one_that_is_wrong_keeps_none_from_it(tmp_path: Path) -> None:
    folder = templates.folder()
    folder.mkdir(parents=True)
    (folder / "good.md").write_text(file(HEAD))
    (folder / "bad.md").write_text(file("title = 3\n"))
    (folder / "bytes.txt").write_bytes(b"one\ntwo \xff\n")
    (folder / "large.md").write_text("x" * (templates.MAX_BYTES + 1))
    (folder / "notes.rst").write_text("not one")
    (folder / "dir.md").mkdir()
    os.mkfifo(folder / "pipe.md")
    wrong: dict[str, TemplateError] = {}
    assert list(templates.load_all(wrong)) == ["good"]
    assert sorted(wrong) == ["bad", "bytes", "large"]
    assert f"{folder / 'bad.md'}:2: title" in str(wrong["bad"])
    assert "line 2 is not UTF-8" in str(wrong["bytes"]) and "100,000 bytes" in str(wrong["large"])
    with pytest.raises(TemplateError):
        templates.load_all()
    with pytest.raises(TemplateError, match="no regular file"):
        templates.read(folder / "pipe.md")
    with pytest.raises(TemplateError, match=r"cannot be read: No such file"):
        templates.read(tmp_path / "none.md")
