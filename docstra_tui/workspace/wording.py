"""Sentences that both faces and the commands say."""

from __future__ import annotations

from docstra_tui import figures
from docstra_tui.errors import MemoryOverflow
from docstra_tui.key_hints import press
from docstra_tui.llm.answer import Reading, Usage
from docstra_tui.llm.base import BaseLLM

"""Why a model or a session cannot be switched now."""

NO_FILES = "no files were sent"
"""What stands under an answer that can only be about none."""

GOES_ON = "/continue goes on"
"""What stands under an answer that is not whole."""

NOT_BEGUN = "Nothing was asked in this session yet."
"""Why there is nothing of it to take away."""

NOTHING_CITED = "Nothing was found in it that can be looked up."
"""Why there is nothing to say of what an answer says of the files."""

NO_THOUGHT = "Nothing was thought before this answer."
"""Why there is no thinking to show."""

ENDED = {
    "cancelled": "stopped",
    "interrupted": "cut off",
    "failed": "failed",
    "streaming": "still being written in another terminal",
}
"""How a saved turn that is not done ended, by its status. Those whose writer is dead are not streaming."""


def counting(done: int, total: int) -> str:
    """`counting 120 of 264`: files of a question that is not sent before they are counted."""
    return f"counting {done:,} of {total:,}"


def memory_ways(error: MemoryOverflow) -> str:
    """What can be done here about a prompt that free memory does not hold, beside shortening it."""
    ways = []
    if error.compact is not None and error.compact >= error.prompt_tokens + error.reserve:
        ways.append("/cache int8 keeps what is read in about half the room")
    if error.on_gpu:
        ways.append("/device cpu takes the memory of the machine")
    return "; ".join([*ways, "/model takes a smaller model"]) + "."


def waiting_for(
    llm: BaseLLM, seconds: float, tokens: str = "", *, queue: int = 0, reading: Reading | None = None
) -> str:
    """`gpu:8000: reading or queued, 40 s`; of our own engine, with its tokens, `reading 12,400 tokens… 8 s`.
    `reading 3.1k/12.4k · 8 s left` where somebody tells how far it is.

    Another server tells nobody whether it reads or has others first, but some say that they still load.
    With `queue`, the requests that wait in our own engine, this may be one of them.
    """
    if reading is not None:
        return f"{llm.server}: {read_so_far(reading)}" if llm.server else read_so_far(reading)
    if llm.server:
        state = "loading its model" if llm.is_loading else "reading or queued"
        text, rest = f"{llm.server}: {state}", f", {int(seconds)} s"
    elif queue:
        text, rest = f"{tokens or 'one question'}: reading or queued", f", {int(seconds)} s"
    else:
        text, rest = f"reading {tokens}…" if tokens else "reading…", f" {int(seconds)} s"
    return text + rest if int(seconds) else text


def read_so_far(reading: Reading) -> str:
    """`reading 3.1k/12.4k · 8 s left`: how far the prompt is read, and for how long still."""
    text = f"reading {figures.tokens(reading.done)}/{figures.tokens(reading.total)}"
    left = reading.seconds_left
    if left is None or reading.done >= reading.total:
        return text
    return f"{text} · {max(1, round(left))} s left" if left < 100 else f"{text} · {round(left / 60)} min left"


def answer_figures(usage: Usage, ttft_s: float | None, tokens_per_s: float | None) -> str:
    """`812 tokens read, 640 cached · first token 0.2 s · 120 written at 41 tok/s`, as far as it is known."""
    parts = []
    if usage.prompt_tokens is not None:
        cached = f", {figures.tokens(usage.reused_tokens)} cached" if usage.reused_tokens else ""
        parts.append(f"{figures.tokens(usage.prompt_tokens)} tokens read{cached}")
    if ttft_s is not None:
        parts.append(f"first token {figures.seconds(ttft_s)}")
    if usage.completion_tokens is not None:
        thought = (
            f", {figures.tokens(usage.thinking_tokens)} of them thinking" if usage.thinking_tokens else ""
        )
        speed = f" at {figures.speed(tokens_per_s)}" if tokens_per_s is not None else ""
        parts.append(f"{figures.tokens(usage.completion_tokens)} written{speed}{thought}")
    return " · ".join(parts)


def thought_words(
    seconds: float | None, tokens: int | None, words: int, *, is_open: bool = False
) -> tuple[str, str]:
    """`Thought for 12 s` and `340 tokens`, words where nobody counted; `Thinking… 12 s` while it goes on."""
    if is_open:
        head = f"Thinking… {int(seconds)} s" if seconds is not None and seconds >= 1 else "Thinking…"
    else:
        head = f"Thought for {figures.seconds(seconds)}" if seconds is not None else "Thought"
    counted = (words, "word") if tokens is None or is_open else (tokens, "token")
    return head, figures.count(*counted)


def busy() -> str:
    """Of what has to wait for an answer."""
    return f"An answer is being written. {press('main.back')} stops it first."
