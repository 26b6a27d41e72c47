"""A prompt for people: its exact text in the part that is reused and the part that is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.errors import NotAllowed
from docstra_tui.llm.measure import estimate
from docstra_tui.llm.prompt import Message
from docstra_tui.session import breaks
from docstra_tui.session.dialogue import Dialogue
from docstra_tui.session.measuring import Measuring
from docstra_tui.session.turn_request import PLAIN


@dataclass(frozen=True)
class PromptShown:
    """What the next question would send."""

    cached_text: str
    """As the model reads it, control tokens included; not yet safe to show."""
    new_text: str
    budget: Budget
    why: str
    """The first place where it is new, and why; empty where only what was added is. Not yet safe to show."""


def show_prompt(dialogue: Dialogue, measuring: Measuring, question: str) -> PromptShown:
    """What asking `question` now would send, to the letter, and why some of it is new. Blocks."""
    prompt = dialogue.next_prompt(question)
    try:
        budget = measuring.budget(prompt)
    except NotAllowed:  # looked at here, before it may be sent
        budget = Budget(estimate(prompt.messages), None, measuring.reserve(None), exact=False)
    shown = dialogue.llm.show_prompt(prompt.messages)
    cached_text, new_text = shown if shown is not None else ("", _as_text(prompt.messages))
    with dialogue.lock:
        if dialogue.told is not None:  # what a turn sends is being read: nothing stands in its way
            return PromptShown(cached_text, new_text, budget, "")
        following = dialogue.shot(dialogue.told_now(), PLAIN, {"question": question})
        last = dialogue.turns[-1].usage.prompt_tokens if dialogue.turns else None
        why = breaks.why_new(dialogue.sent, following, cached=budget.cached, reusable=last)
    return PromptShown(cached_text, new_text, budget, why)


def _as_text(messages: Sequence[Message]) -> str:
    """The messages where nobody tells how the model's template puts them."""
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)
