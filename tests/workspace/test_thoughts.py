"""How long and how much a model thinks, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstra_tui.llm.answer import Reading, Usage
from docstra_tui.workspace import thoughts
from docstra_tui.workspace.thoughts import Thoughts, count_words
from docstra_tui.workspace.wording import answer_figures, read_so_far, thought_words, waiting_for
from tests.fakes import FakeLLM


@given(pieces=st.lists(st.text("ab \n\t", max_size=5), max_size=30))
def test_words_are_counted_alike_in_whatever_pieces_they_come(pieces: list[str]) -> None:
    counted = Thoughts()
    for piece in pieces:
        counted.count(piece)
    words = len("".join(pieces).split())
    assert counted.words == ("Thought", f"{words} word{'' if words == 1 else 's'}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\u6211\u4eec\u5148\u770b\u8fd9\u4e2a\u51fd\u6570\u3002", 8),
        ("\u201c\u597d\u201d\uff0c \u2026\u2026 \u597d\u3002", 2),
        ("\u8abf\u7528 parse() \u51fd\u6578", 5),
        ("parse()\u3092\u547c\u3076\u3002\u30d5\u30a1\u30a4\u30eb", 8),
        ("\uc0ac\uc6a9\uc790\uac00 \uc6d0\ud55c\ub2e4", 2),
        ("a = b - \u201cc\u201d", 5),
        ("", 0),
    ],
    ids=["Chinese", "marks", "Chinese with Latin", "Japanese", "Korean", "Latin", "nothing"],
)
def test_where_no_space_parts_words_each_sign_is_one(text: str, words: int) -> None:
    assert count_words(text) == words


@given(pieces=st.lists(st.text("ab \n\u597d\u30d5\u3002\u201c\u2026-", max_size=5), max_size=30))
def test_signs_are_counted_alike_in_whatever_pieces_they_come(pieces: list[str]) -> None:
    counted = Thoughts()
    for piece in pieces:
        counted.count(piece)
    assert counted.words == thought_words(None, None, count_words("".join(pieces)))


def test_the_time_ends_with_the_last_thought(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr(thoughts.time, "monotonic", lambda: now[0])
    watched = Thoughts()
    assert not watched.tick()
    watched.watch()
    now[0] += 3
    assert watched.tick() and watched.words[0] == "Thinking… 3 s"
    watched.watch()
    now[0] += 30
    watched.close()
    assert watched.words[0] == "Thought for 3.0 s" and not watched.tick()


def test_how_long_and_how_much() -> None:
    assert thought_words(12.4, 340, 210) == ("Thought for 12 s", "340 tokens")
    assert thought_words(None, None, 1) == ("Thought", "1 word")
    assert thought_words(0.4, None, 1234, is_open=True) == ("Thinking…", "1,234 words")
    assert thought_words(61.9, 340, 5, is_open=True) == ("Thinking… 61 s", "5 words")


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (Reading(3100, 12_400, 8.2), "reading 3.1k/12.4k · 8 s left"),
        (Reading(3100, 12_400, 0.01), "reading 3.1k/12.4k · 1 s left"),
        (Reading(3100, 12_400, 190.0), "reading 3.1k/12.4k · 3 min left"),
        (Reading(0, 812), "reading 0/812"),
        (Reading(812, 812, 0.3), "reading 812/812"),
    ],
)
def test_how_far_a_prompt_is_read(reading: Reading, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_so_far(reading) == words
    assert waiting_for(FakeLLM(), 40.0, "12,400 tokens", queue=2, reading=reading) == words
    monkeypatch.setattr(FakeLLM, "server", "gpu:8000")
    assert waiting_for(FakeLLM(), 40.0, reading=reading) == f"gpu:8000: {words}"


def test_the_figures_tell_how_much_of_an_answer_is_none() -> None:
    usage = Usage(None, 120, None, 80)
    assert answer_figures(usage, None, 41.2) == "120 written at 41 tok/s, 80 of them thinking"
