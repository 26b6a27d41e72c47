"""States and figures as words, for faces that write lines. Unknown figures are left out."""

from __future__ import annotations

from docstra_tui import figures
from docstra_tui.llm.answer import Usage

PHASES = {
    "start": "starting",
    "find": "looking for the model",
    "download": "downloading",
    "read": "reading the model",
    "convert": "converting, once",
    "place": "placing the model on the device",
}


def loading(phase: str, done: int | None, total: int | None) -> str:
    """`loading: downloading 34% of 94 MB`."""
    words = PHASES.get(phase, phase)
    if not words:
        return "loading"
    if done is None or not total:
        return f"loading: {words}"
    of = "" if phase == "place" else f" of {figures.size(total)}"  # `place` counts tensors, the others bytes
    return f"loading: {words} {figures.share(done, total)}{of}"


def answer(usage: Usage, ttft_s: float | None, tokens_per_s: float | None) -> str:
    """`812 tokens read, 640 cached · first token 0.2 s · 120 written at 41 tok/s`."""
    parts = []
    if usage.prompt_tokens is not None:
        cached = f", {figures.tokens(usage.reused_tokens)} cached" if usage.reused_tokens else ""
        parts.append(f"{figures.tokens(usage.prompt_tokens)} tokens read{cached}")
    if ttft_s is not None:
        parts.append(f"first token {figures.seconds(ttft_s)}")
    if usage.completion_tokens is not None:
        speed = f" at {figures.speed(tokens_per_s)}" if tokens_per_s is not None else ""
        parts.append(f"{figures.tokens(usage.completion_tokens)} written{speed}")
    return " · ".join(parts)
