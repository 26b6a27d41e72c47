"""What of a text is thinking: the same however it is cut, and marks count only where they can stand."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstra_tui.llm.thinking import families
from docstra_tui.llm.thinking.families import Family
from docstra_tui.llm.thinking.tags import Splitter
from tests.llm.thinking.pieces import joined

ANY = families.of_any_model()
ALL = families.load()
THINK = next(family for family in ALL if family.name == "think")


def split(
    *pieces: str, opened: Family | None = None, known: Iterable[Family] = ANY, finds_lone: bool = True
) -> tuple[str, str]:
    splitter = Splitter(tuple(known), opened, finds_lone=finds_lone)
    out = [piece for text in pieces for piece in splitter.feed(text)]
    return joined([*out, *splitter.flush()])


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_each_family_thinks_first_and_answers_then(family: Family) -> None:
    for opening in family.open:
        for closing in family.close:
            header = family.headers[-1] if family.headers else ""
            footer = family.footers[-1] if family.footers else ""
            text = f"{opening}\nA plan.\n{closing}{header}\n\nThe answer.{footer}"

            assert split(text, known=[family]) == ("A plan.", "The answer.")


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_what_closes_by_force_closes(family: Family) -> None:
    splitter = Splitter([family], opened=family)
    splitter.feed("A plan")
    splitter.feed(family.force)

    assert splitter.inside is None
    assert splitter.feed("Yes.") == ["Yes."]


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think>\nI see.\n</think>\n\nYes.", "I see.", "Yes."),
        ("<think>\n\n</think>\n\nYes.", "", "Yes."),
        ("\n<think>a</think>\n<think>b</think>Yes.", "a\n\nb", "Yes."),
        ("<think>a</think></think>Yes.", "a", "Yes."),
        ("</think>\n\nYes.", "", "Yes."),
        ("\n</mm:think>Yes.", "", "Yes."),
        ("<think>the tag `</think>` ends it</think>Yes.", "the tag `</think>` ends it", "Yes."),
        ('<think>so "</think>" and "</think>".</think>Yes.', 'so "</think>" and "</think>".', "Yes."),
        ("<think>the tag `</think>", "the tag `", ""),
        ("<think>It is `x`</think>`x` it is.", "It is `x`", "`x` it is."),
        ("<think>unfinished </thi", "unfinished </thi", ""),
        ("<think>[/THINK] </reasoning></think>Yes.", "[/THINK] </reasoning>", "Yes."),
        # In an answer the marks are text.
        ("Use <think> and </think>.", "", "Use <think> and </think>."),
        ("a\n<think>b</think>", "", "a\n<think>b</think>"),
        ("<thinker>", "", "<thinker>"),
        ("  indented", "", "  indented"),
        (" \n ", "", " \n "),
        ("", "", ""),
        # Harmony: each message has a header, and the last is the answer.
        (
            "<|channel|>analysis<|message|>one<|end|><|start|>assistant<|channel|>analysis<|message|>two"
            "<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>",
            "one\n\ntwo",
            "Yes.",
        ),
        ("<|channel|>final<|message|>Yes.<|end|>", "", "Yes."),
        ("<|channel|>analysis<|message|>one<|channel|>final<|message|>Yes.", "one", "Yes."),
        ("<|channel|>commentary<|message|>Hm.<|channel|>analysis<|message|>one<|end|>Yes.", "one", "Hm.Yes."),
        ("Yes.\n<|end|>", "", "Yes.\n<|end|>"),
        ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>Yes.<|END_RESPONSE|>", "a", "Yes."),
        ("<|channel>thought\na\n<channel|>Yes.", "a", "Yes."),
    ],
)
def test_a_text_is_split(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)
    assert split(*text) == (thinking, answer)


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("I reason.\n</think>\n\nVisible.", "I reason.\n", "Visible."),
        ("I reason.\n  </think> \nVisible.", "I reason.\n  ", "Visible."),
        ("</think>\nVisible.", "", "Visible."),
        ("I reason.\n</think>", "I reason.\n", ""),
        ("```\n</think>\n```\nI reason.\n</think>\nVisible.", "```\n</think>\n```\nI reason.\n", "Visible."),
        # No end of anything:
        ("I reason.</think>\nVisible.", "", "I reason.</think>\nVisible."),
        ("Write\n```html\n</think>\n```\nso.", "", "Write\n```html\n</think>\n```\nso."),
        ("~~~~\n~~~\n</think>\n~~~~\n", "", "~~~~\n~~~\n</think>\n~~~~\n"),
        ("First <think>, then\n</think>\nso.", "", "First <think>, then\n</think>\nso."),
        ("It is\n</think> on a line.", "", "It is\n</think> on a line."),
        ("It is\n`</think>`\non a line.", "", "It is\n`</think>`\non a line."),
        ("<think>a</think>b\n</think>\nc", "a", "b\n</think>\nc"),
    ],
)
def test_a_mark_that_closes_what_nothing_opened(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)
    assert split(*text) == (thinking, answer)


def test_it_is_text_where_the_prompt_is_known() -> None:
    assert split("I reason.\n</think>\nVisible.", finds_lone=False) == ("", "I reason.\n</think>\nVisible.")


def test_an_answer_may_begin_inside() -> None:
    assert split("\nI see.\n</think>\n\nYes.", opened=THINK) == ("I see.", "Yes.")
    assert split("I see", opened=THINK) == ("I see", "")


def test_only_what_may_be_a_mark_is_held_back() -> None:
    splitter = Splitter(ANY)

    assert splitter.feed("<thi") == []
    assert splitter.feed("s is") == ["<this is"]
    assert splitter.feed(" it <") == [" it "]
    assert splitter.feed("b") == ["<b"]
    assert splitter.feed(" and on") == [" and on"]


def test_words_of_one_family_are_looked_for_only_in_models_that_have_it() -> None:
    text = "Here is my thought process: a\nHere is my response: Yes."
    granite = families.of_template("{{ 'Write Here is my thought process: first' }}")

    assert split(text) == ("", text)
    assert split(text, known=granite) == ("a", "Yes.")
    assert split("<response>x</response>") == ("", "<response>x</response>")


def test_a_footer_is_dropped_only_at_the_end() -> None:
    granite = families.of_template("<response></response>")
    text = "<think>a</think>\n<response>The tag </response> ends it.</response>\n"

    assert split(text, known=granite) == ("a", "The tag </response> ends it.")
    assert split(*text, known=granite) == ("a", "The tag </response> ends it.")


MARKS = sorted({mark for family in ALL for mark in family.every})
BITS = st.sampled_from(
    [*MARKS, *(mark[: len(mark) // 2] for mark in MARKS), "a", "b c", " ", "\n", "```\n", "`", '"', "<", "日"]
)


@settings(deadline=None, max_examples=400)
@given(st.lists(BITS, max_size=14), st.data(), st.sampled_from([None, *ALL]), st.booleans())
def test_any_cut_of_a_text_gives_the_same(
    bits: list[str], data: st.DataObject, opened: Family | None, finds_lone: bool
) -> None:
    text = "".join(bits)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = split(text, opened=opened, known=ALL, finds_lone=finds_lone)

    assert split(*pieces, opened=opened, known=ALL, finds_lone=finds_lone) == whole
    assert split(*text, opened=opened, known=ALL, finds_lone=finds_lone) == whole


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60).filter(lambda text: not any(mark in text for mark in MARKS)))
def test_text_without_marks_is_the_answer(text: str) -> None:
    assert split(text) == ("", text)


@pytest.mark.parametrize(
    "source",
    [
        b'[[family]]\nname="x"\nopen=[]\nclose=["b"]\nforce="b"',
        b'[[family]]\nname="x"\nopen=["a"]\nclose=["b"]\nforce="b"\nopne=["c"]',
        b'[[family]]\nname="x"\nopen=["a", ""]\nclose=["b"]\nforce="b"',
        b'[[famly]]\nname="x"',
    ],
)
def test_a_file_that_is_wrong_is_refused(source: bytes) -> None:
    with pytest.raises(ValueError, match=r"not whole|unknown field|missing"):
        families.parse(source)


@pytest.mark.parametrize(
    "answer",
    [
        "1. Do:\n\n    ```html\n    </think>\n    ```\n2. More.\n",
        "- ```html\n  </think>\n  ```\nMore.\n",
        "> ```html\n</think>\n> ```\nMore.\n",
        "In code:\n\n    </think>\n\nMore.\n",
        "In code:\n\n\t</think>\n\nMore.\n",
    ],
    ids=["fence deep in a list", "fence behind a bullet", "fence in a quotation", "indented", "tab"],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_mark_in_code_that_stands_further_in_ends_nothing(answer: str, size: int) -> None:
    pieces = [answer[at : at + size] for at in range(0, len(answer), size)]

    assert split(*pieces) == ("", answer)


@pytest.mark.parametrize(
    ("beginning", "more"),
    [("<think>", "word "), ("", "word "), ("A plan.\n</think>", "     "), ("<think>", "'\"`ab")],
    ids=["thinking", "answer", "spaces behind a mark", "quotes"],
)
def test_a_line_without_an_end_costs_no_more_the_longer_it_is(beginning: str, more: str) -> None:
    def seconds(count: int) -> float:
        splitter = Splitter(ANY)
        splitter.feed(beginning)
        began = time.thread_time()
        for _ in range(count):
            splitter.feed(more)
        return time.thread_time() - began

    few, many = min(seconds(2_000) for _ in range(3)), seconds(40_000)

    assert many < max(60 * few, 0.5)
