"""Which special tokens are the marks of a chat's format, and no text.

A tokenizer calls more "special" than that: a code model's `<filename>` is a word of `cp <filename> <dest>`,
and dropping it deletes meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docstra_tui.llm.inference.stopping import special_ids

NAMED = ("bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token")
"""The attributes of a tokenizer that name a mark of its format."""

MARKS = (
    *("<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "<|endoftext|>"),
    *("<|im_start|>", "<|im_end|>", "<start_of_turn>", "<end_of_turn>"),
    *("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    *("<|eot_id|>", "<|eom_id|>"),
)
"""Marks of common formats, for tokenizers that come without a template."""


def control_ids(tokenizer: Any, stops: Iterable[int] = ()) -> frozenset[int]:
    """Ids that are never part of an answer's text: those that the tokenizer names or its template writes,
    and `stops`, which end an answer by themselves."""
    named = {getattr(tokenizer, name, None) for name in NAMED}
    template = template_text(tokenizer)
    found = {
        id_
        for text, id_ in special_ids(tokenizer).items()
        if text in named or text in MARKS or text in template
    }
    return frozenset(found.union(stops))


def template_text(tokenizer: Any) -> str:
    """The source of the chat templates; empty where there is none."""
    template = getattr(tokenizer, "chat_template", None)
    if isinstance(template, dict):
        return "\n".join(str(text) for text in template.values())
    return template if isinstance(template, str) else ""
