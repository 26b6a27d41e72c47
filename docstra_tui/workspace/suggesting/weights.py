"""What a file that is offered would add to the prompt: its tokens, whether it fits, how long it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docstra_tui import figures
from docstra_tui.errors import DocstraError
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.files.token_counts import Count, TokenCounts
from docstra_tui.workspace.jobs import Deliver, JobQueue

if TYPE_CHECKING:
    from docstra_tui.context.fitting.budget import Budget
    from docstra_tui.llm.items import ContextItem
    from docstra_tui.session.chat import ChatSession
    from docstra_tui.session.turns import SavedTurn

FRESH = 200
"""Tokens that had to be read for an answer's first token, before its time says how fast a model reads."""


@dataclass(frozen=True)
class Weight:
    """Of one file, as far as it is known."""

    count: Count | None = None
    problem: str = ""
    """Why it cannot be sent, safe to show."""


UNKNOWN = Weight()


class Weights:
    """Reads and counts in the background; on a face's thread but for that.

    What is not ticked leaves the machine for nobody, not to be counted either: where another machine
    answers, a file weighs what its length says.
    """

    def __init__(
        self, root: Path, max_bytes_of: Callable[[str], int], told: Callable[[], None], deliver: Deliver
    ) -> None:
        self._root = root
        self._max_bytes_of = max_bytes_of
        self._told = told
        self._reading = JobQueue("offered", deliver)
        self._counting = JobQueue("offered tokens", deliver)
        self._counts = TokenCounts(self._counting, told)
        self._items: dict[str, ContextItem] = {}
        self._problems: dict[str, str] = {}
        self._is_elsewhere = False

    def want(self, paths: Sequence[str], session: ChatSession | None, *, is_elsewhere: bool = False) -> None:
        """Weigh these from now on, as they are now; `is_elsewhere` where another machine answers."""
        self._is_elsewhere = is_elsewhere

        def read(found: tuple[dict[str, ContextItem], dict[str, str]]) -> None:
            self._items, self._problems = found
            self._counts.want([*self._items.values()], None if is_elsewhere else session)
            self._told()

        self._reading.do(lambda: self._read(paths), read, lambda error: None, key="read")

    def of(self, path: str) -> Weight:
        """What one of them weighs."""
        if path in self._problems:
            return Weight(problem=self._problems[path])
        item = self._items.get(path)
        if item is None:
            return UNKNOWN
        if self._is_elsewhere:
            from docstra_tui.session.scale import by_length

            return Weight(Count(by_length(item), is_exact=False))
        return Weight(self._counts.of(item))

    def go_on(self) -> None:
        """Count what is missing: somebody can now, perhaps."""
        self._counts.go_on()

    def close(self) -> None:
        """Stop what runs; any thread, never blocks."""
        self._reading.close()
        self._counting.close()

    def _read(self, paths: Sequence[str]) -> tuple[dict[str, ContextItem], dict[str, str]]:
        from docstra_tui.context.files.reader import read_item

        items: dict[str, ContextItem] = {}
        problems: dict[str, str] = {}
        for path in paths:
            try:
                items[path] = read_item(self._root, path, max_bytes=self._max_bytes_of(path))
            except DocstraError as error:
                problems[path] = sanitize_line(error.message)
        return items, problems


def reading_pace(turns: Sequence[SavedTurn]) -> float | None:
    """Tokens that are read in a second, by the newest answer that says; None where none does."""
    for turn in reversed(turns):
        usage = turn.usage
        fresh = (usage.prompt_tokens or 0) - (usage.reused_tokens or 0)
        if fresh >= FRESH and turn.ttft_s:
            return fresh / turn.ttft_s
    return None


def weight_words(weight: Weight, left: int | None, pace: float | None, *, is_in: bool = False) -> str:
    """`9.1k · 3 s`; `9.1k, no room` where it does not fit any more. `is_in`: it is in the sum already."""
    if weight.problem:
        return weight.problem
    if weight.count is None:
        return "…"
    if not is_in and left is not None and weight.count.tokens > left:
        return f"{weight.count}, no room"
    seconds = figures.seconds(weight.count.tokens / pace) if pace else ""
    return f"{weight.count} · {seconds}" if seconds else str(weight.count)


@dataclass(frozen=True)
class Sum:
    """The prompt with what was ticked just now, which its budget may not have yet."""

    budget: Budget | None
    added: Sequence[Weight] = ()
    removed: Sequence[Weight] = ()

    @property
    def used(self) -> Count | None:
        """None while nobody can count."""
        if self.budget is None:
            return None
        parts = [*self.added, *self.removed]
        is_whole = all(one.count is not None for one in parts if not one.problem)
        more = sum(one.count.tokens for one in self.added if one.count is not None)
        less = sum(one.count.tokens for one in self.removed if one.count is not None)
        is_exact = self.budget.exact and not parts
        return Count(max(0, self.budget.used + more - less), is_exact, is_whole)

    @property
    def left(self) -> int | None:
        """Tokens that may still be added; negative for too many. None where it is unknown."""
        used, budget = self.used, self.budget
        if used is None or budget is None or budget.left is None:
            return None
        return budget.left - (used.tokens - budget.used)

    def words(self, pace: float | None) -> str:
        """`14.0k / 32k tokens · fits · 12 s to read`, as far as it is known."""
        used, budget, left = self.used, self.budget, self.left
        if used is None or budget is None:
            return "not counted yet"
        parts = [figures.used_of(used.tokens, budget.limit, used.is_exact, budget.is_least)]
        if left is not None:
            parts.append("fits" if left >= 0 else f"{figures.tokens(-left)} too many")
        fresh = used.tokens - (budget.cached or 0)
        if pace and fresh > 0 and (left is None or left >= 0):
            parts.append(f"{figures.seconds(fresh / pace)} to read")
        return " · ".join(parts)
