"""A prompt as chat messages: text, or a conversation, without what no model takes. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from docstra_tui.llm.prompt import Message, Messages
from docstra_tui.llm.thinking.whole import without_thinking
from docstra_tui.llm.written import Written

Prompt = str | Sequence[Message]
"""A question as text (one user message), or a whole conversation."""


def as_messages(prompt: Prompt) -> list[Message]:
    """A prompt as chat messages with nothing but `role` and `content`. Raises `ValueError`, `TypeError`."""
    if isinstance(prompt, str):
        if not prompt.strip():
            raise ValueError("The prompt is empty.")
        return [{"role": "user", "content": encodable(prompt)}]
    if not isinstance(prompt, Sequence):
        raise TypeError(f"A prompt is text or a list of chat messages, not {type(prompt).__name__}.")
    messages: list[Message] = []
    for message in prompt:
        if not isinstance(message, Mapping):
            raise TypeError(f"A chat message has a role and a content; {message!r:.80} has not.")
        role, content = message.get("role"), message.get("content")
        if role not in ("system", "user", "assistant"):
            raise ValueError(f"A message's role is system, user or assistant, not {role!r}.")
        if not isinstance(content, str):
            raise ValueError("A message's content must be text.")
        if role == "assistant":
            content = without_thinking(content)  # a client that got it in the answer sends it back
        messages.append({"role": role, "content": encodable(content)})
    if not messages:
        raise ValueError("The conversation has no messages.")
    return messages


def with_answer(prompt: Prompt, written: Written | None) -> Prompt:
    """A prompt with what there is of its answer, if anything, as the last message."""
    if written is None:
        return prompt
    begun = Messages()
    begun.items = prompt.items if isinstance(prompt, Messages) else []
    begun += [*as_messages(prompt), {"role": "assistant", "content": encodable(written.answer)}]
    return begun


def encodable(text: str) -> str:
    """Text without lone surrogates (file names that are not UTF-8 bring them), which no encoder takes."""
    return text.encode("utf-8", "backslashreplace").decode()
