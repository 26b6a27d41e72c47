"""How much of the window a prompt takes, and each part of it. Blocks (it may go over a socket)."""

from __future__ import annotations

from docstra_tui.context.fitting.budget import Budget
from docstra_tui.llm.items import ContextItem
from docstra_tui.llm.measure import Room
from docstra_tui.llm.prompt import Conversation
from docstra_tui.session.dialogue import Dialogue
from docstra_tui.session.scale import Scale
from docstra_tui.session.telling import told_as
from docstra_tui.session.turn_request import plain_question


class Measuring:
    """Counts for whoever answers in a dialogue. Any thread."""

    def __init__(self, dialogue: Dialogue, reserve: int) -> None:
        self._dialogue = dialogue
        self._reserve = reserve
        self._scale: Scale | None = None
        self.room: Room | None = None
        """What the memory that is free holds, as it was told last; None where it holds every window."""

    def budget(self, prompt: Conversation) -> Budget:
        """What sending a prompt takes."""
        llm = self._dialogue.llm
        measure, window = llm.measure(prompt.messages), llm.window
        is_exact = llm.counts_exactly
        self.room = measure.room
        return Budget(
            measure.tokens,
            window,
            self.reserve(window),
            is_exact,
            measure.cached,
            measure.is_least,
            measure.room.tokens if measure.room is not None else None,
            measure.pace,
        )

    def reserve(self, window: int | None) -> int:
        """Tokens kept free for the answer. As the engine has it: a small window is not all kept for it."""
        return self._reserve if window is None else min(self._reserve, window // 2)

    @property
    def scale(self) -> Scale:
        """Weighs for the model in use; another session's may be taken over, with what it knows."""
        with self._dialogue.lock:
            llm = self._dialogue.llm
            if self._scale is None or self._scale.llm is not llm or not self._scale.is_current:
                self._scale = Scale(llm)
            return self._scale

    @scale.setter
    def scale(self, scale: Scale) -> None:
        self._scale = scale

    def parts(self, question: str) -> list[tuple[str, int]]:
        """What the prompt is made of, with the tokens of each part: the system text, each file, the
        turns, the question. The sum is that of its budget."""
        dialogue = self._dialogue
        total = self.budget(dialogue.next_prompt(question)).used
        with dialogue.lock:
            items, scale = dialogue.context.log.items, self.scale
            history = dialogue.told_now().history
            request = dialogue.request or plain_question(question)
        scale.add(items)
        parts = [(item.label, scale.weight(item)) for item in items]
        turns = sum(scale.turn(turn) for turn in history)
        asked = scale.question(request.task, request.fields)
        system = total - turns - asked - sum(tokens for _, tokens in parts)
        return [("system", system), *parts, ("history", turns), ("question", asked)]

    def read_again(self, old: ContextItem, new: ContextItem) -> int:
        """Tokens that replacing an item where it stands makes the model read again: the new one and
        everything behind it."""
        dialogue = self._dialogue
        with dialogue.lock:
            scale = self.scale
            items, turns = dialogue.context.log.behind(old.key, [turn.id for turn in dialogue.turns])
            prompts = dialogue.llm.prompt_builder
            spoken = [told_as(turn, prompts) for turn in dialogue.turns if turn.id in turns]
        again = (new, *items)
        scale.add(again)
        return sum(map(scale.weight, again)) + sum(map(scale.turn, spoken))
