"""What an answer says of files is looked up in what was sent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import docstra_tui
from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.checking import Checker, verify
from docstra_tui.session.citations.citation import Citation
from docstra_tui.session.citations.texts import KEPT, Texts

RETRY = '''import os


class Retry:
    """Waits."""

    def sleep(self, seconds):
        if seconds > 3:
            raise ValueError("too long")
        return os.wait(seconds)


def load(path,  limit=10):
    return open(path).read(limit)
'''
USER = "from retry import Retry\r\n\r\nretry = Retry()\r\nretry.sleep(2)\r\n"
ITEMS = (
    ContextItem(RETRY, "src/retry.py", "python"),
    ContextItem(USER, "src/user.py", "python"),
    ContextItem(USER, "tests/user.py", "python"),
    ContextItem("fn  grow(\n\tby: u32,\n) {}\n", "src/grow.rs", "rust", 100, 102),
)
LONG = 'def sleep(self, seconds):\n    if seconds > 3:\n        raise ValueError("too long")'


def one(answer: str, items: tuple[ContextItem, ...] = ITEMS, **now: str | None) -> Citation:
    (citation,) = verify(answer, items, {path.replace("__", "/") + ".py": text for path, text in now.items()})
    return citation


def test_the_package_has_it_too() -> None:
    assert docstra_tui.verify is verify


@pytest.mark.parametrize(
    ("answer", "status", "path", "line"),
    [
        ("See `if seconds > 3:`.", "found", "src/retry.py", 8),
        ("See `if seconds > 3:` at `src/retry.py:8`.", "found", "src/retry.py", 8),
        ("In retry.py on line 8 is `if seconds > 3:`.", "found", "src/retry.py", 8),
        ("Lines 7-10 of **src/retry.py**: `if seconds > 3:`", "found", "src/retry.py", 8),
        ("| [retry](src/retry.py#L8) | `if seconds > 3:` |", "found", "src/retry.py", 8),
        ("`if seconds > 3:` (`retry.py:9`)", "moved", "src/retry.py", 8),
        ("`if seconds > 3:` (`grow.rs:100`)", "moved", "src/retry.py", 8),
        ("`def load(path, limit=10):`", "repaired", "src/retry.py", 13),
        ("`def load(path,limit = 10):`", "repaired", "src/retry.py", 13),
        ("`fn grow( by: u32, )` in grow.rs", "repaired", "src/grow.rs", 100),
        ("`if seconds > 30:`", "missing", None, None),
        ("`f seconds > 3:`", "missing", None, None),
        ("`if seconds > 4:` is at `src/retry.py:8`.", "missing", "src/retry.py", 8),
        ("`retry = Retry()` in `user.py`", "ambiguous", None, None),
        ("`x = nothing()` in `user.py`", "ambiguous", None, None),
        ("You could write `if seconds > 4:` instead.", "unchecked", None, None),
        ("`if seconds > 3: …`", "repaired", "src/retry.py", 8),
    ],
)
def test_a_quote_is_looked_up_first_and_its_line_after_it(
    answer: str, status: str, path: str | None, line: int | None
) -> None:
    citation = one(answer)
    assert (citation.kind, citation.status, citation.path, citation.line) == ("quote", status, path, line)
    assert answer[citation.start : citation.end] == citation.text


@pytest.mark.parametrize(
    ("answer", "kind", "status", "line"),
    [
        ("It is in `src/retry.py:8`.", "place", "unchecked", 8),
        ("It is in src/retry.py, lines 8 to 9.", "place", "unchecked", 8),
        ("It is in `src/retry.py#L800`.", "place", "missing", 800),
        ("It is in `src/grow.rs:800`.", "place", "unchecked", 800),
        ("It is in `src/retry.py`.", "path", "found", None),
        ("It is in `user.py`.", "path", "ambiguous", None),
        ("It is in `src/retries.py:3`.", "place", "missing", 3),
        ("It is in `other/src/retry.py`.", "path", "missing", None),
        ("See `Retry.sleep()`.", "symbol", "found", 7),
        ("See `Retry`.", "symbol", "found", 4),
        ("See `retry.load`.", "symbol", "found", 13),
        ("See `grow`.", "symbol", "found", 100),
        ("See `os.wait`.", "symbol", "found", 10),
        ("See `Retry.nap`.", "symbol", "missing", None),
        ("See `Loader.sleep`.", "symbol", "unchecked", None),
    ],
)
def test_a_place_or_a_name_is_checked_as_far_as_it_can_be(
    answer: str, kind: str, status: str, line: int | None
) -> None:
    citation = one(answer)
    assert (citation.kind, citation.status, citation.line) == (kind, status, line)


def test_lines_are_right_where_a_name_of_their_sentence_is_defined() -> None:
    name, place = verify("`Retry.sleep` (`src/retry.py:7-10`) waits.", ITEMS)
    assert (name.kind, name.status, place.kind, place.status) == ("symbol", "found", "place", "found")
    _, other = verify("`Retry.sleep` (`src/retry.py:9`) waits.", ITEMS)
    assert (other.status, other.note) == ("unchecked", "sleep is defined at 7")


@pytest.mark.parametrize(
    ("answer", "status", "line"),
    [
        (f"```python\n{LONG}\n```", "repaired", 7),
        (f"```src/retry.py:7-9\n    {LONG}\n```", "repaired", 7),
        (f"From `retry.py:5`:\n\n```\n# src/retry.py\n{LONG}\n```", "moved", 7),
        (
            f"> 1. Here:\n>\n>    ```py title='src/retry.py'\n>    {LONG}\n".replace("\n ", "\n>    "),
            "repaired",
            7,
        ),
        ("```python\nclass Retry:\n    # ...\n        return os.wait(seconds)\n```", "repaired", 4),
        ("```python\n# src/retry.py\ndef sleep(self, seconds):\n    nap(seconds)\n```", "unchecked", 7),
    ],
)
def test_a_fence_is_a_quotation_where_all_of_it_stands_somewhere(answer: str, status: str, line: int) -> None:
    citation = one(answer)
    assert (citation.kind, citation.path) == ("fence", "src/retry.py")
    assert (citation.status, citation.line) == (status, line)
    assert answer[citation.start : citation.end] == citation.text


def test_what_is_proposed_is_never_missing() -> None:
    answer = "Call `nap_well()`.\n\n```python\ndef nap_well():\n    nap(3)\n```\n\nThen `nap_well` naps."
    assert {citation.status for citation in verify(answer, ITEMS)} == {"unchecked"}


def test_a_file_that_is_another_one_now_is_said_beside_the_check() -> None:
    answer = "`if seconds > 3:` at `src/retry.py:8`"
    lower = one(answer, src__retry="# new\n" + RETRY)
    assert (lower.status, lower.line, lower.note) == ("changed", 9, "at 8 when it was sent, at 9 now")
    same = one(answer, src__retry=RETRY + "# new\n")
    assert (same.status, same.line, same.note) == ("found", 8, "the file has changed since")
    gone = one(answer, src__retry=None)
    assert (gone.status, gone.line) == ("changed", 8)
    before = (ContextItem("limit = read(4)\n", "a.py"), ContextItem("limit = read(5)\n", "a.py"))
    assert one("`limit = read(4)`", before).status == "changed"
    assert one("`limit = read(5)`", before).status == "found"


def test_an_outline_gives_lines_of_its_file() -> None:
    text = (
        "# Outline of 90 lines: bodies are left out\n"
        "class Retry:  # lines 40-80\n    def nap(self): …  # lines 44-50\n"
    )
    outline = (ContextItem(text, "a.py", "python", detail="outline"),)
    assert (one("See `Retry.nap`.", outline).line, one("`def nap(self):`", outline).line) == (44, 44)
    assert one("See `a.py:91`.", outline).status == "missing"
    assert one("See `a.py:90`.", outline).status == "unchecked"


PIECES = st.lists(
    st.sampled_from(
        [
            "`if seconds > 3:`", "`src/retry.py:8`", "`user.py`", "`Retry.sleep`", "src/retry.py",
            " line 12", "lines 3-9", "`", "```", "~~~", "\n", "\n\n", "\r\n", "> ", "- ", "1. ", "# ",
            "| ", " ", ". ", ": ", "\t", "**", "](", "[", ")",
            "http://a.b/c.py", LONG, "# src/retry.py\n", "...", "…", "é",
            "\u200b", "\0", "L8", "#L8", ":8", "e.g. ", "You could ", "x" * 50, "a.b" * 20, "((((", "0" * 30,
        ]
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(PIECES, st.lists(st.integers(1, 60), max_size=30))
def test_an_answer_in_pieces_is_checked_as_the_whole(parts: list[str], cuts: list[int]) -> None:
    answer = "".join(parts)
    checker = Checker(ITEMS)
    at = 0
    while at < len(answer):
        size = cuts.pop() if cuts else 7
        checker.feed(answer[at : at + size])
        at += size
    whole = verify(answer, ITEMS)
    assert checker.finish() == whole
    assert all(answer[one.start : one.end] == one.text for one in whole)


def test_hostile_text_takes_time_by_its_length() -> None:
    for unit in (
        "`",
        "`` ` ",
        "> ",
        "- ",
        "[",
        "](",
        "a/",
        "a.py:",
        "a.py line 1 ",
        "`a.b()` ",
        "…",
        "x",
        "1:",
    ):
        items = [ContextItem(unit * 10_000, "a.py", "text"), ContextItem("a b " * 10_000, "b.txt")]
        checker = Checker(items)
        checker.feed(unit * (30_000 // len(unit)) + "\n\n`a b a b a b a b`\n")
        assert len(checker.finish()) <= 5_000


def test_answers_about_the_same_items_take_them_apart_once() -> None:
    texts = Texts()
    first = verify("See `if seconds > 3:` and `load`.", ITEMS, texts=texts)
    known = {item.path: texts.of(item) for item in ITEMS}
    assert (
        verify("See `if seconds > 3:` and `load`.", ITEMS, texts=texts)
        == first
        == verify("See `if seconds > 3:` and `load`.", ITEMS)
    )
    assert all(texts.of(item) is known[item.path] for item in ITEMS)
    moved = ContextItem(RETRY, "src/retry.py", "python", 101, 114)
    assert texts.of(moved) is not known["src/retry.py"] and texts.of(moved).number(0) == 101
    assert [one.line for one in verify("See `if seconds > 3:`.", [moved], texts=texts)] == [108]
    for number in range(9):
        texts.of(ContextItem(f"{number}" * (KEPT // 4), "a.py"))
    assert texts.of(ITEMS[0]) is not known["src/retry.py"]


def test_names_are_known_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise OSError("no process")

    monkeypatch.setattr("docstra_tui.context.killable.subprocess.Popen", none)
    rust = ContextItem("fn sink(by: u32) {}\n", "src/sink.rs", "rust")
    assert one("See `Retry.sleep()`.", (*ITEMS, rust)).note == "defined there"
    assert one("See `sink()`.", (*ITEMS, rust)).note == "used at src/sink.rs:1"
