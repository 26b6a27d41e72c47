"""What one server was found to do, for as long as it is asked: nobody tries twice what it refused once."""

from __future__ import annotations

import re
from typing import Any

from docstra_tui.llm.thinking import wish
from docstra_tui.llm.thinking.wish import Think

BUDGET = "thinking_token_budget"
BUDGET_SLACK = 1.25
"""Times a budget that thinking may have before it is called too long."""

EXTRAS = (
    *("stream_options", "return_progress", "chat_template_kwargs", "reasoning_effort"),
    *(BUDGET, "thinking_budget_tokens", "reasoning_budget_tokens"),
)
"""Fields of a request that only some servers know; an answer comes without them too."""

EFFORT = "reasoning_effort"
NO_EFFORT = "none"

SWITCHES = ("chat_template_kwargs", EFFORT)
"""Those that turn thinking on and off."""

NO_SWITCH = frozenset(("chat_template_kwargs", f"{EFFORT}={NO_EFFORT}"))
"""What a server without a switch refused."""

INSTEAD = {"max_tokens": "max_completion_tokens"}
"""What a field is called by servers that refuse it."""

GO_ON = frozenset(("vllm", "sglang", "llamacpp", "docstra-tui"))
"""What servers call themselves in their list of models that go on with a last message of the assistant where
`continue_final_message` says so. Others answer such a message anew, or never heard of the field."""

OPTIONAL = (*EXTRAS, "max_tokens", "max_completion_tokens", "temperature")


def thinking(think: Think, *, is_llama_server: bool) -> dict[str, Any]:
    """A wish in the words that servers understand; nothing where the model does as it does by itself."""
    if think == "auto":
        return {}
    is_on = think != "off"
    kwargs: dict[str, Any] = {"enable_thinking": is_on, "thinking": is_on}
    if not is_on:
        return {"chat_template_kwargs": kwargs, EFFORT: NO_EFFORT}
    if wish.is_effort(think):
        return {"chat_template_kwargs": kwargs, EFFORT: think}
    if think == "on":
        return {"chat_template_kwargs": kwargs}
    # vLLM's field; the template's own, which SGLang goes by; and llama-server's two names
    budget: dict[str, Any] = {BUDGET: think}
    if is_llama_server:
        budget |= {"thinking_budget_tokens": think, "reasoning_budget_tokens": think}
    return {"chat_template_kwargs": kwargs | {"thinking_budget": think}, **budget}


def _spelt(name: str, value: Any) -> str:
    return f"{name}={value}" if name == EFFORT else name


class Manners:
    """One server's."""

    def __init__(self) -> None:
        self.is_llama_server = False
        """True once it said so: only that one tells how far it has read."""
        self.is_known_to_go_on = False
        """True once its list of models said that it is one of those that go on with an answer."""
        self.refused: frozenset[str] = frozenset()
        """Fields that it takes no request with, an effort with its word: others may be known there."""
        self._uncounted: frozenset[str] = frozenset()
        """Fields that it counts no prompt with; it may answer with them."""
        self._keeps_budget = True
        self._thought: dict[Think, bool] = {}
        """By wish, whether it was thought."""
        self._opened: set[str] = set()
        """The kinds of wish with which its answers begin within thinking that its own template opened."""

    def accepted(self, body: dict[str, Any], dropped: frozenset[str] = frozenset()) -> dict[str, Any]:
        """A request without what was refused, some of it under its other name."""
        away = self.refused | dropped
        fields = dict(body)
        for name in OPTIONAL:
            if name in fields and _spelt(name, fields[name]) in away:
                value = fields.pop(name)
                if name in INSTEAD:
                    fields[INSTEAD[name]] = value
        return fields

    def to_drop(self, body: dict[str, Any], words: str) -> frozenset[str]:
        """The fields to ask again without, after a refusal; those that it names, else all extras, unless it
        is about the model."""
        here = [name for name in OPTIONAL if name in body]
        named = {name for name in here if re.search(rf"\b{name}\b", words)}
        if not named and str(body.get("model", "\0")) not in words:
            named = {name for name in here if name in EXTRAS}
        return frozenset(_spelt(name, body[name]) for name in named)

    def rendered_with(self, think: Think) -> dict[str, Any]:
        """Those fields for a wish that change a prompt, and so its count."""
        fields = thinking(think, is_llama_server=self.is_llama_server)
        accepted = self.accepted(fields, self._uncounted)
        return {name: accepted[name] for name in SWITCHES if name in accepted}

    def counts_without(self, names: frozenset[str]) -> None:
        """It counted once these were left out."""
        self._uncounted |= names

    @property
    def goes_on(self) -> bool:
        """True where it can go on with an answer, as far as anybody knows."""
        return self.is_llama_server or self.is_known_to_go_on

    # Thinking

    def opens_thinking(self, think: Think) -> bool:
        """True where an answer to such a wish began with thinking that only its end showed."""
        return wish.kind(think) in self._opened

    def remember_opened(self, think: Think) -> None:
        """It did."""
        self._opened.add(wish.kind(think))

    def forget_opened(self, think: Think) -> None:
        """It does no more."""
        self._opened.discard(wish.kind(think))

    def heard(self, think: Think, *, has_thought: bool, tokens: int | None = None) -> None:
        """An answer to this wish is over; `tokens` of it were thinking, where that is told."""
        self._thought[think] = has_thought
        if isinstance(think, int):
            self._keeps_budget = tokens is None or tokens <= think * BUDGET_SLACK

    def forget_model(self) -> None:
        """Another model answers there now: how the last one thought says nothing of it."""
        self._thought, self._opened, self._keeps_budget = {}, set(), True

    @property
    def can_switch(self) -> bool | None:
        """Whether its thinking can be turned off; None until that was seen."""
        if self.refused >= NO_SWITCH or self._thought.get("off"):
            return False
        return True if "off" in self._thought and any(self._thought.values()) else None

    def note(self, server: str) -> str:
        """What does not go as wished, in a sentence; empty where nothing was seen."""
        if self.refused >= NO_SWITCH:
            return f"{server} knows no switch for thinking."
        if self._thought.get("off"):
            return f"{server} thinks although it was asked not to."
        if BUDGET in self.refused or not self._keeps_budget:
            return f"{server} keeps no budget for thinking."
        return ""
