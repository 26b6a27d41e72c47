"""What is said about a crash."""

from __future__ import annotations

from docstra_tui.workspace.crash_log import crash_words


def test_a_crash_says_little_and_nothing_private():
    words = crash_words(ValueError("sk-SECRET"), "/x/app.log")
    assert len(words) <= 5
    assert "sk-SECRET" not in " ".join(words)
    assert "/x/app.log" in " ".join(words)
