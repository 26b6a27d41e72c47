"""How a wish for thinking is written."""

import pytest

from docstra_tui.llm.thinking.wish import EFFORTS, Effort, is_effort, kind, parse, spelt


@pytest.mark.parametrize(
    ("written", "wished"),
    [
        ("auto", "auto"),
        (" On ", "on"),
        ("off", "off"),
        ("0", "off"),
        ("256", 256),
        (512, 512),
        (True, "on"),
    ],
)
def test_a_wish_is_read(written: str | int, wished: str | int) -> None:
    assert parse(written) == wished
    assert parse(spelt(parse(written))) == wished


@pytest.mark.parametrize("word", EFFORTS)
def test_an_effort_is_a_wish_to_think(word: Effort) -> None:
    assert parse(word) == word and is_effort(word) and kind(word) == "on"
    assert [kind(other) for other in ("auto", "off", "on", 7)] == ["auto", "off", "on", "on"]  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["", "maybe", "-1", -1, "1.5", "²", 10**7, "9" * 50])
def test_what_is_no_wish_is_said(written: str | int) -> None:
    with pytest.raises(ValueError, match=r"none of auto|from 0 to"):
        parse(written)
