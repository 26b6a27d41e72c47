"""The beginning of an answer as ids behind its prompt, so that the model goes on as if it had not stopped.

The ids that it wrote itself are taken where a cache still has them; what is missing of them, often only the
last one, is made from the text again. Both stand behind the prompt of the question itself, not in that of an
answered one: some templates trim an answer, or leave its thinking out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from docstra_tui.llm.answer import Reframed, Thought
from docstra_tui.llm.inference.thoughts import ThinkingMarks, ThoughtReader
from docstra_tui.llm.written import Written

Encode = Callable[[str], list[int]]
"""The ids of a text that stands behind others, no control token among them."""


class _Reached(NamedTuple):
    """How much of what was written some ids are."""

    ids: list[int]
    answer: int = 0
    """In characters, as the other."""
    thinking: int = 0


def written_ids(
    marks: ThinkingMarks,
    prompt: Sequence[int],
    written: Written,
    known: Iterable[Sequence[int]],
    encode: Encode,
) -> list[int]:
    """What stands behind the ids of the prompt; `known` are those that caches have behind it."""
    found = [_reached(marks, prompt, written, ids) for ids in known]
    best = max(found, key=lambda one: (one.answer, one.thinking), default=_Reached([]))
    ids = list(best.ids)
    if not best.answer:
        ids += _thinking(marks, prompt, written, best.thinking, encode)
    rest = written.answer[best.answer :]
    return ids + encode(rest) if rest else ids


def _thinking(
    marks: ThinkingMarks, prompt: Sequence[int], written: Written, known: int, encode: Encode
) -> list[int]:
    """What is missing in front of the answer: the rest of the thinking, and what ends it."""
    opened = marks.begin(prompt).inside
    family = opened or marks.usual
    rest = written.thinking[known:]
    if family is None:
        return []  # nobody knows how it thinks, so it is not told what it thought
    ids: list[int] = []
    is_open = opened is not None or bool(known)
    if not is_open and (written.thinking or marks.is_unframed(family, prompt)):
        ids += marks.spelt(family.open[0], encode)
        ids += [] if family.channels or family.open[0].endswith("\n") else encode("\n")
        is_open = True
    ids += encode(rest) if rest else []
    if is_open and not written.is_thinking:
        ids += marks.spelt(family.force, encode)
    return ids


def _reached(marks: ThinkingMarks, prompt: Sequence[int], written: Written, ids: Sequence[int]) -> _Reached:
    """As many of the ids as say what was written, and nothing else."""
    reader = ThoughtReader(marks, prompt)
    answer = thinking = ""
    best = _Reached([])
    for number, id_ in enumerate(ids, 1):
        for piece in reader.step(id_):
            if isinstance(piece, Reframed):
                thinking, answer = thinking + answer, ""
            elif isinstance(piece, Thought):
                thinking += piece.text
            else:
                answer += piece
        is_so = written.answer.startswith(answer) and written.thinking.startswith(thinking)
        if not is_so or (answer and thinking != written.thinking):
            break
        here = _Reached([], len(answer), len(thinking))
        if reader.is_settled and (here.answer, here.thinking) > (best.answer, best.thinking):
            best = here._replace(ids=list(ids[:number]))
    return best
