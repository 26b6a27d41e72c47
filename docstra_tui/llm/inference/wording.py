"""How messages are put to a chat template so that all that is said in them reaches the model.

Knows nothing of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from docstra_tui.llm.inference.template_behaviour import Behaviour, as_parts, fold_system, join_neighbours
from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking.wish import Think

ZERO_WIDTH_SPACE = "\u200b"
"""Breaks a word that a template would cut out; a person sees it as it was."""


class Wording:
    """The messages of one prompt as a template takes them."""

    def __init__(self, messages: Sequence[Message], behaviour: Behaviour, think: Think = "auto") -> None:
        self._behaviour = behaviour
        self._word = behaviour.think.word(think) if behaviour.think is not None else ""
        said = [said_through(message, behaviour) for message in messages]
        if not behaviour.takes_system:
            said = fold_system(said)
        if behaviour.alternates:
            said = join_neighbours(said)
        if behaviour.trims:
            said = [_guarded(message) for message in said]
        self.messages: list[Message] = said
        """What is said, message by message."""

    @property
    def conversation(self) -> Sequence[Mapping[str, Any]]:
        """The same in the shape that the template takes."""
        said = _with_word(self.messages, self._word) if self._word else self.messages
        return as_parts(said) if self._behaviour.takes_parts else said

    def is_whole(self, rendered: str) -> bool:
        """Does all that is said stand in what the template made of it?

        White space around a message is nothing that anybody said, and where a template is known to lose some
        inside of it, that is said in another place.
        """
        at = 0
        squeezes = self._behaviour.squeezes
        if squeezes:
            rendered = _without_spaces(rendered)
        for message in self.messages:
            wanted = _without_spaces(message["content"]) if squeezes else message["content"].strip()
            found = rendered.find(wanted, at)
            if found < 0:
                return False
            at = found + len(wanted)
        return True


def broken(text: str, word: str) -> str:
    """The text with that word broken up wherever it stands."""
    return text.replace(word, word[0] + ZERO_WIDTH_SPACE + word[1:])


def said_through(message: Message, behaviour: Behaviour) -> Message:
    """The message with every word broken up that would not get through the template."""
    content = message["content"]
    for word in behaviour.triggers.get(message["role"], ()):
        content = broken(content, word)
    return {"role": message["role"], "content": content}


def _guarded(message: Message) -> Message:
    """With something in front of the spaces that a question begins with."""
    content = message["content"]
    if message["role"] == "user" and content[:1] in (" ", "\t"):
        content = ZERO_WIDTH_SPACE + content
    return {"role": message["role"], "content": content}


def _with_word(messages: Sequence[Message], word: str) -> list[Message]:
    """With a word for the template behind what is said first."""
    first, *others = messages
    return [{"role": first["role"], "content": f"{first['content']}\n{word}"}, *others]


def _without_spaces(text: str) -> str:
    return re.sub(r"\s+", "", text)
