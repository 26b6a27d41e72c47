"""An answer that is whole already, parted from what stands in it of its thinking."""

from __future__ import annotations

from functools import lru_cache

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.thinking import families
from docstra_tui.llm.thinking.tags import Splitter
from docstra_tui.llm.written import Written

REMEMBERED = 1024
"""Earlier answers that are not looked at again: each of them stands in every prompt that follows."""


def parted(answer: str, *, is_whole: bool, finds_lone: bool = True) -> tuple[str, str]:
    """What was thought, empty for nothing, and the answer itself.

    An answer that `is_whole` does not end within its thinking: one that seems to is about such marks.
    `finds_lone` as the `Splitter` has it.
    """
    splitter = Splitter(families.of_any_model(), finds_lone=finds_lone)
    pieces = [*splitter.feed(answer), *splitter.flush()]
    is_open = splitter.inside is not None
    if (is_open and is_whole) or not (is_open or splitter.has_closed):
        return "", answer
    thought = rest = ""
    for piece in pieces:
        if isinstance(piece, Thought):
            thought += piece.text
        elif isinstance(piece, Reframed):
            thought, rest = thought + rest, ""
        else:
            rest += piece
    return thought.strip(), rest


def begun(answer: str, thinking: str = "") -> Written:
    """The beginning of an answer, of somebody who may have left its thinking in it. Raises `ValueError`."""
    if not thinking:
        thinking, answer = parted(answer, is_whole=False, finds_lone=False)
    return Written(answer, thinking)


@lru_cache(REMEMBERED)
def without_thinking(answer: str) -> str:
    """An earlier answer as it is sent again; what it says behind its beginning is never touched."""
    openings = tuple(mark for family in families.of_any_model() for mark in family.open)
    if not answer.lstrip().startswith(openings):
        return answer
    return parted(answer, is_whole=True, finds_lone=False)[1]
