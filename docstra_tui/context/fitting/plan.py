"""What to send when not everything fits: each file whole, in outline, in part or not at all.

A plan is a value: every change gives another plan, with its exact sum, and nothing is left out unless a
choice says so. Knows no screen, no model and no file system; tokens are counted outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from docstra_tui.context.fitting.memo import Count
from docstra_tui.context.fitting.rows import WHOLE, FileChoice, FileRow, TurnChoice, TurnRow
from docstra_tui.llm.items import ContextItem
from docstra_tui.text import sanitize_line, shown_name


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
    memory: int | None = None
    """Tokens that the memory which is free now holds, where that is less than the window; else None."""

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
        return None if self.most is None else self.most - self.reserve - self.used

    @property
    def most(self) -> int | None:
        """Tokens of prompt and answer together; None when unknown."""
        return self.limit if self.memory is None else self.memory

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
            item = self._file(key).as_chosen(choice)
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
    memory: int | None = None,
) -> FitPlan:
    """The plan in which everything is sent whole.

    `named` are the paths that the question names. `total` is the exact count of the whole prompt, from
    which the overhead follows; without one it is as given.
    """
    wanted = set(named)
    rows = tuple(
        FileRow(item, outline, item.path in wanted) for item, outline in zip(items, outlines, strict=True)
    )
    plan = FitPlan(rows, tuple(turns), limit, reserve, question, count, overhead, knows, memory)
    return plan if total is None else replace(plan, overhead=total - plan.used + overhead)


def _short(question: str) -> str:
    line = sanitize_line(" ".join(question.split()))
    return line if len(line) <= 60 else line[:59] + "…"
