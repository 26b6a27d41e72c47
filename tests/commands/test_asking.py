"""What somebody is asked at the terminal before something leaves the machine, is used or goes."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from docstra_tui.commands import asking
from docstra_tui.commands.asking import says_yes


@pytest.mark.parametrize(("typed", "is_yes"), [(b"n\n", False), (b"y\n", True)])
def test_what_was_typed_before_a_question_is_no_answer_to_it(
    typed: bytes, is_yes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, inside = os.openpty()

    class Screen(io.StringIO):
        def write(self, text: str) -> int:
            os.write(outside, typed)  # by whoever reads it
            return super().write(text)

    with open(inside, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys, "stderr", Screen())
        os.write(outside, b"y\n" if not is_yes else b"n\n")
        assert says_yes("Send it? ") is is_yes
    os.close(outside)


def test_commands_ask_in_one_way() -> None:
    """Which drops what was typed ahead: a yes to `models forget` is one to its question."""
    here = Path(asking.__file__)
    assert [one for one in here.parent.glob("*.py") if "stdin.readline" in one.read_text()] == [here]
