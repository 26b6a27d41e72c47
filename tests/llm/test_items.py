"""Context items: what a file becomes on its way to the model."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.llm.items import ContextItem, as_items


def test_an_item_shows_its_place_and_its_language() -> None:
    item = ContextItem("a = 1\n", path="src/a.py", language="python", start_line=3, end_line=3)
    assert item.render() == 'File "src/a.py", lines 3-3:\n```python\na = 1\n```'
    assert item.label == "src/a.py:3-3"


def test_an_item_without_a_name_is_only_its_fence() -> None:
    assert ContextItem("x", language="c++").render() == "```c++\nx\n```"
    assert ContextItem("x").label == "the code"


def test_the_fingerprint_is_that_of_the_content() -> None:
    assert ContextItem("é").sha256 == hashlib.sha256("é".encode()).hexdigest()
    assert ContextItem("\ud800").sha256  # a lone surrogate is no reason to fail


@given(st.text(alphabet="`~a\n ", max_size=60))
def test_no_content_can_end_its_own_fence(content: str) -> None:
    block = ContextItem(content, path="a").render().split("\n", 1)[1]
    fence = re.match("`+", block)[0]
    assert len(fence) >= 3
    assert fence not in block[len(fence) : -len(fence)]


def test_no_name_can_forge_a_second_header() -> None:
    item = ContextItem("x", path='a"\n```\nFile "b', language="py`\n")
    first_line = item.render().split("\n")[0]
    assert first_line == r'File "a\"\n```\nFile \"b":'
    assert item.render().split("\n")[1] == "```py"


def test_the_forms_that_the_library_takes() -> None:
    (ours,) = as_items({"content": "x", "path": "a.py", "start_line": 1, "end_line": 2})
    (origin,) = as_items(
        {"content": "x", "metadata": {"document_id": "a.py", "start_line": 1, "end_line": 2}}
    )
    assert ours == origin
    assert as_items([ours, {"content": "y"}, "z"])[1:] == (
        ContextItem("y", path="unknown"),
        ContextItem("z", path="unknown"),
    )
    assert as_items("plain text") == "plain text"


@pytest.mark.parametrize("lines", [("1", "2"), (True, False), (1.5, None)])
def test_lines_that_are_no_numbers_are_left_out(lines: tuple[object, object]) -> None:
    (item,) = as_items({"content": "x", "start_line": lines[0], "end_line": lines[1]})
    assert (item.start_line, item.end_line) == (None, None)


def test_a_mapping_of_values_is_a_line_each() -> None:
    assert as_items({"example_input": "2 + 3", "expected": 5}) == "example_input: 2 + 3\nexpected: 5"
    assert as_items({}) == ""
    (item, _) = as_items([{"language": "Python 3.12"}, {"content": "x"}])
    assert item == ContextItem("language: Python 3.12")


def test_what_is_no_item_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="content"):
        as_items({"path": "a.py"})
    with pytest.raises(TypeError, match="int"):
        as_items([3])
