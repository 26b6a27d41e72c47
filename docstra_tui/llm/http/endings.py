"""What a server's last word about an answer means: whole, cut by length, or no answer after all.

Servers have many words for each. One that nobody knows is never taken for a proper end: the text is kept,
and what was said is repeated.
"""

from __future__ import annotations

from docstra_tui.errors import AnswerFailed, DocstraError, NoAnswer
from docstra_tui.llm.answer import Finished, FinishReason, Usage

STOPS = ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed")
LENGTHS = ("length", "max_tokens", "model_length", "max_output_tokens")
FILTERS = ("content_filter", "content-filter", "safety", "recitation", "blocklist", "prohibited_content")
ERRORS = ("error", "failed", "failure")
ABORTS = ("cancelled", "canceled", "abort", "aborted")
WHOLE: dict[str, FinishReason] = {**dict.fromkeys(STOPS, "stop"), **dict.fromkeys(LENGTHS, "length")}
REASONS: dict[str, FinishReason] = {
    **WHOLE,
    **dict.fromkeys(FILTERS, "filtered"),
    **dict.fromkeys((*ERRORS, *ABORTS), "failed"),  # nobody here stopped it
}

KEPT = "What came is kept; ask again for the rest."


def engines(reason: str, usage: Usage) -> Finished:
    """The end of an answer of our own engine."""
    word: FinishReason = "cancelled" if reason == "cancelled" else WHOLE.get(reason, "stop")
    return Finished(word, usage)


def servers(
    server: str, reason: str, usage: Usage, *, has_text: bool, has_thought: bool, has_refused: bool
) -> Finished:
    """The end of another server's answer; `reason` is its own word, made harmless, empty without one."""
    word = reason.strip().lower()
    known = REASONS.get(word or "stop")
    problem = _problem(server, word)
    if problem is None and not has_text:
        problem = _no_text(server, known, has_thought)
    elif problem is None and has_refused:
        problem = AnswerFailed("The model refused to answer; its words are kept.", "Ask in other words.")
    return Finished(known, usage, problem)


def _problem(server: str, word: str) -> DocstraError | None:
    if not word or word in WHOLE:
        return None
    if word in FILTERS:
        return AnswerFailed(f"A content filter of {server} stopped the answer.", "What came is kept.")
    if word in ERRORS:
        return AnswerFailed(f"{server} ended the answer with an error and did not say which.", KEPT)
    if word in ABORTS:
        return AnswerFailed(f"{server} broke the answer off.", KEPT)
    return AnswerFailed(
        f"{server} ended the answer for a reason that is not known here: {word}.",
        "What came is kept; it may not be whole.",
    )


def _no_text(server: str, known: FinishReason | None, has_thought: bool) -> NoAnswer:
    if has_thought and known == "length":
        return NoAnswer(
            "The model used its whole budget for thinking; no answer came.",
            "Raise --max-tokens or turn thinking off.",
        )
    if has_thought:
        return NoAnswer("The model only thought; no answer came.", "Ask again.")
    return NoAnswer(f"{server} sent no text.", "Ask again, or look at the server's log.")
