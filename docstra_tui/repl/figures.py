"""States and figures as words, for faces that write lines. Unknown figures are left out."""

from __future__ import annotations

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
    share = f"{min(100, 100 * done // total)}%"
    # `place` counts tensors, the others bytes.
    return f"loading: {words} {share}" + ("" if phase == "place" else f" of {size(total)}")


def size(count: int | None) -> str:
    """Bytes as `94 MB` or `1.2 GB`; `?` when unknown."""
    if count is None:
        return "?"
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def tokens(count: int | None) -> str:
    """`812`, `12.4k`, `131k`; `?` when unknown."""
    if count is None:
        return "?"
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 99_950 else f"{count / 1000:.0f}k"


def budget(used: int | None, limit: int | None, exact: bool = True) -> str:
    """`12.4k / 32.8k tokens`; `≈` before an estimate; empty when nothing is known."""
    if used is None:
        return ""
    sign = "" if exact else "≈"
    return f"{sign}{tokens(used)} / {tokens(limit)} tokens" if limit else f"{sign}{tokens(used)} tokens"


def answer(usage: Usage, ttft_s: float | None, tokens_per_s: float | None) -> str:
    """`812 tokens read, 640 cached · first token 0.2 s · 120 written at 41 tok/s`."""
    parts = []
    if usage.prompt_tokens is not None:
        cached = f", {tokens(usage.reused_tokens)} cached" if usage.reused_tokens else ""
        parts.append(f"{tokens(usage.prompt_tokens)} tokens read{cached}")
    if ttft_s is not None:
        parts.append(f"first token {ttft_s:.1f} s")
    if usage.completion_tokens is not None:
        speed = f" at {tokens_per_s:.0f} tok/s" if tokens_per_s is not None else ""
        parts.append(f"{tokens(usage.completion_tokens)} written{speed}")
    return " · ".join(parts)
