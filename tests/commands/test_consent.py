"""What somebody is asked before something leaves the machine or is used."""

from __future__ import annotations

import io
import os
import sys

import pytest

from docstra_tui.commands.consent import says_yes


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
