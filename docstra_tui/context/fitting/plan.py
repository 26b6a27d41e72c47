"""What to send when not everything fits: each file whole, in outline, in part or not at all.

A plan is a value: every change gives another plan, with its exact sum, and nothing is left out unless a
choice says so. Knows no screen, no model and no file system; tokens are counted outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from docstra_tui.context.fitting.ranges import cut_lines
from docstra_tui.llm.items import ContextItem
from docstra_tui.text import sanitize_line, shown_name

Count = Callable[[ContextItem], int]
"""Tokens that an item adds to the prompt."""

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
        return self._as(self.choice)

    def _as(self, choice: FileChoice) -> ContextItem | None:
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


@dataclass(frozen=True)
class FitPlan:
    """Ticked items and earlier turns, with a choice for each."""

    files: tuple[FileRow, ...]
    """In the order in which they are sent."""
    turns: tuple[TurnRow, ...]
    """Oldest first."""
    limit: int | None
    """The model's window; None when it is unknown, and then everything fits."""
    reserve: int
    """Tokens kept free for the answer."""
    question: int
    """Tokens of the question."""
    count: Count = field(compare=False)
    """Must give the same for the same item: `Memo` does, and asks once."""
    overhead: int = 0
    """Tokens that belong to no row: the system text, the template's own. A tokenizer joins what meets,
    so set it to what the whole prompt has more than its rows, and the sum is exact for the first plan."""
    knows: Callable[[ContextItem], bool] = field(default=lambda item: True, compare=False)
    """False for an item whose tokens are an estimate by its length, shown with `≈`."""

    def __post_init__(self) -> None:
        keys = [row.key for row in self.files]
        if len(set(keys)) < len(keys):
            raise ValueError("Each item can be in a plan once.")

    # The sum

    @property
    def used(self) -> int:
        """Tokens of the prompt that would be sent."""
        files = sum(self.tokens(row) for row in self.files)
        return self.overhead + self.question + files + sum(row.used for row in self.turns)

    @property
    def room(self) -> int | None:
        """Tokens that may still be added; negative when there are too many. None when unknown."""
        return None if self.limit is None else self.limit - self.reserve - self.used

    @property
    def fits(self) -> bool:
        """True when it can be sent as it is."""
        return self.room is None or self.room >= 0

    def tokens(self, row: FileRow) -> int:
        """Of one file as chosen."""
        sent = row.sent
        return 0 if sent is None else self.count(sent)

    def cost(self, key: str, choice: FileChoice) -> int | None:
        """Tokens of a file under a choice, to show beside it; None where it does not have that choice."""
        try:
            item = self._file(key)._as(choice)
        except ValueError:
            return None
        return 0 if item is None else self.count(item)

    # Choosing

    def set(self, key: str, choice: FileChoice) -> FitPlan:
        """The plan with another choice for one file, by its label.

        Raises `KeyError` for a file that is not in it, `ValueError` for a choice that it does not have.
        """
        chosen = replace(self._file(key), choice=choice)
        _ = chosen.sent
        return replace(self, files=tuple(chosen if row.key == key else row for row in self.files))

    def set_turn(self, number: int, choice: TurnChoice) -> FitPlan:
        """The plan with another choice for one turn. Raises `KeyError` or `ValueError`."""
        row = self._turn(number)
        if choice == "summarised" and not row.summary:
            raise ValueError(f"There is no summary of turn {number} yet.")
        return self._with_turn(replace(row, choice=choice))

    def with_summary(self, number: int, summary: str, tokens: int) -> FitPlan:
        """The plan with a turn's summary, which is chosen too."""
        if not summary:
            raise ValueError("A summary says something.")
        row = self._turn(number)
        return self._with_turn(replace(row, summary=summary, summary_tokens=tokens, choice="summarised"))

    def whole(self) -> FitPlan:
        """The plan in which nothing is left out."""
        files = tuple(replace(row, choice=WHOLE) for row in self.files)
        return replace(self, files=files, turns=tuple(replace(row, choice="kept") for row in self.turns))

    # What it comes to

    def items(self) -> tuple[ContextItem, ...]:
        """The items to send, in order."""
        return tuple(item for row in self.files if (item := row.sent) is not None)

    def left_out(self) -> tuple[str, ...]:
        """What the model does not see, ready to show: the answer's footer."""
        said = []
        for row in self.files:
            name = shown_name(row.item.path) if row.item.path is not None else row.key
            if row.item.path is not None:
                name += row.key.removeprefix(row.item.path)
            if row.choice.kind == "left out":
                said.append(name)
            elif row.choice.kind == "outline":
                said.append(f"{name} (bodies)")
            elif row.choice.kind == "lines":
                said.append(f"{name} (all but {row.choice})")
        for turn in self.turns:
            if turn.choice != "kept":
                how = " (summarised)" if turn.choice == "summarised" else ""
                said.append(f"turn {turn.number}: {_short(turn.question)}{how}")
        return tuple(said)

    def to_count(self) -> tuple[ContextItem, ...]:
        """Every item whose count the rows may show: count them in a worker before drawing."""
        found = []
        for row in self.files:
            found += [item for item in (row.item, row.outline, row.sent) if item is not None]
        return tuple(dict.fromkeys(found))

    def _file(self, key: str) -> FileRow:
        for row in self.files:
            if row.key == key:
                return row
        raise KeyError(key)

    def _turn(self, number: int) -> TurnRow:
        for row in self.turns:
            if row.number == number:
                return row
        raise KeyError(number)

    def _with_turn(self, turn: TurnRow) -> FitPlan:
        return replace(self, turns=tuple(turn if row.number == turn.number else row for row in self.turns))


class Memo:
    """Counts each item once. `count` may be slow: ask `add` in a worker, then the plan never waits."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._known: dict[tuple[object, ...], int] = {}

    def __call__(self, item: ContextItem) -> int:
        mark = (*item.key, item.sha256)
        tokens = self._known.get(mark)
        if tokens is None:
            tokens = self._known[mark] = self._count(item)
        return tokens

    def add(self, items: Iterable[ContextItem]) -> None:
        """Count what is not known yet."""
        for item in items:
            self(item)

    def put(self, item: ContextItem, tokens: int) -> None:
        """It was counted elsewhere."""
        self._known[(*item.key, item.sha256)] = tokens

    def knows(self, item: ContextItem) -> bool:
        """True when asking for it takes no time."""
        return (*item.key, item.sha256) in self._known


def plan_for(
    items: Sequence[ContextItem],
    outlines: Sequence[ContextItem | None],
    turns: Sequence[TurnRow],
    *,
    limit: int | None,
    reserve: int,
    question: int,
    count: Count,
    knows: Callable[[ContextItem], bool] = lambda item: True,
    named: Iterable[str] = (),
    total: int | None = None,
    overhead: int = 0,
) -> FitPlan:
    """The plan in which everything is sent whole.

    `named` are the paths that the question names. `total` is the exact count of the whole prompt, from
    which the overhead follows; without one it is as given.
    """
    wanted = set(named)
    rows = tuple(
        FileRow(item, outline, item.path in wanted) for item, outline in zip(items, outlines, strict=True)
    )
    plan = FitPlan(rows, tuple(turns), limit, reserve, question, count, overhead, knows)
    return plan if total is None else replace(plan, overhead=total - plan.used + overhead)


def _short(question: str) -> str:
    line = sanitize_line(" ".join(question.split()))
    return line if len(line) <= 60 else line[:59] + "…"
