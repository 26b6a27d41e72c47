"""What a model of a chat template writes when it thinks: in whose marks, and what stands before the answer.

The marks are those that the template itself names, whatever the product knows of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """How one family of models writes."""

    named: str
    """A template of it has this."""
    opens: str
    closes: str
    """Up to where the answer begins."""
    ends: str = ""
    """Behind the answer."""


FORMS = (
    Form(
        "<|channel|>analysis",
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>final<|message|>",
        "<|return|>",
    ),
    Form("<|channel>thought", "<|channel>thought\n", "\n<channel|>"),
    Form("to=self<|message|>", " to=self<|message|>", "<|eom|><|start|>assistant<|message|>"),
    Form("assistant<|think|>", "<|think|>", "<|end|><|begin|>assistant<|content|>"),
    Form("<|inner_prefix|>", "<|inner_prefix|>", "<|inner_suffix|>"),
    Form(
        "open_tag('think')",
        "<|open|>think<|sep|>",
        "<|close|>think<|sep|><|open|>response<|sep|>",
        "<|close|>response<|sep|>",
    ),
    Form("<|START_TEXT|>", "<|START_THINKING|>", "<|END_THINKING|><|START_TEXT|>", "<|END_TEXT|>"),
    Form(
        "<|START_RESPONSE|>",
        "<|START_THINKING|>",
        "<|END_THINKING|><|START_RESPONSE|>",
        "<|END_RESPONSE|>",
    ),
    Form("<|END_THINKING|>", "<|START_THINKING|>", "<|END_THINKING|>"),
    Form("[BEGIN FINAL RESPONSE]", "Here are my reasoning steps:\n", "\n[BEGIN FINAL RESPONSE]\n"),
    Form("<think{}>", "<think:opensource>", "</think:opensource>"),
    Form("<response></response>", "<think>", "</think><response>", "</response>"),
    Form("[THINK]", "[THINK]", "[/THINK]"),
    Form("</seed:think>", "<seed:think>", "</seed:think>"),
    Form("</mm:think>", "<mm:think>", "</mm:think>"),
    Form("<reasoning>", "<reasoning>\n", "\n</reasoning>\n"),
    Form("think>", "<think>\n", "\n</think>\n\n"),
)
"""The first whose name the template has."""


def form_of(template: str) -> Form | None:
    """How a model of this template thinks; None where the template knows nothing of it."""
    return next((form for form in FORMS if form.named in template), None)


def written(form: Form | None, prompt: str, thoughts: str, answer: str) -> tuple[str, bool]:
    """What such a model writes after `prompt`, and whether it thinks."""
    if form is None:
        return answer, False
    end, opens, closes = ("".join(text.split()) for text in (prompt[-200:], form.opens, form.closes))
    if end.endswith(closes):
        return answer + form.ends, False
    for size in range(len(closes) - 1, 0, -1):
        if end.endswith(opens + closes[:size]):
            return closes[size:] + answer + form.ends, False
    begun = "" if end.endswith(opens) else form.opens
    return begun + thoughts + form.closes + answer + form.ends, True
