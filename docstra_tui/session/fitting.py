"""What does not fit: the plan of what is sent of each file and turn, its exact sum, and its being chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from docstra_tui.context.files.confined import inside
from docstra_tui.context.fitting.budget import Budget
from docstra_tui.context.fitting.carrying import carried_over
from docstra_tui.context.fitting.plan import FitPlan, plan_for
from docstra_tui.context.fitting.rows import TurnRow
from docstra_tui.context.mentions import find_mentions
from docstra_tui.errors import UnreadableFile
from docstra_tui.llm.answer import AnswerStream
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.measure import Room
from docstra_tui.llm.prompt import Message
from docstra_tui.session.dialogue import Dialogue
from docstra_tui.session.measuring import Measuring
from docstra_tui.session.telling import summarised, told_as
from docstra_tui.session.turn_request import TurnRequest
from docstra_tui.session.turns import SavedTurn

SUMMARY_TOKENS = 300
"""The longest summary of a turn."""


class Fitting:
    """Plans for the questions of one conversation. Any thread; all but `apply` blocks."""

    def __init__(self, dialogue: Dialogue, measuring: Measuring) -> None:
        self._dialogue = dialogue
        self._measuring = measuring

    def plan(
        self, request: TurnRequest, on_progress: Callable[[int, int], None] = lambda done, total: None
    ) -> FitPlan:
        """Everything that `request` would send, with what was chosen before; every part is weighed.

        It counts, and outlines are made in a process of their own. `on_progress` hears, in this thread,
        how many items of how many are weighed.
        """
        from docstra_tui.context.outline.outliner import outlines

        dialogue, measuring = self._dialogue, self._measuring
        with dialogue.lock:
            scale, turns = measuring.scale, list(dialogue.turns)
            log = dialogue.context.log_of_wholes(request.focus)
            before = dialogue.context.plan
        items = log.items
        found = outlines(items)
        both = [*items, *(outline for outline in found if outline is not None)]
        is_beyond = scale.add(both, lambda done: on_progress(done, len(both)))
        prompts, window = dialogue.llm.prompt_builder, dialogue.llm.window
        rows = [
            TurnRow(number, turn.question, scale.turn(told_as(turn, prompts)))
            for number, turn in enumerate(turns, dialogue.skipped + 1)
            if turn.is_told
        ]
        total = None if is_beyond else measuring.budget(dialogue.prompt(request, log)).used
        plan = plan_for(
            items,
            found,
            rows,
            limit=window,
            memory=measuring.room.tokens if measuring.room is not None else None,
            reserve=measuring.reserve(window),
            question=scale.question(request.task, request.fields),
            count=scale.weight,
            knows=scale.knows,
            named=self._named(request.shown, items),
            total=total,
            overhead=scale.empty,
        )
        return carried_over(plan, before)

    def _named(self, text: str, items: Sequence[ContextItem]) -> list[str]:
        """The paths of the items that a text names, by themselves or with their folder."""
        wanted: list[str] = []
        for mention in find_mentions(text):
            try:
                wanted.append(inside(self._dialogue.root, mention.path))
            except UnreadableFile:  # outside the project: none of ours
                continue
        return [
            item.path
            for item in items
            if item.path is not None
            and any(not path or item.path == path or item.path.startswith(f"{path}/") for path in wanted)
        ]

    def count(self, request: TurnRequest, plan: FitPlan) -> Budget:
        """What `request` would take under a plan, exactly."""
        dialogue, measuring = self._dialogue, self._measuring
        with dialogue.lock:
            log = dialogue.context.log_under(plan, request.focus)
            scale = measuring.scale
        scale.add(plan.items())  # so that the rows say what these few are, too
        return measuring.budget(dialogue.prompt(replace(request, focus=()), log, plan))

    @property
    def room(self) -> Room | None:
        """What free memory holds, as it was told with the latest count; None where it holds every window."""
        return self._measuring.room

    def apply(self, plan: FitPlan) -> None:
        """Send what the plan says, from the next question on, until a file of it is edited or unticked.

        Each item stays at its place in the log.
        """
        with self._dialogue.lock:
            self._dialogue.context.apply(plan)

    def summarise(self, number: int) -> AnswerStream:
        """Have the model sum up a turn, by its number from 1: an ordinary request, not worth a thought."""
        dialogue = self._dialogue
        llm, turn = dialogue.llm, dialogue.turns[number - 1 - dialogue.skipped]
        messages = _summary_request(turn, llm.prompt_builder.system)
        return llm.stream(messages, max_tokens=min(SUMMARY_TOKENS, llm.max_tokens), think="off")

    def weigh_summary(self, summary: str) -> int:
        """Tokens of a turn of which only this summary is sent."""
        return self._measuring.scale.turn(summarised(summary))


@dataclass(frozen=True)
class Overfull:
    """A question that does not fit, before anything was sent."""

    fitting: Fitting
    """With which room can be made for it."""
    request: TurnRequest
    budget: Budget


def _summary_request(turn: SavedTurn, system: str) -> list[Message]:
    """What the model is asked to sum a turn up."""
    text = (
        f"Question:\n\n{turn.question}\n\nAnswer:\n\n{turn.answer}\n\n"
        "Sum up this question and its answer in a few sentences. Keep names of files, functions and "
        "figures; leave out code."
    )
    head: list[Message] = [{"role": "system", "content": system}] if system else []
    return [*head, {"role": "user", "content": text}]
