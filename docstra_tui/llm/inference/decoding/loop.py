"""The loop that writes one answer: a step of the model, what comes of it, the next step."""

from __future__ import annotations

import time
from collections.abc import Callable

from docstra_tui.llm.inference.decoding.drafts import Drafts
from docstra_tui.llm.inference.decoding.step import Step
from docstra_tui.llm.inference.decoding.writing import Writing


def write(
    writing: Writing, step: Step, drafts: Drafts | None, took: Callable[[float], None] = lambda seconds: None
) -> None:
    """Write until the answer is over. `took` hears the seconds of each step without drafts."""
    while not writing.done:
        guess = drafts.guess(writing.room_for_drafts(step.most_ids - 1)) if drafts is not None else []
        one(writing, step, drafts, guess, took)


def one(
    writing: Writing, step: Step, drafts: Drafts | None, guess: list[int], took: Callable[[float], None]
) -> None:
    """One step, which reads the latest token and the `guess` of those behind it."""
    writing.draft(guess)
    began = time.perf_counter()
    logits = step.logits([writing.slot])
    logits[0, 0].item()  # waits for the device
    seconds = time.perf_counter() - began
    if not guess:
        took(seconds)
    written = writing.take(logits)
    if drafts is not None:
        drafts.saw(len(guess), seconds, writing.written[0, -written:].tolist())
