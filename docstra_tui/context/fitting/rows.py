"""The rows of a plan: each ticked file and each earlier turn, with the choice of what is sent of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from docstra_tui.context.fitting.ranges import cut_lines
from docstra_tui.llm.items import ContextItem

TurnChoice = Literal["kept", "summarised", "left out"]


@dataclass(frozen=True)
class FileChoice:
    """How much of a file is sent."""

    kind: Literal["whole", "outline", "lines", "left out"]
    start_line: int | None = None
    """With `lines`: the first, numbered as in the file."""
    end_line: int | None = None
    """Included."""

    def __str__(self) -> str:
        return f"lines {self.start_line}-{self.end_line}" if self.kind == "lines" else self.kind


WHOLE = FileChoice("whole")
OUTLINE = FileChoice("outline")
LEFT_OUT = FileChoice("left out")


def lines(start: int, end: int) -> FileChoice:
    """The choice of some lines of a file."""
    return FileChoice("lines", start, end)


@dataclass(frozen=True)
class FileRow:
    """One ticked item and what becomes of it."""

    item: ContextItem
    """The snapshot that was read, whole."""
    outline: ContextItem | None = None
    """None where there is none."""
    is_named: bool = False
    """True when the question names it: the last to be given up."""
    choice: FileChoice = WHOLE

    @property
    def key(self) -> str:
        """What the plan knows it by: the item's label."""
        return self.item.label

    @property
    def sent(self) -> ContextItem | None:
        """What goes to the model."""
        return self.as_chosen(self.choice)

    def as_chosen(self, choice: FileChoice) -> ContextItem | None:
        """Raises `ValueError` for a choice that this file does not have."""
        match choice.kind:
            case "whole":
                return self.item
            case "left out":
                return None
            case "outline":
                if self.outline is None:
                    raise ValueError(f"There is no outline of {self.key}.")
                return self.outline
            case "lines":
                if choice.start_line is None or choice.end_line is None:
                    raise ValueError("Lines need a first and a last.")
                return cut_lines(self.item, choice.start_line, choice.end_line)


@dataclass(frozen=True)
class TurnRow:
    """One earlier turn, without the items that came with it: those are rows of their own."""

    number: int
    """From 1, as the conversation shows it."""
    question: str
    """One line, as it was asked."""
    tokens: int
    """Of question and answer as they stand in the prompt."""
    summary: str = ""
    """What the model made of it, when the user asked for that."""
    summary_tokens: int = 0
    """Of the summary in its place."""
    choice: TurnChoice = "kept"

    @property
    def used(self) -> int:
        """Tokens of what is sent of it."""
        return {"kept": self.tokens, "summarised": self.summary_tokens, "left out": 0}[self.choice]
