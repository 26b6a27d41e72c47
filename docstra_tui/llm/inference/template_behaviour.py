"""What is known of a model's chat template, and how messages are put so that it keeps all that is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from docstra_tui.llm.prompt import Message
from docstra_tui.llm.thinking import wish
from docstra_tui.llm.thinking.switches import EFFORT, Value
from docstra_tui.llm.thinking.wish import Think

Settings = Mapping[str, Value]
"""Variables of a template."""

SystemRole = Literal["kept", "moved", "dropped", "refused"]


@dataclass(frozen=True)
class ThinkSwitch:
    """The variable, or the words, by which a template has thinking switched."""

    variable: str
    """Empty where it is words."""
    off: Settings
    on: Settings
    """Empty where it thinks anyway."""
    usual: Literal["off", "on", "other"]
    """What it does by itself."""
    costs: Literal["", "answers", "files"] = ""
    """What has to be read again where it is switched: all from the first file on, from the first answer
    on, or nothing but the question."""

    off_word: str = ""
    on_word: str = ""
    """What is said behind the system text; the template takes it out again."""

    def word(self, think: Think) -> str:
        """What is said for this wish; empty where the model decides."""
        if think == "auto":
            return ""
        return self.off_word if think == "off" else self.on_word

    def settings(self, think: Think) -> Settings:
        """The variables for this wish; none where the model decides."""
        if think == "auto":
            return {}
        return self.off if think == "off" else self.on


@dataclass(frozen=True)
class Behaviour:
    """What to know about a template before it renders anything real."""

    takes_system: bool
    """False where the system text must stand in front of the first question."""
    note: str = ""
    """What works only in part, a sentence for people."""
    takes_parts: bool = False
    """True where a message's content must be a list of parts."""
    system: SystemRole = "kept"
    """What becomes of a system text that is given as one."""
    alternates: bool = False
    """True where two questions in a row are refused."""
    think: ThinkSwitch | None = None
    """How thinking is switched; None where it cannot be."""
    tails: Mapping[str, str] = field(default_factory=dict)
    """What stands behind the last question, by the wish `auto`, `off` or `on`."""
    opens: str = ""
    """What of it begins the thinking, `<think>` and a new line for instance; empty where it stays closed."""
    after_answer: str = ""
    """What stands between an answer and the next question."""
    after_thought: str = ""
    """What stands between thinking and answer, where earlier thinking is written at all."""
    parts_from: Mapping[str, int] = field(default_factory=dict)
    """By wish, how many characters behind the question the next question's prompt begins alike; not there
    where it begins with this whole prompt and its answer."""
    has_second: bool = True
    """False where a second question cannot be rendered."""
    reads_clock: bool = False
    """True where today's date is written."""
    triggers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Texts that the template cuts out of what somebody says, or reads as a command, by role."""
    trims: bool = False
    """True where the spaces in front of a question are cut off."""
    squeezes: bool = False
    """True where blank lines or spaces inside of what is said are lost; `note` says which."""

    def tail(self, think: Think) -> str:
        """What stands behind the last question at this wish."""
        return self.tails.get(wish.kind(think), self.tails.get("auto", ""))

    @property
    def think_note(self) -> str:
        """Why thinking cannot be switched, or what switching costs; empty where there is nothing to say."""
        if self.think is None:
            return "The model's chat template has no switch for thinking."
        if self.think.costs == "files":
            return "Switched thinking changes what stands before the files: they are read again."
        if self.think.costs == "answers":
            return "Switched thinking changes how earlier answers are written: they are read again."
        return ""

    def appends(self, think: Think) -> bool:
        """True where the next question's prompt begins with this one's and its answer."""
        return self.has_second and wish.kind(think) not in self.parts_from

    def settings(self, think: Think) -> Settings:
        """The variables for this wish; none where there is no switch.

        How hard to think is said to every template: one that knows no effort reads nothing of it.
        """
        found = self.think.settings(think) if self.think is not None else {}
        return {**found, EFFORT: think} if wish.is_effort(think) else found


def fold_system(messages: Sequence[Message]) -> list[Message]:
    """The system text in front of the first user message, for templates that do not keep it there."""
    system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
    rest: list[Message] = [m for m in messages if m["role"] != "system"]
    if system and rest and rest[0]["role"] == "user":
        rest[0] = {"role": "user", "content": f"{system}\n\n{rest[0]['content']}"}
    return rest


def join_neighbours(messages: Sequence[Message]) -> list[Message]:
    """Messages of the same role in a row as one, for templates that want them to alternate."""
    joined: list[Message] = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            content = f"{joined[-1]['content']}\n\n{message['content']}"
            joined[-1] = {"role": message["role"], "content": content}
        else:
            joined.append(message)
    return joined


def as_parts(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages whose contents are lists, for templates that take nothing else."""
    return [{"role": m["role"], "content": [{"type": "text", "text": m["content"]}]} for m in messages]
