"""The loop that writes an answer on a device that works by itself, one step ahead of who listens.

A token stays on the device and is read there by the next step, which is under way when the host learns what
the token is. So the device never waits for the host; whether the answer is over is known one step late, and
that step is taken back.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from docstra_tui.llm.inference.decoding import loop
from docstra_tui.llm.inference.decoding.drafts import Drafts
from docstra_tui.llm.inference.decoding.step import Step
from docstra_tui.llm.inference.decoding.writing import Writing


def write(
    writing: Writing, step: Step, drafts: Drafts | None, took: Callable[[float], None] = lambda seconds: None
) -> None:
    """As `loop.write`, with the same tokens. A draft follows the latest one, for it the host catches up."""
    heard = time.perf_counter()

    def hear() -> None:
        nonlocal heard
        token = writing.hear()
        before, heard = heard, time.perf_counter()
        took(heard - before)
        if drafts is not None:
            drafts.saw(0, heard - before, [token])

    try:
        while not writing.done:
            guess = drafts.guess(writing.room_for_drafts(step.most_ids - 1)) if drafts is not None else []
            if guess and not writing.unheard:
                loop.one(writing, step, drafts, guess, took)
                heard = time.perf_counter()
            elif writing.unheard > 1 or (writing.unheard and (guess or writing.is_full)):
                hear()
            else:
                writing.go_ahead(step.logits([writing.slot]))
    finally:
        writing.settle()
