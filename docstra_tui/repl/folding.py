"""Long pastes in the prompt: one character of the line each, drawn as a mark, whole when the line is sent."""

from __future__ import annotations

import re
from bisect import bisect_right

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.formatted_text.utils import fragment_list_to_text
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments
from prompt_toolkit.utils import is_dumb_terminal

from docstra_tui.text import sanitize_text
from docstra_tui.workspace.folds import Folds, words

FIRST, LAST = 0xFDD0, 0xFDEF
"""Characters that Unicode keeps for a program's own use; in a paste they mean nothing."""
MARKS = re.compile(f"[{chr(FIRST)}-{chr(LAST)}]")


def folds() -> Folds:
    """Texts that are one character each."""
    return Folds(lambda number, text: chr(FIRST + number - 1), MARKS, most=LAST - FIRST + 1)


def without_marks(text: str) -> str:
    """What is pasted, with nothing in it that could be taken for a mark."""
    return MARKS.sub("\ufffd", text)


def behind_mark(draft: str, folds: Folds | None = None) -> str:
    """What a prompt shows itself of a text that stands there from the start: on a terminal without cursor
    keys the library writes only what is typed, and sends the other text unseen."""
    if not is_dumb_terminal():
        return ""
    if folds is not None:
        draft = MARKS.sub(lambda mark: words(1, folds.of(mark[0]) or ""), draft)
    return sanitize_text(draft)


class ShownFolds(Processor):
    """Draws a mark as `[▸ 500 lines]`."""

    def __init__(self, folds: Folds) -> None:
        self._folds = folds

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        given = transformation_input.fragments
        if not self._folds or MARKS.search(fragment_list_to_text(given)) is None:
            return Transformation(given)
        shown: StyleAndTextTuples = []
        starts = [0]
        for fragment in explode_text_fragments(given):
            text = self._folds.of(fragment[1])
            if text is not None:
                fragment = (f"{fragment[0]} class:mark", words(1, text))
            shown.append(fragment)
            starts.append(starts[-1] + len(fragment[1]))
        last = len(starts) - 1
        return Transformation(
            shown,
            source_to_display=lambda at: starts[min(at, last)] + max(0, at - last),
            display_to_source=lambda at: bisect_right(starts, at) - 1 + max(0, at - starts[last]),
        )
