"""How much the model that answers is to think: switched, said, and shown beside its name. For both faces, on
their thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docstra_tui.errors import UsageError
from docstra_tui.llm.thinking import wish
from docstra_tui.llm.thinking.wish import Think
from docstra_tui.text import sanitize_line
from docstra_tui.workspace.dialogs import Choice, Dialogs, Offer

if TYPE_CHECKING:
    from docstra_tui.workspace.models.answering import AnsweringModel

MEANINGS = {
    "auto": "as the model does by itself",
    "off": "answer at once",
    "on": "think first",
}
"""Every wish that is a word, in the order in which a key goes through them."""
EFFORT = "think so hard, where the model knows how"
SAID_SECONDS = 4.0


class ThinkSwitch:
    """What `/think` and its key do. The wish holds for every model that answers here after it."""

    def __init__(self, model: AnsweringModel) -> None:
        self._model = model
        self._own = model.think if model.think not in MEANINGS else None
        """The number or effort that was wished last; the key comes by it as well."""

    def take(self, words: str) -> str:
        """Wish what somebody wrote; what to say of it. Raises `UsageError`."""
        try:
            think = wish.parse(words)
        except ValueError as error:
            raise UsageError(str(error)) from None
        return self._switch(think)

    def step(self) -> str:
        """Wish the next one, round and round; what to say of it."""
        round_: list[Think] = ["auto", "off", "on", *([self._own] if self._own is not None else [])]
        now = self._model.think
        at = round_.index(now) if now in round_ else -1
        return self._switch(round_[(at + 1) % len(round_)])

    def _switch(self, think: Think) -> str:
        if think not in MEANINGS:
            self._own = think
        if think != self._model.think:
            self._model.wish(think)
        return self.said

    @property
    def said(self) -> str:
        """What is in force, whether this model heeds it, and what switching costs; safe to show."""
        think, llm = self._model.think, self._model.llm
        note = llm.think_note if llm is not None else ""
        if llm is not None and llm.can_switch_thinking is False:
            note = note or "This model cannot be switched."
        return sanitize_line(f"Thinking: {wish.spelt(think)}, {_meaning(think)}. {note}".rstrip())[:300]

    @property
    def offer(self) -> Offer:
        """The wishes to choose from."""
        choices = [Choice(word, word, meaning) for word, meaning in MEANINGS.items()]
        if self._own is not None:
            choices.append(Choice(wish.spelt(self._own), wish.spelt(self._own), _meaning(self._own)))
        return Offer(
            "Thinking before the answer",
            choices,
            placeholder="or the most tokens of it, or low, medium, high",
            free_text=True,
            at=wish.spelt(self._model.think),
        )


def _meaning(think: Think) -> str:
    if isinstance(think, int):
        return f"at most {think:,} tokens of it"
    return MEANINGS.get(think, EFFORT)


class ThinkDialogs:
    """The same, asked and told in dialogs."""

    def __init__(self, switch: ThinkSwitch, dialogs: Dialogs) -> None:
        self._switch = switch
        self._dialogs = dialogs

    def think(self, words: str) -> None:
        """As much as somebody wrote, else a list. Raises `UsageError`."""
        if words:
            self._dialogs.say(self._switch.take(words), SAID_SECONDS)
        else:
            self._dialogs.choose(self._switch.offer, self._taken)

    def step(self) -> None:
        """The next wish."""
        self._dialogs.say(self._switch.step(), SAID_SECONDS)

    def _taken(self, words: str | None) -> None:
        if not words:
            return
        try:
            self.think(words)
        except UsageError as error:
            self._dialogs.warn(sanitize_line(error.message))
