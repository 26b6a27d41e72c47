"""How numbers are written."""

from __future__ import annotations

import pytest

from docstra_tui import figures


@pytest.mark.parametrize(
    ("count", "shown"), [(None, "?"), (0, "0"), (812, "812"), (12_400, "12.4k"), (131_072, "131k")]
)
def test_tokens_are_short(count: int | None, shown: str) -> None:
    assert figures.tokens(count) == shown


def test_an_estimate_and_an_unknown_window_say_so() -> None:
    assert figures.used_of(12_400, 32_768) == "12.4k / 32k tokens"
    assert figures.used_of(12_400, 32_768, exact=False) == "≈12.4k / 32k tokens"
    assert figures.used_of(12_400, None) == "12.4k / ? tokens"
    assert figures.used_of(None, 8192) == "? / 8k tokens"


def test_what_is_unknown_is_left_out() -> None:
    assert figures.size(None) == figures.seconds(None) == figures.speed(None) == ""
    assert figures.memory(None, 8) == figures.share(1, None) == ""
    assert figures.size(94_000_000) == "94 MB" and figures.size(1_200_000_000) == "1.2 GB"
    assert figures.memory(61_000_000_000, 80_000_000_000) == "61 / 80 GB"
    assert figures.share(34, 100) == "34%"
    assert figures.seconds(0.21) == "0.2 s" and figures.speed(41.2) == "41 tok/s"
