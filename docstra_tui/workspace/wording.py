"""Sentences that both faces and the commands say."""

from __future__ import annotations

NO_FILES = "no files were sent"
"""What stands under an answer that can only be about none."""


def waiting_for(server: str, seconds: float, tokens: str = "") -> str:
    """`gpu:8000: reading or queued, 40 s`; of our own engine, with its tokens, `reading 12,400 tokens… 8 s`.

    `server` is empty for our own engine. Another one tells nobody whether it reads or has others first.
    """
    if server:
        text, rest = f"{server}: reading or queued", f", {int(seconds)} s"
    else:
        text, rest = f"reading {tokens}…" if tokens else "reading…", f" {int(seconds)} s"
    return text + rest if int(seconds) else text
